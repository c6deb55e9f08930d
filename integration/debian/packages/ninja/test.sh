set -eu
dir=$(mktemp -d)
printf 'rule cc\n  command = gcc -o $out $in\nbuild a: cc a.c\n' > "$dir/build.ninja"
printf 'int main(void) { return 0; }\n' > "$dir/a.c"
ninja -C "$dir"
"$dir/a"
