#!/usr/bin/env bash
# Compiles the command line tool for all architectures of a release: compile.sh VERSION FOLDER
#
# FOLDER gets linux_amd64/jetkit and linux_arm64/jetkit. The same sources and the same Go give the same bytes anywhere.
set -euo pipefail

version=${1:?compile.sh VERSION FOLDER} out=${2:?compile.sh VERSION FOLDER}
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# It becomes part of names of files and of a command line.
[[ $version =~ ^[0-9][0-9A-Za-z.+~-]*$ ]] || {
  echo "compile.sh: error: $version is no version: write it without a v, as in 1.2.3 or 1.2.3-rc.1" >&2
  exit 1
}

for arch in amd64 arm64; do
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch GOFLAGS='' go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.release=$version" -o "$out/linux_$arch/jetkit" ./cmd/jetkit
done
