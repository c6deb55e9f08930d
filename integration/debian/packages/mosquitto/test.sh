set -eu
test "$(stat -c %U /var/lib/mosquitto)" = mosquitto
test "$(stat -c %U:%G:%a /var/lib/bridge)" = bridge:bridge:2750
test "$(getent passwd bridge | cut -d: -f6)" = /var/lib/bridge
dir=$(mktemp -d)
printf 'listener 0 %s\n' "$dir/s" > "$dir/conf"
timeout 2 mosquitto -c "$dir/conf" > "$dir/log" 2>&1 || [ $? = 124 ]
grep -q 'running' "$dir/log"
