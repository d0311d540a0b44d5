#!/bin/sh
# Kill the manager, forget nothing: a hundred services with random relations, asked up and down and
# to another generation by svc-change and by hand, while svc-managerd, svc-oneshot, svc-change,
# svc-supervise and svc-scan are killed at random. The judge of tests/tool decides.
# limit: 900
#
#   SOAK=N                how many transactions each drill makes (40)
#   KILLS_PER_SECOND=N    (15)
#   SEED=N                for the same again (another one each time)
#   TOOL=FILE             tests/tool, built
#   CONTROLS=DIR          coppice-core and coppice-admin, built with the feature `controls`
. "${0%/*}/lib.sh"
. "$here/managed.sh"
tool=${TOOL:-$root/target/debug/coppice-test}
controls=${CONTROLS:-$root/target/controls/debug}
[ -x "$tool" ] || skip_all "no $tool (cargo build -p coppice-test)"
transactions=${SOAK:-40}
rate=${KILLS_PER_SECOND:-15}
seed=${SEED:-$(date +%s)}
echo "# seed $seed"

# drill NAME [OPTION...] - finds no fault.
drill() {
	name=$1; shift
	ok "$name" timeout -k 5 1500 "$tool" manager-drill --bin "$BIN" --root "$T/drill" --seed "$seed" \
		--transactions "$transactions" --rate "$rate" "$@"
	sed 's/^/# /' "$T/out"
	[ "$code" = 0 ] || tail -n 20 "$T/drill/messages" | sed 's/^/#   /'
	rm -rf "$T/drill"
}
drill 'the manager and all around it are killed: what is wanted is what there is'
drill 'the same when svc-scan is killed as well' --kill-scan --services 40 --transactions $((transactions / 2))

# The same drill must find what is wrong when a part of the protocol is left out.
# finds PART FAULT - without that part the judge finds such a fault; it is chance that decides.
finds() {
	part=$1 fault=$2 round=0
	while [ "$round" -lt 30 ]; do
		round=$((round + 1))
		COPPICE_CONTROL=$part timeout -k 5 600 "$tool" manager-drill --bin "$T/controls" --root "$T/drill" \
			--seed "$((seed + round))" --services 30 --transactions 20 --rate 30 --patience 3 >"$T/verdict" 2>&1
		rm -rf "$T/drill"
		! grep "^fault: .*$fault" "$T/verdict" || return 0
	done
	return 1
}
if [ -x "$controls/coppice-admin" ]; then
	mkdir "$T/controls"
	for name in svc-scan svc-supervise svc-oneshot svc-scanctl; do ln -s "$controls/coppice-core" "$T/controls/$name"; done
	for name in svc-managerd svc-change svc-compile; do ln -s "$controls/coppice-admin" "$T/controls/$name"; done
	for name in "$BIN"/*; do [ -e "$T/controls/${name##*/}" ] || ln -s "$name" "$T/controls/"; done
	ok 'without the state table wishes are forgotten' finds no-table 'wish: '
	ok 'without the intent on file commands run twice' finds no-intent 'twice: \|doubled: '
else
	skip 'the judge finds faults when a part of the protocol is left out' \
		"no $controls/coppice-admin (cargo build -p coppice --features controls --target-dir target/controls)"
fi

# What the drill has found once.
for name in a b c; do
	printf 'exec = ["/bin/sh", "-c", "exec sleep 1000"]\n' | unit "$name"
done
printf 'exec = ["/bin/sh", "-c", "exec sleep 1000"]\nready = "notify-fd 3"\n' | unit z
enabled a z
compile
rm "$T/etc/services/a.toml" "$T/etc/services/z.toml"
enabled
compile
ln -sfn generations/1 "$T/lib/boot"
managed --limit 9
first=$(manager)
becomes 10 'one service is up' is_in a ready
is 'another will never be ready' "$(state z)" up
change apply 2 >change.out
exits 1 'what is gone can not be asked for' change up a
is 'which is said' "$(cat out)" 'there is no service a'
ok 'the next generation, when it is live already' change apply 2
is 'changes nothing' "$(cat out)" 'nothing has changed'
ok 'what is in it can be asked for' change up c
is 'and no manager has ended meanwhile' "$(manager)" "$first"
kill -KILL "$first"
succeeded() { [ "$(manager)" != "$first" ] && takes_requests; }
becomes 10 'a new one reads the table' succeeded
is 'and finds each service in its own line' "$(sed -n 's/^\([a-z]*\) .*wish=up.*/\1/p' run/manager/state)" c
is 'and nothing of what is gone' "$(sed -n '/^[az] /p' run/manager/state)" ''

done_testing
