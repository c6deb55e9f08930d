#!/usr/bin/env bash
# Configures, builds and runs a small project.
set -euo pipefail

cmake --version
work=$(mktemp -d)
cat >"$work/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.10)
project(hello CXX)
add_executable(hello hello.cpp)
CMAKE
printf 'int main() { return 0; }\n' >"$work/hello.cpp"
cmake -S "$work" -B "$work/build"
cmake --build "$work/build"
"$work/build/hello"
