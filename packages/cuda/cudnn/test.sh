#!/usr/bin/env bash
# Compiles a program with cuDNN that activates values on the GPU, and compares them with those of the processor.
set -euo pipefail

nvcc -o /tmp/relu /test/relu.cu -lcudnn
/tmp/relu "${JETKIT_CUDNN:?this test runs with a GPU}"
