set -eu
test "$(stat -c %U:%G /var/lib/postgresql/15/main)" = postgres:postgres
test "$(stat -c %U:%G:%a /etc/ssl/private)" = root:ssl-cert:710
dir=$(mktemp -d)
# As root it must become the user of the package, as any other user it may run a server of its own.
as=""
if [ "$(id -u)" = 0 ]; then
  as="setpriv --reuid=postgres --regid=postgres --init-groups"
  chown postgres "$dir"
fi
bin=/usr/lib/postgresql/15/bin
cd "$dir"
$as $bin/initdb -U me -D "$dir/db" > "$dir/log"
$as $bin/pg_ctl -s -w -D "$dir/db" -l "$dir/server" -o "-c listen_addresses= -k $dir" start
test "$(psql -h "$dir" -U me -Atc 'select 6 * 7' template1)" = 42
$as $bin/pg_ctl -s -D "$dir/db" stop
