#!/usr/bin/env bash
# Writes a message in C++ and reads it in Python.
set -euo pipefail

protoc --version
work=$(mktemp -d)
cd "$work"
cat >pose.proto <<'PROTO'
syntax = "proto3";
message Pose {
  string frame = 1;
  repeated double position = 2;
}
PROTO
protoc --cpp_out=. --python_out=. pose.proto
cat >write.cpp <<'CPP'
#include <fstream>
#include "pose.pb.h"
int main() {
  Pose pose;
  pose.set_frame("arm");
  for (double x : {0.5, 1.5, 2.5}) pose.add_position(x);
  std::ofstream out("pose.bin", std::ios::binary);
  return pose.SerializeToOstream(&out) ? 0 : 1;
}
CPP
# shellcheck disable=SC2046 # the flags are words
g++ -o write write.cpp pose.pb.cc $(pkg-config --cflags --libs protobuf)
./write
python3 - <<'PY'
import pose_pb2

with open("pose.bin", "rb") as f:
    pose = pose_pb2.Pose.FromString(f.read())
assert pose.frame == "arm" and list(pose.position) == [0.5, 1.5, 2.5], pose
print("protobuf works")
PY
