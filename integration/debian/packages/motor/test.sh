set -eu
test "$(env -u LD_LIBRARY_PATH motor)" = "3 turns"
ldconfig -p | grep -q 'libmotor.so.1 .*=> /opt/motor/lib/libmotor.so.1'
