#!/usr/bin/env bash
# Compiles a kernel for the GPUs of the target, runs it, and compares its sums with those of the processor.
set -euo pipefail

arches=${JETKIT_CUDA_ARCHITECTURES:?this test runs with a GPU}
flags=()
for arch in ${arches//;/ }; do
  flags+=("-gencode=arch=compute_$arch,code=sm_$arch")
done
nvcc "${flags[@]}" -o /tmp/vector-add /test/vector-add.cu
/tmp/vector-add "${JETKIT_CUDA:?}" "$arches"
