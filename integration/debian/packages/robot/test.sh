set -eu
test "$(id -un)" = robot
test "$(pwd)" = /opt/robot/home
test "$(robot --stand)" = "robot --stand as robot: reading at 50 Hz"
test "$(stat -c %U:%G:%a /var/lib/robot)" = robot:redis:2770
test "$(stat -c %U:%G:%a /opt/robot/bin/robot)" = robot:robot:4755
touch /var/lib/robot/mine
