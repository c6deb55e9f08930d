#!/usr/bin/env bash
# Runs the compiled samples, which compare what the GPU computed with what it should be.
set -euo pipefail

cd /opt/cuda-samples/bin
for name in *; do
  echo "== $name"
  "./$name" | tee /tmp/output
  grep -Eq 'Result = PASS|Test PASSED' /tmp/output
done
