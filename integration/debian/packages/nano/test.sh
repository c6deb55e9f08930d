set -eu
update-alternatives --list editor | grep -qx /bin/nano
test "$(readlink -f /usr/bin/pico)" = "$(readlink -f /bin/nano)"
editor --version | grep -i nano
