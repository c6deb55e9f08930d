set -eu
test /opt/links/two -ef /opt/links/store/one # a builder has further links to what it merges
test /opt/links/two -ef "/opt/links/three with a space"
test "$(readlink /media)" = srv/media
test -p /opt/links/pipe
