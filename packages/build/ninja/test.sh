#!/usr/bin/env bash
# Builds one target.
set -euo pipefail

work=$(mktemp -d)
cd "$work"
printf 'rule touch\n  command = touch $out\nbuild done: touch\n' >build.ninja
ninja
test -f done
ninja --version
