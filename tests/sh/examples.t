#!/bin/sh
# examples/sv: each directory does what its README says, copied and nothing else. The others are explained.
. "${0%/*}/lib.sh"

for dir in "$root"/examples/sv/*/; do
	name=$(basename "$dir")
	ok "$name is explained" test -s "$dir/README"
	contains "$name is in the table" "$(cat "$root/examples/sv/README.md")" "[$name]($name/README)"
	ok "$name can be run" test -x "$dir/run" -a -x "$dir/log/run"
done
for file in "$root"/examples/services/*.toml; do
	name=$(basename "$file" .toml)
	contains "$name is in the table" "$(cat "$root/examples/services/README.md")" "[$name]($name.toml)"
done

contains 'README.md shows nginx.toml as it is' "$(cat "$root/README.md")" "$(cat "$root/examples/services/nginx.toml")"

# In a tree of root's nginx's workers are nobody, who must get at the pages.
dir=$T
while case ${dir##*/} in coppice*|*.t) ;; *) false ;; esac do chmod a+x "$dir"; dir=${dir%/*}; done
scan=$T/scan
cp -R "$root/examples/sv" "$scan"
rm "$scan/README.md"
# Ports that no other test has.
echo $((20000 + $$ % 20000)) >"$scan/redis/data/port"
echo $((40000 + $$ % 20000)) >"$scan/nginx/data/port"
background svc-scan "$scan"
for name in clock counter greeter once redis nginx; do until_ok 10 svc-ok "$scan/$name"; done

said() { svc-logread --stamp none -n 10000 "$scan/$1/log/main" | grep -Eq "$2"; }
becomes 10 'clock says what time it is' said clock '^It is [0-9:]*\.$'
becomes 20 'counter dies and comes back' said counter '^life 2: 1$'
ok 'greeter becomes ready' svc-wait -t 60000 ready "$scan/greeter"
ok 'greeter is killed and comes back' svc-ctl -w R -T 60000 kill "$scan/greeter"
becomes 10 'and its finish tells how it came' said greeter '^greeter was killed by signal 9$'
becomes 10 'once is done' said once '^done$'
ok 'and stays down' svc-wait -t 60000 finished "$scan/once"
is 'having run once' "$(wc -l <"$scan/once/data/done")" 1

if has redis-server redis-cli; then
	ok 'redis comes up' svc-sv -w 20 check "$scan/redis"
	ok 'redis is killed and comes back' svc-ctl -w r -T 60000 kill "$scan/redis"
	ok 'and answers again' svc-sv -w 20 check "$scan/redis"
	is 'on its port' "$(redis-cli -p "$(cat "$scan/redis/data/port")" ping)" PONG
	ok 'redis stops' svc-sv -w 20 stop "$scan/redis"
	becomes 5 'in order' said redis 'DB saved on disk'
else
	skip 'redis' 'redis-server is not installed'
fi
PATH=$PATH:/usr/sbin:/sbin
if has nginx curl; then
	page() { curl -fs "http://127.0.0.1:$(cat "$scan/nginx/data/port")/"; }
	becomes 20 'nginx comes up' page
	contains 'and serves its page' "$(page)" 'It works'
	becomes 5 'its log is where the others are' said nginx 'GET / HTTP'
	ok 'nginx is killed and comes back' svc-ctl -w r -T 60000 kill "$scan/nginx"
	becomes 20 'and answers again' page
	ok 'nginx stops' svc-sv -w 20 stop "$scan/nginx"
	page; is 'and does not answer any more' "$?" 7
else
	skip 'nginx' 'nginx or curl is not installed'
fi

# Without the program: a PATH with only what the scripts need.
mkdir few
for command in sh cat mkdir sed; do ln -s "$(command -v $command)" few/; done
cp -R "$root/examples/sv/redis" missing
background env PATH="$T/few" "$BIN/svc-supervise" missing
ok 'without redis-server it stays down' svc-wait -t 60000 finished missing
becomes 10 'for good' sh -c 'svc-stat missing | grep -q failed'
done_testing
