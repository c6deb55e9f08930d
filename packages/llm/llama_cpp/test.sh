#!/usr/bin/env bash
# llama.cpp finds the GPU, as one of CUDA's.
set -euo pipefail

llama-server --version
devices=$(llama-server --list-devices)
echo "$devices"
grep -q CUDA0 <<<"$devices"
