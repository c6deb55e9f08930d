#!/usr/bin/env bash
# Builds one image on several builders: packages that do not need each other at the same time, joined by caches in a
# registry. docs/ci.md explains it. It needs jq, GNU xargs and docker buildx (another one: BUILDX=/path/to/buildx).
#
#   waves.sh CACHE BUILDER... -- BUILD_OPTION...
#   waves.sh 'registry.example.com/cache:{job}' pc board1 board2 -- -f jetson.yaml --tag registry.example.com/robot --push .
#
# CACHE has {job} where the names of the jobs go. The first builder builds the image. All get the same build options, but
# the packages' jobs go without those that say what to do with the image: --tag, --output, --push, --load. It is for one
# platform: run it for each, and join the images with docker buildx imagetools create.
set -euo pipefail

cache=$1
shift
builders=()
while [ "$1" != -- ]; do builders+=("$1") && shift; done
shift

packages=() # the options of the packages' jobs
image=("$@")
while [ $# -gt 0 ]; do
  case $1 in
  --push | --load | --tag=* | --output=*) ;;
  -t | --tag | -o | --output) shift ;;
  *) packages+=("$1") ;;
  esac
  shift
done

read -ra buildx <<<"${BUILDX:-docker buildx}"
jobs=$("${buildx[@]}" build --builder "${builders[0]}" --progress=quiet --call=jetson.jobs,format=json \
  --build-arg LAYERS=packages --build-arg "JETKIT_JOBS_CACHE=$cache" "${packages[@]}")

if [ "$(jq '.image.include | length' <<<"$jobs")" != 1 ]; then
  echo "waves.sh: give one --platform" >&2
  exit 1
fi

# job JSON BUILDER OPTION... builds one of them.
job() {
  local options
  mapfile -t options < <(jq -r '
    (.cache_from[] | "--cache-from=type=registry,ref=\(.)"), "--cache-to=type=registry,ref=\(.cache_to),mode=max",
    if .target then "--target=\(.target)", "--build-arg=TESTS=\(.tests)" else empty end' <<<"$1")
  echo "$2: $(jq -r .name <<<"$1")"
  "${buildx[@]}" build --builder "$2" --progress="${PROGRESS:-quiet}" --build-arg LAYERS=packages "${options[@]}" "${@:3}"
}

# next OPTION... JSON does so on the builder that is free: xargs runs as many as there are, and counts them.
next() {
  local buildx builders
  read -ra buildx <<<"$BUILDX"
  read -ra builders <<<"$BUILDERS"
  job "${!#}" "${builders[SLOT]}" "${@:1:$#-1}" --output=type=cacheonly
}

export -f job next
export BUILDX="${buildx[*]}" BUILDERS="${builders[*]}"
while read -r wave; do
  jq -c '.include[]' <<<"$wave" |
    xargs -d '\n' -n 1 -P "${#builders[@]}" --process-slot-var=SLOT bash -euo pipefail -c 'next "$@"' next "${packages[@]}"
done < <(jq -c '.waves[]' <<<"$jobs")
job "$(jq -c '.image.include[]' <<<"$jobs")" "${builders[0]}" "${image[@]}"
