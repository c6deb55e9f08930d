set -eu
test "$(stat -c %h /opt/links/two)" = 3
test /opt/links/two -ef "/opt/links/three with a space"
test /usr/local/bin/sort-lines -ef /usr/bin/sort
test "$(readlink /media)" = srv/media
test -p /opt/links/pipe
