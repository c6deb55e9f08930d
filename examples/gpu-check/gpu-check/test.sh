#!/usr/bin/env bash
# The command runs, and sees a GPU.
set -euo pipefail

gpu-check
