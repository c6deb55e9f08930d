#!/usr/bin/env bash
# Has uv look at the system's Python, and checks which indexes it would ask.
set -euo pipefail

uv --version
uv python find --system
uv pip list
[ "$UV_DEFAULT_INDEX" = "$PIP_INDEX_URL" ]
[ "$UV_INDEX_STRATEGY" = first-index ]
case " $UV_INDEX " in *" general "*) echo "UV_INDEX has a word that is no URL: $UV_INDEX" >&2; exit 1 ;; esac
