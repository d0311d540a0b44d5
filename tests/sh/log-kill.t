#!/bin/sh
# A logger is killed over and over while floods write to it: each line is there once, whole, in order.
# limit: 600
#
#   SOAK=SECONDS            for how long each drill kills (2; svc-logd: 10)
#   KILLS_PER_SECOND=N      (200; svc-logd: 100)
#   TOOL=FILE               tests/tool, built
. "${0%/*}/lib.sh"
tool=${TOOL:-$root/target/debug/coppice-test}
[ -x "$tool" ] || skip_all "no $tool (cargo build -p coppice-test)"
seconds=${SOAK:-2}
rate=${KILLS_PER_SECOND:-200}

# drill OPTION... DIR LOGGER... - the verdict is in $T/out.
drill() { timeout -k 5 "$((seconds + 600))" "$tool" log-drill --seconds "$seconds" "$@"; }

# survives WHAT [OPTION...] -- [DIRECTIVE...]
survives() {
	what=$1 options=; shift
	while [ "$1" != -- ]; do options="$options $1"; shift; done
	shift
	# shellcheck disable=SC2086  # a word each
	ok "$what: nothing lost, nothing twice, nothing torn" \
		drill --rate "$rate" $options "$T/drill" svc-log "$@" n1000000 "$T/drill/log"
	sed 's/^/# /' "$T/out"
	rm -rf "$T/drill"
}

survives 'large pieces without stamps' -- s10000000
survives 'large pieces, TAI64N, rotation every 300 kB' -- t s300000
survives 'three writers of a line each, local time' --writers 3 --block 0 -- T s300000
survives 'short lines through rules, both stamps' --length 30 -- t -nothing T s300000
survives 'two directories' --writers 2 --block 4000 -- t s300000 "$T/other" t

# many WHAT OPTION... -- [LOGD-OPTION...] - svc-logd with many services.
rate=${KILLS_PER_SECOND:-100}
many() {
	what=$1 options=; shift
	while [ "$1" != -- ]; do options="$options $1"; shift; done
	shift
	# shellcheck disable=SC2086  # a word each
	ok "$what: nothing lost, nothing twice, nothing torn" \
		drill --rate "$rate" $options "$T/drill" svc-logd "$@" "$T/drill/fifos" "$T/drill/log" n1000000 s50000
	sed 's/^/# /' "$T/out"
}
seconds=${SOAK:-10}
many 'svc-logd with a hundred services' --services 100 --writers 2 --block 4000 --
rm -rf "$T/drill"
seconds=${SOAK:-4}
# Less than is kept early, 128 kB of each, even if the logger comes to move nothing before the end: 1000
# pieces of 800 bytes for all.
many 'svc-logd before there is a disk, and after' --services 10 --early $((seconds * 750)) \
	--pause "$seconds" --block 800 -- --early "$T/early"
ok 'which has kept lines early' test -d "$T/early"
rm -rf "$T/drill"

# The same drill finds what a logger loses that keeps no journal.
seconds=2
what='s6-log loses lines in the same drill'
if has s6-log; then
	round=0 found=no
	while [ "$round" -lt 5 ] && [ "$found" = no ]; do
		round=$((round + 1))
		drill --rate 20 "$T/drill" s6-log t n1000000 s10000000 "$T/drill/log" >verdict 2>errors
		grep -Eq '(: [1-9][0-9]* lost|[1-9][0-9]* torn)' verdict && found=yes
		rm -rf "$T/drill"
	done
	is "$what" "$found" yes
	sed 's/^/# /' verdict
else
	skip "$what" 'no s6-log here'
fi

done_testing
