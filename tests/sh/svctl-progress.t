#!/bin/sh
# svctl in a terminal: who waits sees what is pending; whoever leaves does not end it.
. "${0%/*}/lib.sh"
has tmux || skip_all 'there is no tmux'
. "$here/svctl.sh"
cd "$T" || exit 111

unit db <<EOF
exec = ["/bin/sh", "-c", "until test -e '$T/go'; do sleep 0.05; done; echo >&3; exec sleep 1000"]
ready = "notify-fd 3"
timeout-start = "60s"
EOF
unit web <<'EOF'
exec = ["sleep", "1000"]
requires = ["db"]
EOF
unit deaf <<EOF
exec = ["/bin/sh", "-c", "trap : TERM; until test -e '$T/end'; do sleep 0.05; done"]
timeout-stop = "60s"
EOF
enabled
ok 'it compiles' compile
# shellcheck disable=SC2119  # no options
managed

# tm ARGUMENT... - a tmux of our own.
tm() { env -u TMUX TMUX_TMPDIR="$T" tmux -S "$T/tmux" -f /dev/null "$@"; }
# screen - what is on it.
screen() { tm capture-pane -p -t t 2>/dev/null; }
shows() { screen | grep -Eq "$1"; }
lacks() { ! shows "$1"; }

cat >shell <<EOF
#!/bin/sh
trap : INT
svctl --prefix '$T' start web
echo "code \$?"
exec sleep 1000
EOF
chmod 755 shell
tm new-session -d -s t -x 200 -y 24 "$T/shell" || { skip 'no session of tmux' 'tmux does not start'; done_testing; exit; }

ok 'it says for whom is waited' until_ok 20 shows '^web +waits for db \((starting|up) [0-9.]+ s\)'
ok 'and what that one does' until_ok 20 shows '^db +(starting|up) [0-9.]+ s'
ok 'with the time that goes by' until_ok 20 shows '^db +(starting|up) [1-9][0-9]*\.[0-9] s'
tm send-keys -t t C-c
ok 'whoever leaves is told that it goes on' until_ok 20 shows 'interrupted: the request goes on \(svctl --prefix .* wait web follows it\)'
ok 'with the exit code of a shell' until_ok 20 shows '^code 130'
ok 'nothing is left of the picture' lacks 'waits for'
: >go
ok 'it does go on' until_ok 20 is_in web ready

tm kill-server
rm go
ctl stop web db >/dev/null
tm new-session -d -s t -x 80 -y 24 "$T/shell"
ok 'again, on a narrow one' until_ok 20 shows '^web +waits for db'
: >go
ok 'the plain lines are left' until_ok 20 shows '^code 0'
ok 'and the picture is gone' lacks 'waits for'
ok 'they are those without a terminal' shows '^web: ready'
tm kill-server

sed -i 's/start web/halt/' shell
ctl start deaf >/dev/null
tm new-session -d -s t -x 80 -y 24 "$T/shell"
ok 'halt shows who is still there' until_ok 20 shows '^deaf +stopping [0-9.]+ s'
: >end
ok 'and says when it is over' until_ok 20 shows '^halted'
ok 'without a picture' lacks 'stopping [0-9]'
tm kill-server
done_testing
