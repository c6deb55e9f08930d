#!/bin/sh
# Compiles init.c for each platform that tests run on. The results are checked in, so that
# everybody's builds have the same steps whatever compiler they have; they were made by
# clang and lld 14.0.6 (Debian 12: apt-get install clang lld). Other versions may make other
# bytes, with which all tests run once more.
set -eu
cd "$(dirname "$0")"
for target in amd64:x86_64 arm64:aarch64; do
	clang --target="${target#*:}-linux-gnu" -std=c11 -Wall -Wextra -Werror -Os \
		-ffreestanding -fno-builtin -fno-stack-protector -fno-pic -fno-asynchronous-unwind-tables -Qn \
		-nostdlib -static -fuse-ld=lld -Wl,--build-id=none,--strip-all,-z,noseparate-code,-z,noexecstack \
		-o "init-${target%:*}.bin" init.c
	chmod 644 "init-${target%:*}.bin"
done
sha256sum init.c init-*.bin >init.sha256
