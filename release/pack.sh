#!/usr/bin/env bash
# Packs compiled programs into the files of a release: pack.sh VERSION ARCHITECTURE COMPILED OUT
#
#   VERSION       without a v: 1.2.3
#   ARCHITECTURE  of this machine, whose program writes the completion scripts: amd64 or arm64
#   COMPILED      the folder that compile.sh filled
#   OUT           gets jetkit_VERSION_linux_ARCH.tar.gz, jetkit_VERSION_ARCH.deb and SHA256SUMS
#
# It needs dpkg-deb, tar, gzip and coreutils. SOURCE_DATE_EPOCH, in seconds, is the time of all files: with the same one
# the same programs give the same bytes. It is 0 without.
set -euo pipefail

usage='pack.sh VERSION ARCHITECTURE COMPILED OUT'
version=${1:?$usage} here=${2:?$usage} compiled=${3:?$usage} out=${4:?$usage}
compiled=$(cd "$compiled" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
# dpkg orders 1.2.3~rc.1 before 1.2.3, as 1.2.3-rc.1 is meant.
debian=${version/-/\~}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

# completions FOLDER: writes the scripts for the shells by the names that they look for.
completions() {
  local program=$compiled/linux_$here/jetkit
  mkdir -p "$1"
  "$program" completion bash >"$1/jetkit"
  "$program" completion zsh >"$1/_jetkit"
  "$program" completion fish >"$1/jetkit.fish"
}

# settle FOLDER: gives everything below a folder one time.
settle() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

# archive ARCH: jetkit_VERSION_linux_ARCH.tar.gz, with one folder of that name.
archive() {
  local name=jetkit_${version}_linux_$1
  local dir=$work/$name
  mkdir -p "$dir/man"
  install -m 0755 "$compiled/linux_$1/jetkit" "$dir/jetkit"
  install -m 0644 LICENSE CHANGELOG.md "$dir"
  install -m 0644 docs/man/*.1 "$dir/man"
  cp -r "$work/completions" "$dir/completions"
  settle "$dir"
  tar --create --directory "$work" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner "$name" |
    gzip --best --no-name >"$out/$name.tar.gz"
}

# package ARCH: jetkit_VERSION_ARCH.deb.
package() {
  local root=$work/deb_$1
  mkdir -p "$root/DEBIAN" "$root/usr/bin" "$root/usr/share/man/man1" "$root/usr/share/doc/jetkit" \
    "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" \
    "$root/usr/share/fish/vendor_completions.d"
  install -m 0755 "$compiled/linux_$1/jetkit" "$root/usr/bin/jetkit"
  install -m 0644 docs/man/*.1 "$root/usr/share/man/man1"
  gzip --best --no-name "$root"/usr/share/man/man1/*.1
  install -m 0644 "$work/completions/jetkit" "$root/usr/share/bash-completion/completions/jetkit"
  install -m 0644 "$work/completions/_jetkit" "$root/usr/share/zsh/vendor-completions/_jetkit"
  install -m 0644 "$work/completions/jetkit.fish" "$root/usr/share/fish/vendor_completions.d/jetkit.fish"
  install -m 0644 release/copyright "$root/usr/share/doc/jetkit/copyright"
  gzip --best --no-name --stdout CHANGELOG.md >"$root/usr/share/doc/jetkit/changelog.gz"
  chmod 0644 "$root/usr/share/doc/jetkit/changelog.gz"
  (cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  sed -e "s/@VERSION@/$debian/" -e "s/@ARCH@/$1/" -e "s/@SIZE@/$(installed "$root/usr")/" release/control >"$root/DEBIAN/control"
  settle "$root"
  # Ubuntu 20.04, which JetPack 5 has, reads no zstd.
  dpkg-deb --root-owner-group -Zxz --build "$root" "$out/jetkit_${version}_$1.deb" >/dev/null
}

# installed FOLDER: prints how many KiB its files have. What `du` says depends on the file system.
installed() { find "$1" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }'; }

completions "$work/completions"
for arch in amd64 arm64; do
  archive "$arch"
  package "$arch"
done
(cd "$out" && sha256sum jetkit_"$version"_* >SHA256SUMS)
