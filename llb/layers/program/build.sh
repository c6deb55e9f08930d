#!/bin/sh
# Compiles the program for each platform that images are built for. The results are checked
# in, so that everybody's builds have the same steps whatever compiler they have; they were
# made by gcc 12.2.0 with musl 1.2.3 (Debian 12: dpkg --add-architecture arm64, apt-get update,
# apt-get install gcc gcc-aarch64-linux-gnu). Other versions may make other bytes, with which
# all layers are made once more. SANITIZE=1 makes only layers-sanitized, for tests.
set -eu
cd "$(dirname "$0")"
warnings="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Werror"
if [ "${SANITIZE:-}" ]; then
	gcc $warnings -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -o "${SANITIZE}" ./*.c
	exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for target in amd64:x86_64 arm64:aarch64; do
	cpu=${target#*:} arch=${target%:*}
	(cd "$work" && apt-get -q download "musl-dev:$arch=1.2.3-1" && dpkg -x musl-dev_*_"$arch".deb .) >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	gcc=$cpu-linux-gnu-gcc
	lib=$work/usr/lib/$cpu-linux-musl
	"$gcc" $warnings -Os -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -Qn \
		-U_FORTIFY_SOURCE -nostdinc -isystem "$work/usr/include/$cpu-linux-musl" -isystem "$("$gcc" -print-file-name=include)" \
		-nostdlib -static -no-pie -Wl,--build-id=none,--gc-sections,-s,-z,noseparate-code,-z,norelro,-z,noexecstack \
		-o "layers-$arch.bin" "$lib/crt1.o" "$lib/crti.o" ./*.c "$lib/libc.a" -lgcc "$lib/libc.a" "$lib/crtn.o"
	chmod 644 "layers-$arch.bin"
done
sha256sum build.sh ./*.[ch] layers-*.bin | sed 's, \./, ,' >layers.sha256
