set -eu
! dpkg-query -W iputils-tracepath 2> /dev/null
! dpkg-query -W e2fsprogs 2> /dev/null
test ! -e /usr/sbin/mke2fs
test ! -e /usr/bin/tracepath
test ! -e /usr/share/doc/iputils-ping
test "$(ls /etc/update-motd.d)" = ""
grep -qx slim /etc/motd
