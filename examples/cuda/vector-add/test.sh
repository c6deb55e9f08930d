#!/usr/bin/env bash
# The kernel runs on the GPU, and computes the same as the processor.
set -euo pipefail

vector-add
