#!/bin/sh
# svctl in an interactive shell: Ctrl-Z stops who waits, fg goes on; a terminal becomes narrower.
. "${0%/*}/lib.sh"
has tmux || skip_all 'there is no tmux'
. "$here/svctl.sh"
cd "$T" || exit 111

unit slow <<'EOF'
exec = ["sleep", "1000"]
ready = "notify-fd 3"
timeout-start = "1h"
EOF
unit with-a-long-name <<'EOF'
exec = ["sleep", "1000"]
requires = ["slow"]
EOF
unit counter <<'EOF'
exec = ["/bin/sh", "-c", "echo hello; exec sleep 1000"]
EOF
enabled counter slow
ok 'it compiles' compile
logged
# shellcheck disable=SC2119  # no options
managed
until_ok 20 grep -q hello var/log/coppice/counter/current

# tm ARGUMENT... - a tmux of our own.
tm() { env -u TMUX TMUX_TMPDIR="$T" tmux -S "$T/tmux" -f /dev/null "$@"; }
# screen - what is on it.
screen() { tm capture-pane -p -t t 2>/dev/null; }
shows() { screen | grep -Eq "$1"; }
# count NUMBER PATTERN - so many lines of the screen match.
count() { [ "$(screen | grep -Ec "$2")" = "$1" ]; }
# prompt - the shell waits for a command.
prompt() { case $(screen | grep . | tail -n 1) in '$' | '^C$') ;; *) return 1 ;; esac; }
typed() { tm send-keys -t t "$@" Enter; }

tm new-session -d -s t -x 90 -y 40 "PS1='\$ ' COPPICE_PREFIX='$T' PATH='$PATH' sh -i" ||
	{ skip 'no session of tmux' 'tmux does not start'; done_testing; exit; }
until_ok 20 shows '^\$'

seen=shows
# stops COMMAND PATTERN - Ctrl-Z stops it, once a line like that is there, and fg lets it go on.
stops() {
	typed clear
	typed "svctl $1"
	ok "svctl $1 is there" until_ok 20 "$seen" "$2"
	tm send-keys -t t C-z
	ok "Ctrl-Z stops svctl $1" until_ok 20 shows 'Stopped|Suspended'
	typed fg
	until_ok 20 shows "^svctl $1"
	tm send-keys -t t C-c
	until_ok 20 prompt
	typed 'echo ended $?'
	ok 'it goes on, and Ctrl-C ends it' until_ok 20 shows '^ended 130'
}
stops 'logs -f counter' 'hello'
moved() { ctl restart --quiet counter >/dev/null 2>&1; shows "$1"; }
seen=moved
stops events ' counter +ready'
seen=shows
stops 'wait slow' '^slow +(starting|up) [0-9.]+ s'
# The picture is drawn below what was written meanwhile.
typed clear
typed 'svctl start with-a-long-name'
ok 'a picture' until_ok 20 shows '^with-a-long-name +waits for slow'
tm send-keys -t t C-z
ok 'is left where it is' until_ok 20 shows 'Stopped|Suspended'
typed 'echo between'
until_ok 20 shows '^between'
typed fg
ok 'and drawn again' until_ok 20 count 2 '^with-a-long-name +waits for slow'
ok 'what was written meanwhile is there' shows '^between'

# A narrower terminal.
tm resize-window -t t -x 40
ok 'a line is as long as the terminal is wide now' until_ok 20 shows '^with-a-long-name waits for slow.*\.\.$'
# clean - nothing of the wide picture is left between the command and the picture.
clean() { [ "$(screen | grep . | tail -n 3 | cut -d' ' -f1 | sort | tr '\n' ' ')" = 'slow svctl with-a-long-name ' ]; }
ok 'and nothing is left of longer ones' until_ok 20 clean
tm kill-server
done_testing
