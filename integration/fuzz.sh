#!/usr/bin/env bash
# Runs each fuzz target of the repository for FUZZTIME: make fuzz.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${FUZZTIME:-1m}

failed=0
while IFS=: read -r file function; do
  name=${function#func }
  printf '=== %s of %s, %s\n' "$name" "$(dirname "$file")" "$time"
  go test "./$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "$time" || failed=$((failed + 1))
done < <(grep -rHoE '^func Fuzz\w+' --include='*_test.go' cmd frontend llb pkgspec | sort)

printf '%d targets failed\n' "$failed"
[ "$failed" = 0 ]
