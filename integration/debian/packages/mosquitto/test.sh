set -eu
test "$(stat -c %U /var/lib/mosquitto)" = mosquitto
test "$(stat -c %U:%G:%a /var/lib/bridge)" = bridge:bridge:2750
test "$(getent passwd bridge | cut -d: -f6)" = /var/lib/bridge
dir=$(mktemp -d)
printf 'user root\nlistener 0 %s\n' "$dir/s" > "$dir/conf"
mosquitto -c "$dir/conf" > "$dir/log" 2>&1 &
for _ in $(seq 100); do
  grep -q running "$dir/log" && break
  sleep 0.2
done
kill $!
grep running "$dir/log"
