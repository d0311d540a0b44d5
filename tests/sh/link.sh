# shellcheck shell=sh
# link.sh - what the tests of chainloaders share. Source it after lib.sh.

# execline's programs, where Debian has them.
PATH=$PATH:/usr/lib/execline/bin

# link NAME WORD... - what holds for every link, with these words in front of the program.
link() {
	exits 7 "$1 becomes the program" "$@" sh -c 'exit 7'
	is "$1 leaves the options of the program to it" "$("$@" printf '%s.' -n -- -h --help)" '-n.--.-h.--help.'
	exits 100 "$1 without a program" "$@"
	is 'is a mistake that is named' "$(sed 2q err)" "$1: fatal: missing program
$1: usage: $("$1" --help | sed '1s/^usage: //;1q')"
	exits 127 "$1 with a program that is missing" "$@" "$PWD/none"
	is 'says so in one line' "$(cat err)" "$1: fatal: unable to run $PWD/none: No such file or directory"
	: >plain
	exits 126 "$1 with a file that can't be run" "$@" "$PWD/plain"
	is 'says so as well' "$(cat err)" "$1: fatal: unable to run $PWD/plain: Permission denied"
	exits 100 "$1 has no option -Z" "$1" -Z "$@"
	like 'and says so' "$(cat err)" "^$1: fatal: invalid .*-Z"
}

# mistake MESSAGE COMMAND... - exits 100 with this message.
mistake() {
	message=$1; shift
	exits 100 "a mistake: $message" "$@"
	is 'which is said' "$(sed 1q err)" "$1: fatal: $message"
}

# refused MESSAGE COMMAND... - exits 111 with one line, this message.
refused() {
	message=$1; shift
	exits 111 "refused: $message" "$@"
	is 'which is said in one line' "$(cat err)" "$1: fatal: $message"
}

# same DESCRIPTION COMMAND COMMAND - two shell commands print the same, if the second is installed.
same() {
	if has "${3%% *}"; then is "$1" "$(eval "$2" 2>&1)" "$(eval "$3" 2>&1)"; else
		skip "$1" "no ${3%% *} here"
	fi
}

# unprivileged LINK WORD... - runs it without privileges. By a relative path: what leads to the programs
# need not be open to everybody.
unprivileged() {
	is_root || { "$@"; return; }
	chmod 755 . && cp "$BIN/$1" . || return
	copy=./$1; shift
	svc-setuid 65534:65534 "$copy" "$@"
}

# helpers NAME - the pids of what works beside programs of this test file, under that name.
helpers() {
	grep -lxs "$1" /proc/[0-9]*/comm | while IFS=/ read -r _ _ helper _; do
		grep -qzsFx "COPPICE_TEST=$T" "/proc/$helper/environ" && alive "$helper" && echo "$helper"
	done
}
no_helpers() { [ -z "$(helpers "$1")" ]; }
a_helper() { [ "$(helpers "$1")" ]; }
