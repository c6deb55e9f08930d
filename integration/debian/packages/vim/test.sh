set -eu
update-alternatives --list editor | grep -qx /usr/bin/vim.tiny
test "$(readlink -f /usr/bin/vi)" = /usr/bin/vim.tiny
vi --version | head -1
test -x "$(readlink -f /usr/bin/editor)"
