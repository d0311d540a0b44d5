# shellcheck shell=sh
# managed.sh - a private tree with a manager, for the tests of both; sourced after lib.sh.
#
# Service files are in $etc/services, generations in $lib, the live system in $run.

: "${etc:=$T/etc}" "${lib:=$T/lib}" "${run:=$T/run}"
mkdir -p "$etc/services" "$etc/enabled" "$run/scan/svc-managerd"

# unit NAME - a service file from standard input.
unit() { cat >"$etc/services/$1.toml"; }

# enabled NAME... - these and no others are enabled.
enabled() { rm -f "$etc"/enabled/*; for name do : >"$etc/enabled/$name"; done; }

# compile - makes a generation of what there is; what svc-compile says is in $T/compiled.
compile() { svc-compile --output "$lib" --programs "$BIN" "$etc/services" >"$T/compiled" 2>&1; }

# managed [OPTION...] - starts a tree and in it, as a service, svc-managerd with these options; it
# takes requests when this returns.
managed() {
	cat >"$run/scan/svc-managerd/run" <<EOF
#!/bin/sh
exec svc-managerd --dir '$run' --generations '$lib' $* 2>>'$T/managerd.err'
EOF
	chmod 755 "$run/scan/svc-managerd/run"
	# shellcheck disable=SC2086  # options are words
	background svc-scan ${scan_options:-} "$run/scan"
	until_ok 10 takes_requests
}

# change ARGUMENT... - svc-change for that manager. It ends before the test does.
change() { timeout 300 svc-change --dir "$run" --generations "$lib" "$@"; }

# manager - the pid of svc-managerd.
manager() { sed -n 's/^pid=//p' "$run/manager/managerd"; }

# takes_requests - svc-managerd is there and reads its fifo.
takes_requests() { alive "$(manager)" && change --quiet look; }

# state NAME - that of a service.
state() {
	line=$(sed -n "s/^$1 //p" "$run/manager/state")
	case $line in *state=*) line=${line#*state=}; echo "${line%% *}" ;; *) echo down ;; esac
}

# is_in NAME STATE - it is.
is_in() { [ "$(state "$1")" = "$2" ]; }

# generation - the number of the one that is live.
generation() { sed -n '1s/.* generation=\([0-9]*\) .*/\1/p' "$run/manager/state"; }
