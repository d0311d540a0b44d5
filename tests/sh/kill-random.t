#!/bin/sh
# Kill anything, lose nothing: twenty services, each with svc-log, write 200 lines a second each; a third of
# them end by themselves, over and over. Supervisors, loggers and svc-scan are killed at random.
# limit: 900
#
#   SOAK=SECONDS            for how long each drill kills (10)
#   KILLS_PER_SECOND=N      (10)
#   TOOL=FILE               tests/tool, built
#   CONTROLS=FILE           coppice-core, built with the feature `controls`
. "${0%/*}/lib.sh"
tool=${TOOL:-$root/target/debug/coppice-test}
controls=${CONTROLS:-$root/target/controls/debug/coppice-core}
[ -x "$tool" ] || skip_all "no $tool (cargo build -p coppice-test)"
seconds=${SOAK:-10}
rate=${KILLS_PER_SECOND:-10}

# drill NAME [OPTION...] - finds no fault.
drill() {
	name=$1; shift
	ok "$name" timeout -k 5 "$((seconds + 600))" "$tool" drill --bin "$BIN" --seconds "$seconds" --rate "$rate" "$@" "$T/tree"
	[ "$code" = 0 ] && sed 's/^/# /' "$T/out"
	rm -rf "$T/tree"
}

drill 'supervisors, loggers and svc-scan are killed: nothing is lost' --root
drill 'nothing is lost while all reexec every two seconds' --reexec 2000
drill 'nothing is lost while all reexec all the time' --reexec 20 --seconds 3

# A pid namespace of our own; as a user, in a user namespace.
if is_root; then user=; else user='--user --map-root-user'; fi
namespace() {
	# shellcheck disable=SC2086  # a word each
	timeout -k 5 "$((seconds + 600))" unshare $user --pid --fork --kill-child --mount-proc "$@"
}
what='svc-scan is process 1: nothing is lost'
if ! has unshare; then skip "$what" 'no unshare here'
elif ! namespace true 2>/dev/null; then skip "$what" 'no pid namespaces for us here'
else
	# svc-scan takes the place of the drill as process 1, and ends when that has judged.
	namespace "$tool" drill --bin "$BIN" --seconds "$seconds" --rate "$rate" --process-1 "$T/tree" \
		>"$T/verdict" 2>"$T/messages"
	like "$what" "$(cat "$T/verdict")" '^0 faults;'
	sed 's/^/# /' "$T/verdict"
	rm -rf "$T/tree"
fi

# The same drill must find what is wrong when a part of the protocol is left out: a kill every 17 ms
# of supervisors that dawdle at the worst instants. A few rounds each, as it is chance that decides.
hard() { timeout -k 5 600 "$tool" drill --bin "$T/controls" --short 1 --rate 60 --spare-loggers --seconds 3 "$@" "$T/tree"; }
# finds PART FAULT [OPTION...] - without the part of the protocol the judge finds such a fault.
finds() {
	part=$1 fault=$2 round=0; shift 2
	while [ "$round" -lt 30 ]; do
		round=$((round + 1))
		rm -rf "$T/tree"
		COPPICE_CONTROL=$part hard "$@" >"$T/verdict" 2>&1 && continue
		! grep "^fault: .*$fault" "$T/verdict" || return 0
	done
	return 1
}
if [ -x "$controls" ]; then
	mkdir "$T/controls"
	for name in svc-scan svc-supervise; do ln -s "$controls" "$T/controls/$name"; done
	ok 'supervisors that only dawdle lose nothing' hard
	ok 'without the lock processes are doubled' finds no-lock doubled --root
	ok 'without the intent on file processes are doubled' finds no-intent doubled
	ok 'when deaths are reaped before they are recorded, some are not known' \
		finds reap-first 'seen as [0-9]* exit=unknown'
else
	skip 'the judge finds faults when a part of the protocol is left out' \
		"no $controls (cargo build -p coppice --features controls --target-dir target/controls)"
fi

done_testing
