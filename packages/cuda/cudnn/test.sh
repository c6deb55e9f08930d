#!/usr/bin/env bash
# Compiles a program that convolves an image with cuDNN on the GPU, and compares the result with that of the processor.
set -euo pipefail

nvcc -o /tmp/convolution /test/convolution.cu -lcudnn
/tmp/convolution "${JETKIT_CUDNN:?this test runs with a GPU}"
