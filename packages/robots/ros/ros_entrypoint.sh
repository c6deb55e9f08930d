#!/usr/bin/env bash
# Runs a command in the environment of the ROS that the image has.
set -e

# shellcheck source=/dev/null
. "$ROS_ROOT/setup.bash"
exec "$@"
