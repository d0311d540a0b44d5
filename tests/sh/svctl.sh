# shellcheck shell=sh
# svctl.sh - a private tree below a prefix, for the tests of svctl; sourced after lib.sh.
#
# Everything is where svctl --prefix "$T" looks for it: see managed.sh for what there is besides.

etc=$T/etc/coppice lib=$T/var/lib/coppice run=$T/run/coppice
# shellcheck disable=SC2154  # of lib.sh
. "$here/managed.sh"
mkdir -p "$T/usr/lib/coppice/services" "$lib" "$T/var/log/coppice" "$run/log/fifos"

# ctl ARGUMENT... - svctl for that tree. It ends before the test does.
ctl() { timeout 300 svctl --prefix "$T" "$@"; }

# logged - what services say from now on is in $T/var/log/coppice; before `managed`.
logged() {
	mkdir -p "$run/scan/svc-logd/log"
	scan_options="--log-fifos $run/log/fifos --last svc-logd"
	cat >"$run/scan/svc-logd/run" <<-EOF
	#!/bin/sh
	exec svc-logd '$run/log/fifos' '$T/var/log/coppice' 2>&1
	EOF
	printf '#!/bin/sh\nexec svc-log 2\n' >"$run/scan/svc-logd/log/run"
	chmod 755 "$run/scan/svc-logd/run" "$run/scan/svc-logd/log/run"
}
