#!/usr/bin/env bash
# Sends a message from one node to another.
set -eo pipefail

# shellcheck source=/dev/null
. "$ROS_ROOT/setup.bash"
ros2 pkg list | grep -q '^std_msgs$'
timeout 60 ros2 topic echo --once /chatter std_msgs/msg/String >/tmp/heard &
listener=$!
timeout 60 ros2 topic pub --times 20 --rate 2 /chatter std_msgs/msg/String '{data: hello}' >/dev/null &
wait "$listener"
grep -q 'data: hello' /tmp/heard
