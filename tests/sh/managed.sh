# shellcheck shell=sh
# managed.sh - a private tree with a manager, for the tests of both; sourced after lib.sh.
#
# Service files are in $T/etc/services, generations in $T/lib, the live system in $T/run.

mkdir -p "$T/etc/services" "$T/etc/enabled" "$T/run/scan/svc-managerd"

# unit NAME - a service file from standard input.
unit() { cat >"$T/etc/services/$1.toml"; }

# enabled NAME... - these and no others are enabled.
enabled() { rm -f "$T"/etc/enabled/*; for name do : >"$T/etc/enabled/$name"; done; }

# compile - makes a generation of what there is; what svc-compile says is in $T/compiled.
compile() { svc-compile --output "$T/lib" --programs "$BIN" "$T/etc/services" >"$T/compiled" 2>&1; }

# managed [OPTION...] - starts a tree and in it, as a service, svc-managerd with these options; it
# takes requests when this returns.
managed() {
	cat >"$T/run/scan/svc-managerd/run" <<EOF
#!/bin/sh
exec svc-managerd --dir '$T/run' --generations '$T/lib' $* 2>>'$T/managerd.err'
EOF
	chmod 755 "$T/run/scan/svc-managerd/run"
	background svc-scan "$T/run/scan"
	until_ok 10 takes_requests
}

# change ARGUMENT... - svc-change for that manager. It ends before the test does.
change() { timeout 60 svc-change --dir "$T/run" --generations "$T/lib" "$@"; }

# manager - the pid of svc-managerd.
manager() { sed -n 's/^pid=//p' "$T/run/manager/managerd"; }

# takes_requests - svc-managerd is there and reads its fifo.
takes_requests() { alive "$(manager)" && change --quiet look; }

# state NAME - that of a service.
state() {
	line=$(sed -n "s/^$1 //p" "$T/run/manager/state")
	case $line in *state=*) line=${line#*state=}; echo "${line%% *}" ;; *) echo down ;; esac
}

# is_in NAME STATE - it is.
is_in() { [ "$(state "$1")" = "$2" ]; }

# generation - the number of the one that is live.
generation() { sed -n '1s/.* generation=\([0-9]*\) .*/\1/p' "$T/run/manager/state"; }
