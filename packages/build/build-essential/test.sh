#!/usr/bin/env bash
# Compiles, links and runs a C and a C++ program.
set -euo pipefail

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
