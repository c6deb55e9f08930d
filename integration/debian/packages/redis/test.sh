set -eu
test "$(stat -c %U:%G /var/lib/redis)" = redis:redis
[ "$(id -u)" != 0 ] || test "$(stat -c %U:%G:%a /etc/redis/redis.conf)" = redis:redis:640 # the folder is closed to others
dpkg-query -W -f '${Status}\n' redis-server | grep -q 'ok installed'
dir=$(mktemp -d)
redis-server --port 0 --unixsocket "$dir/s" --dir "$dir" --daemonize yes > "$dir/log"
for _ in 1 2 3 4 5 6 7 8 9 10; do
  [ -S "$dir/s" ] && break
  sleep 0.2
done
redis-cli -s "$dir/s" set key value
test "$(redis-cli -s "$dir/s" get key)" = value
redis-cli -s "$dir/s" shutdown nosave
