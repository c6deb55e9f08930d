#!/usr/bin/env bash
# The compiler is of the CUDA that the target names.
set -euo pipefail

found=$(nvcc --version | sed -n 's/.*release \([0-9.]*\),.*/\1/p')
echo "nvcc $found"
if [ "$found" != "$CUDA_VERSION" ]; then
  echo "the target has CUDA $CUDA_VERSION, the toolkit is $found: write cuda: \"$found\" under target, or name another toolkit" >&2
  exit 1
fi
