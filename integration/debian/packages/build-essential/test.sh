set -eu
dir=$(mktemp -d)
printf '#include <iostream>\nint main() { std::cout << "compiled\\n"; }\n' > "$dir/a.cpp"
make -s -C "$dir" CXXFLAGS=-O1 a
test "$("$dir/a")" = compiled
perl -MConfig -e 'print "perl $Config{version}\n"'
