#!/usr/bin/env bash
# Solves a linear system and checks the answer.
set -euo pipefail

work=$(mktemp -d)
cat >"$work/solve.cpp" <<'CPP'
#include <Eigen/Dense>
#include <cstdio>
int main() {
  Eigen::MatrixXd a(3, 3);
  a << 4, 1, 0, 1, 3, 1, 0, 1, 2;
  Eigen::VectorXd x(3);
  x << 1, -2, 3;
  Eigen::VectorXd solved = a.partialPivLu().solve(a * x);
  std::printf("Eigen %d.%d.%d\n", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION);
  return solved.isApprox(x) ? 0 : 1;
}
CPP
# shellcheck disable=SC2046 # the flags are words
g++ -O1 -o "$work/solve" "$work/solve.cpp" $(pkg-config --cflags eigen3)
"$work/solve"
