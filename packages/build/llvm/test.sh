#!/usr/bin/env bash
# Compiles C++ with Clang, links it with lld, and takes it through LLVM's own tools.
set -euo pipefail

clang --version
work=$(mktemp -d)
cat >"$work/sum.c" <<'C'
int triangle(int n) { int sum = 0; for (int i = 1; i <= n; i++) sum += i; return sum; }
C
cat >"$work/main.cpp" <<'CPP'
#include <cstdio>
#include <vector>
extern "C" int triangle(int);
int main() { std::vector<int> v{1000}; std::printf("%d\n", triangle(v.front())); }
CPP
clang -O1 -S -emit-llvm -o "$work/sum.ll" "$work/sum.c"
opt -S -O2 -o "$work/better.ll" "$work/sum.ll"
llc -filetype=obj -relocation-model=pic -o "$work/sum.o" "$work/better.ll"
clang++ -fuse-ld=lld -o "$work/main" "$work/main.cpp" "$work/sum.o"
test "$("$work/main")" = 500500
llvm-config --version
