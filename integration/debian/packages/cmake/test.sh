set -eu
dir=$(mktemp -d)
printf 'cmake_minimum_required(VERSION 3.20)\nproject(a C)\nadd_executable(a a.c)\n' > "$dir/CMakeLists.txt"
printf 'int main(void) { return 0; }\n' > "$dir/a.c"
cmake -S "$dir" -B "$dir/b" > "$dir/log"
cmake --build "$dir/b"
"$dir/b/a"
