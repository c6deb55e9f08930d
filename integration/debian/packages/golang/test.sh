set -eu
HOME=$(mktemp -d)
export HOME
printf 'package main\n\nfunc main() { print("ran") }\n' > "$HOME/a.go"
test "$(go run "$HOME/a.go" 2>&1)" = ran
