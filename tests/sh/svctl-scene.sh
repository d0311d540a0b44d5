# shellcheck shell=sh
# shellcheck disable=SC2154  # of lib.sh and svctl.sh
# svctl-scene.sh - services in all the states that there are; sourced after svctl.sh.
unset COLUMNS NO_COLOR COPPICE_PREFIX

unit database <<'EOF'
description = "The database"
exec = ["/bin/sh", "-c", "echo ready to accept connections; echo >&3; exec sleep 1000"]
ready = "notify-fd 3"
EOF
unit cache <<'EOF'
exec = ["sleep", "1000"]
EOF
unit crash <<'EOF'
exec = ["/bin/sh", "-c", "echo unable to bind port 80: Address already in use; exit 3"]
restart-delay = "1h"
restart-delay-max = "1h"
EOF
unit disk <<'EOF'
type = "oneshot"
start = ["/bin/sh", "-c", "echo /dev/sdb1: no such device; exit 1"]
EOF
unit files <<'EOF'
description = "Serves files"
exec = ["sleep", "1000"]
requires = ["disk"]
EOF
unit a-name-that-is-longer-than-anybody-can-remember <<'EOF'
exec = ["sleep", "1000"]
requires = ["files"]
EOF
unit paused <<'EOF'
exec = ["sleep", "1000"]
EOF
unit slow <<'EOF'
exec = ["sleep", "1000"]
ready = "notify-fd 3"
timeout-start = "1h"
EOF
unit spare <<'EOF'
exec = ["sleep", "1000"]
wants = ["cache"]
after = ["cache"]
EOF
unit web <<'EOF'
description = "The web application"
exec = ["/bin/sh", "-c", "sleep 1000 & exec sleep 1001"]
requires = ["database"]
wants = ["cache"]
EOF
unit app <<'EOF'
type = "group"
requires = ["web", "database"]
EOF
enabled app crash a-name-that-is-longer-than-anybody-can-remember slow paused

# scene - starts them, and returns when each is where it is to be.
scene() {
	compile && logged && managed --log-fifos "$run/log/fifos" &&
		until_ok 20 is_in paused ready && change --quiet down paused &&
		until_ok 20 is_in app ready && until_ok 20 is_in disk failed && until_ok 20 is_in slow up &&
		until_ok 20 grep -q start-due "$run/scan/crash/supervise/status" &&
		until_ok 20 grep -q bind "$T/var/log/coppice/crash/current" &&
		until_ok 20 grep -q device "$T/var/log/coppice/disk/current" &&
		until_ok 20 grep -q accept "$T/var/log/coppice/database/current" &&
		until_ok 20 sh -c "svctl --prefix '$T' status web | grep -q 'sleep 1000$'"
}

# same_each_time - standard input without what is another each time: where the tree is, when, how
# long ago, which processes; and with two blanks between columns, which are as wide as these are. A line
# is cut where it is full: that is another place when it has been as long as minutes.
same_each_time() {
	sed -E -e 's/\r$//' -e "s|$T|TREE|g" -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}/TIME/g' \
		-e 's/[0-9]+ (s|min) ago/AGO/g' -e 's/ in (60|5[0-9]) min/ in 60 min/' \
		-e 's/  [0-9]+[sm]( |$)/  AGE\1/' -e 's/AGE +[0-9]+/AGE  PID/' \
		-e 's/(Process:|`-|└─) [0-9]+ /\1 PID /' -e 's/, next.*\.\.$/, next../' -e 's/\(AGO\).*\.\.$/(AGO) ../' -e 's/([^ ]) {3,}/\1  /g'
}

# golden NAME TEXT - the text is that of the file. COPPICE_WRITE=1 writes it anew.
golden() {
	file=$root/tests/golden/svctl/$1.txt
	[ "${COPPICE_WRITE:-}" ] && printf '%s\n' "$2" >"$file"
	is "golden: $1" "$2" "$(cat "$file")"
}

# on_terminal COLUMNS ARGUMENT... - what svctl draws there.
on_terminal() {
	columns=$1; shift
	TERM=xterm script -qec "stty cols $columns rows 50; exec svctl --prefix '$T' $*" /dev/null </dev/null
}

# fits COLUMNS - no line of standard input is longer.
fits() { awk -v most="$1" 'length($0) > most { bad = 1 } END { exit bad }'; }
