#!/usr/bin/env bash
# Runs every check, also after one of them failed, and ends with one line that adds up the tests: make test.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
reports=.cache/test
rm -rf "$reports"

failed=()
times=()

# phase NAME: runs one make target and remembers how it went.
phase() {
  local start=$SECONDS
  printf '\n=== %s\n' "$1"
  make --no-print-directory "$1" || failed+=("$1")
  times+=("$1 $((SECONDS - start))s")
}

phase setup
if [ ${#failed[@]} = 0 ]; then
  phase lint
  phase unit
  phase commands
  phase integration
fi

printf '\n=== totals\n'
printf 'time: %s\n' "${times[*]}"
if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[*]}"
fi
# A phase that failed without a failed test (lint, setup) counts as one failure, so that the last line tells the truth.
go run ./integration/totals -also-failed "${#failed[@]}" "$reports"
[ ${#failed[@]} = 0 ]
