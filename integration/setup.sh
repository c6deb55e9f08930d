#!/usr/bin/env bash
# Prepares this machine for jetkit's integration tests, demo and benchmarks.
#
#   integration/setup.sh            everything
#   integration/setup.sh packages   only the system packages (apt, needs root or sudo)
#   integration/setup.sh tools      only the Go tools that every build needs, into .cache/bin
#   integration/setup.sh testing    only what the tests need besides, into .cache/bin: the BuildKit before, and the test runner
#   integration/setup.sh nvidia     only NVIDIA's tools, into .cache/bin (needs a C compiler)
#   integration/setup.sh bench      only BuildKit's Dockerfile frontend, which the benchmark compares with, into .cache/bin
#   integration/setup.sh matrix     only what builders of other kinds need (apt, needs root or sudo)
#   integration/setup.sh lint       only the linters, into .cache/bin
#   integration/setup.sh bases      only the base images' root file systems, into .cache (needs root)
#
# It can run any number of times: what is already there is left alone. Packages come from apt; the tools are compiled
# from the versions that the go.mod files of integration/{tools,nvidia,lint} name, and end up nowhere but in .cache.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$repo/.cache/bin

# As the frontend is compiled: so Go compiles what tools, frontend, tests and linters share once. The Makefile does the same.
export CGO_ENABLED=0
GOFLAGS="$(go env GOFLAGS 2>/dev/null) -trimpath"
export GOFLAGS

say() { printf 'setup: %s\n' "$*"; }

die() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}

# PATH of an unprivileged login often lacks the sbin folders where runc, dockerd and debootstrap live.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "root is needed for '$*': run as root or install sudo"
  fi
}

# missing_packages prints the apt packages whose command (or file) is not on this machine.
missing_packages() {
  local need
  for need in runc:runc debootstrap:debootstrap iptables:iptables ssh-agent:openssh-client git:git tar:tar xz:xz-utils make:make shellcheck:shellcheck python3:python3 jq:jq gpg:gpg \
    gcc:gcc /usr/include/stdlib.h:libc6-dev \
    /etc/ssl/certs/ca-certificates.crt:ca-certificates \
    /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring; do
    is_there "${need%%:*}" || echo "${need##*:}"
  done
  # ARM machines run arm64 programs by themselves.
  if [ "$(uname -m)" = x86_64 ]; then
    is_there /usr/lib/binfmt.d/qemu-aarch64.conf || echo qemu-user-static
  fi
  # docker.io brings dockerd everywhere; the client is a package of its own since Debian 13.
  is_there dockerd || echo docker.io
  if ! is_there docker; then
    apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli || echo docker.io
  fi
}

is_there() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# missing_builders prints the packages of what make matrix runs besides.
missing_builders() {
  local need
  for need in newuidmap:uidmap rootlesskit:rootlesskit slirp4netns:slirp4netns crun:crun containerd:containerd ip:iproute2 \
    setpriv:util-linux /usr/lib/cni/bridge:containernetworking-plugins; do
    is_there "${need%%:*}" || echo "${need##*:}"
  done
}

# install_packages WHICH: installs what the function WHICH prints.
install_packages() {
  local which=${1:-missing_packages} missing
  mapfile -t missing < <("$which" | sort -u)
  if [ ${#missing[@]} = 0 ]; then
    say "system packages: all there"
    return
  fi
  command -v apt-get >/dev/null || die "missing: ${missing[*]} (no apt here: install them by hand)"
  say "system packages: refreshing apt's lists"
  as_root apt-get update -qq
  # Once more: which package holds the docker client can only be asked with lists present.
  mapfile -t missing < <("$which" | sort -u)
  say "system packages: installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# build_tool MODULE_DIR PACKAGE [VERSION_VARIABLE [LDFLAGS [NAME]]]: compiles one tool of a tools module into .cache/bin.
# Go's build cache makes this a matter of a second when nothing changed.
build_tool() {
  local dir=$repo/integration/$1 package=$2 variable=${3:-} name=${5:-$(basename "$2")} version ldflags="-s -w ${4:-}"
  version=$(cd "$dir" && go list -f '{{or .Module.Version "of this checkout"}}' "$package")
  if [ -n "$variable" ]; then
    ldflags+=" -X $variable=$version"
  fi
  say "tools: $name $version"
  (cd "$dir" && go build -ldflags "$ldflags" -o "$bin/$name" "$package")
}

build_tools() {
  need_go
  build_tool tools github.com/moby/buildkit/cmd/buildkitd github.com/moby/buildkit/version.Version
  build_tool tools github.com/moby/buildkit/cmd/buildctl github.com/moby/buildkit/version.Version
  build_tool tools github.com/docker/buildx/cmd/buildx github.com/docker/buildx/version.Version
  build_tool tools ./registry
}

build_test_tools() {
  need_go
  build_tool tools/previous github.com/moby/buildkit/cmd/buildkitd github.com/moby/buildkit/version.Version '' buildkitd-previous
  build_tool tools gotest.tools/gotestsum
}

# The NVIDIA Container Toolkit as its own Makefile links it: symbols of the driver's libraries are found when they are
# called, if ever. It is a module of its own so that it does not decide BuildKit's dependencies.
build_nvidia_tools() {
  need_go
  local -x CGO_ENABLED=1
  local module=github.com/NVIDIA/nvidia-container-toolkit name
  # Most of go-nvml is deprecated by its own header; two hundred lines of warnings about it hide everything else.
  local -x CGO_CFLAGS='-O2 -g -Wno-deprecated-declarations'
  for name in nvidia-ctk nvidia-cdi-hook nvidia-container-runtime; do
    build_tool nvidia "$module/cmd/$name" "$module/internal/info.version" \
      "'-extldflags=-Wl,--export-dynamic -Wl,--unresolved-symbols=ignore-in-object-files -Wl,-z,lazy'"
  done
}

build_linter() {
  need_go
  build_tool lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint main.version
  build_tool lint/workflows github.com/rhysd/actionlint/cmd/actionlint
  build_tool tools ./manifests
}

# make_bases runs beside the compiler: debootstrap mostly waits for the mirror and the disk.
make_bases() {
  need_go
  (cd "$repo" && as_root env "PATH=$PATH" "GOFLAGS=$GOFLAGS" CGO_ENABLED=0 go run ./integration/bases)
}

need_go() {
  command -v go >/dev/null || die "Go is not on the PATH: install the version that go.mod names (https://go.dev/dl)"
  mkdir -p "$bin"
}

# everything lets what waits (apt, debootstrap) run beside what computes (the compiler).
everything() {
  local waiting
  trap 'wait' EXIT # a failed part must not leave another running
  install_packages &
  waiting=$!
  build_tools
  wait "$waiting"
  make_bases &
  waiting=$!
  build_test_tools
  build_nvidia_tools
  build_linter
  wait "$waiting"
  say "done"
}

case ${1:-all} in
  packages) install_packages ;;
  tools) build_tools ;;
  testing) build_test_tools ;;
  nvidia) build_nvidia_tools ;;
  bench)
    need_go
    build_tool tools github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend
    ;;
  matrix) install_packages missing_builders ;;
  lint) build_linter ;;
  bases) make_bases ;;
  all) everything ;;
  *) die "unknown part '$1': packages, tools, testing, nvidia, bench, matrix, lint, bases or nothing" ;;
esac
