#!/usr/bin/env bash
# The program's answers for known poses, and to bad arguments.
set -euo pipefail

up=$(arm-kinematics 0 0 0 0)
echo "straight up: $up"
test "$up" = "0.000000 0.000000 1.050000"

if arm-kinematics 0 0 0 elbow 2>/tmp/error; then
  echo "a word was taken for an angle" >&2
  exit 1
fi
grep -q "not a number: elbow" /tmp/error
