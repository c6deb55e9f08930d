#!/usr/bin/env bash
# Compiles, links and runs a C and a C++ program for the target's processors.
set -euo pipefail

machine=$(uname -m)
target=${JETKIT_ARCH:-$machine}
if [ "${target#tegra-}" != "$machine" ]; then
    echo "this machine is $machine, the target is $target" >&2
    exit 1
fi

work=$(mktemp -d)
cat >"$work/hello.c" <<'C'
#include <stdio.h>
int main(void) { return puts("C works") < 0; }
C
cat >"$work/hello.cpp" <<'CPP'
#include <iostream>
#include <vector>
int main() { std::vector<int> v{1, 2, 3}; std::cout << "C++ works, " << v.size() << " elements\n"; }
CPP
gcc -Wall -Werror -o "$work/c" "$work/hello.c"
g++ -Wall -Werror -o "$work/cpp" "$work/hello.cpp"
"$work/c"
"$work/cpp"
make --version
git --version
