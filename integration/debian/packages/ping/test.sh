set -eu
getcap /usr/bin/ping | grep -q 'cap_net_raw=ep'
ping -V
