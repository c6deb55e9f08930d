set -eu
dpkg-divert --list | grep -q 'nproc to /usr/bin/nproc.whole'
test "$(dpkg-divert --truename /usr/bin/nproc)" = /usr/bin/nproc.whole
test "$(stat -c %U:%G:%a /usr/bin/expiry)" = root:adm:2750
test "$(count)" -ge 1
/usr/bin/nproc.whole --version | grep -q coreutils
