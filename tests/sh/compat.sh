# shellcheck shell=sh
# compat.sh - what the tests with other suites' service directories share. Source it after lib.sh.

# under SUPERVISOR DIR - starts it; its pid is in $supervisor.
# shellcheck disable=SC2034,SC2154  # for the test; background sets pid
under() {
	# Not with what a shell ignores in the background, which runsv hands on.
	background env --default-signal=INT,QUIT "$1" "$2"
	supervisor=$pid
	until_ok 10 test -p "$2/supervise/ok"
}
# letters LETTERS DIR - commands.
letters() { printf %s "$1" >"$2/supervise/control"; }
# seen DIR LINE... - the log's last lines are these.
seen() {
	log=$1/seen; shift
	[ "$(tail -n $# "$log" 2>/dev/null)" = "$(printf '%s\n' "$@")" ]
}
# script FILE - an executable from standard input.
script() { cat >"$1" && chmod 755 "$1"; }
