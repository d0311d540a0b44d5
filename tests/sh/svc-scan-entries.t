#!/bin/sh
# svc-scan: one bad entry disturbs nothing else, is reported once, and is well when it is mended.
. "${0%/*}/lib.sh"

sleeper() {
	for name do service "$name" <<-'end'
		#!/bin/sh
		exec sleep 1000
		end
	done
}
is_up() { [ "$(svc-stat -o up "$1")" = true ]; }
# said TEXT - how often svc-scan and its supervisors have said it.
said() { grep -cF -e "$1" "$log"; }
# scanned - a scan, and it is over: a supervisor that is started by it is there.
scanned() {
	probes=$((probes + 1))
	sleeper "probe$probes" && mv "probe$probes" scan/
	svc-scanctl scan scan && svc-wait -t 60000 up "scan/probe$probes"
}
probes=0

long() { head -c "$1" /dev/zero | tr '\0' n; }
odd=$(printf 'bell\007')
tab=$(printf 'tab\tnl\nx')
latin=$(printf 'caf\351')

mkdir scan
sleeper scan/good scan/with-file scan/with-dangling scan/with-loop scan/with-fifo
ln -s nowhere scan/dangling
ln -s loop scan/loop
ln -s loop2b scan/loop2a
ln -s loop2a scan/loop2b
mkfifo scan/fifo
echo text >scan/file
sleeper "scan/$odd" "scan/$tab" "scan/$latin" "scan/$(long 252)" "scan/$(long 251)"
mkdir scan/empty
service scan/not-executable </dev/null
chmod 644 scan/not-executable/run
mkdir -p scan/run-is-directory/run
echo text >scan/with-file/log
ln -s nowhere scan/with-dangling/log
ln -s log scan/with-loop/log
mkfifo scan/with-fifo/log
service scan/.hidden </dev/null
# Names that look like options, have blanks, or are not ASCII are names.
sleeper 'scan/-d' 'scan/two words' 'scan/caf\303\251' "scan/$(printf 'caf\303\251')" 'scan/*' "scan/a'\"\$(b)"

background svc-scan scan
# shellcheck disable=SC2154  # background sets it
scan=$pid log=$pid.err
ok 'the good entries come up' svc-wait -t 60000 up scan/good scan/with-file scan/with-dangling \
	scan/with-loop scan/with-fifo "scan/$(long 251)" 'scan/two words' "scan/$(printf 'caf\303\251')" 'scan/*' "scan/a'\"\$(b)" ./scan/-d
before=$(svc-stat -o pid scan/good)
becomes 10 'supervisors report what they have to' grep -q 'supervise run-is-directory' "$log"
ok 'it can be scanned again' scanned
kill -ALRM "$scan"
ok 'and again' scanned
svc-scanctl scan scan
ok 'and again' scanned

# once DESCRIPTION TEXT
once() { is "$1 is reported once" "$(said "$2")" 1; [ "$(said "$2")" = 1 ] || sed 's/^/# /' "$log"; }
once 'a dangling link' 'svc-scan: warning: dangling: a symbolic link that leads nowhere: left out'
once 'a link to itself' 'svc-scan: warning: loop: a loop of symbolic links: left out'
once 'a loop of links' 'svc-scan: warning: loop2a: a loop of symbolic links: left out'
once 'a fifo' 'svc-scan: warning: fifo: not a directory: left out'
once 'a file' 'svc-scan: warning: file: not a directory: left out'
once 'a control character' 'svc-scan: warning: bell\u{7}: control character in the name: left out'
once 'a newline in a name' 'svc-scan: warning: tab\tnl\nx: control character in the name: left out'
once 'a name that is not UTF-8' ': name that is not UTF-8: left out'
once 'a name that is too long' "svc-scan: warning: $(long 252): name longer than 251 bytes: left out"
once 'a log that is a file' 'svc-scan: warning: with-file/log: not a directory: left out'
once 'a log that leads nowhere' 'svc-scan: warning: with-dangling/log: a symbolic link that leads nowhere: left out'
once 'a log that is a loop' 'svc-scan: warning: with-loop/log: a loop of symbolic links: left out'
once 'a log that is a fifo' 'svc-scan: warning: with-fifo/log: not a directory: left out'
once 'a directory without run' 'svc-supervise empty: '
once 'a run that can not be executed' 'svc-supervise not-executable: '
once 'a run that is a directory' 'svc-supervise run-is-directory: '
like 'with its reason' "$(grep -F 'supervise empty:' "$log")" 'run: No such file or directory'
like 'each with its own' "$(grep -F 'supervise not-executable:' "$log")" 'run: Permission denied'
is 'nothing is said of what begins with a dot' "$(said hidden)" 0
is 'nothing else is said' "$(grep -vcE '(dangling|loop2?[ab]?|fifo|file|bell\\u\{7\}|tab\\tnl\\nx|caf[^ ]*|n{252}|log): .*: left out$|^svc-supervise (empty|not-executable|run-is-directory): ' "$log")" 0
is 'the messages are text' "$(LC_ALL=C tr -d '\n -~' <"$log" | tr -d '\200-\377' | wc -c)" 0
is 'the good one was not restarted' "$(svc-stat -o pid scan/good)" "$before"

# All of them mended.
sleeper elsewhere
ln -s "$T/elsewhere" scan/nowhere
rm scan/loop scan/loop2b scan/fifo scan/file
sleeper scan/loop scan/loop2b scan/fifo scan/file
mv "scan/$odd" scan/bell
mv "scan/$tab" scan/tab
mv "scan/$latin" scan/latin
mv "scan/$(long 252)" scan/short
for name in empty run-is-directory not-executable; do
	printf '#!/bin/sh\nexec sleep 1000\n' >new
	chmod 755 new
	rm -rf "scan/$name/run"
	mv new "scan/$name/run"
done
for name in file dangling loop fifo; do
	rm "scan/with-$name/log"
	service "scan/with-$name/log" <<-'end'
	#!/bin/sh
	exec cat
	end
done
lines=$(wc -l <"$log")
svc-scanctl scan scan
for name in dangling loop loop2b fifo file bell tab latin short with-file/log with-dangling/log \
	with-loop/log with-fifo/log; do
	ok "$name is well after the next scan" svc-wait -t 60000 up "scan/$name"
done
for name in empty not-executable run-is-directory; do
	becomes 20 "$name comes up by itself" is_up "scan/$name"
done
is 'which is no news' "$(wc -l <"$log")" "$lines"

# What breaks again is reported again.
rm -rf scan/loop2a && ln -s nothing scan/loop2a
scanned
once 'what breaks in another way' 'svc-scan: warning: loop2a: a symbolic link that leads nowhere: left out'
rm scan/loop2a && scanned && ln -s nothing scan/loop2a && scanned
is 'what breaks again is reported again' \
	"$(said 'svc-scan: warning: loop2a: a symbolic link that leads nowhere: left out')" 2
svc-scanctl quit scan
becomes 10 'all of it ends' gone "$scan"

# What cannot be entered. Root can enter anything.
as_user=
! is_root || as_user='setpriv --reuid 65534 --regid 65534 --clear-groups'
# shellcheck disable=SC2086  # words
if [ "$as_user" ] && ! $as_user "$BIN/svc-ok" --version >out 2>err; then
	skip 'a directory that can not be entered is reported once' 'no way here to run the programs as another user'
else
	mkdir private
	sleeper private/a private/locked private/with-log
	sleeper private/with-log/log
	chmod 000 private/locked private/with-log/log
	chmod 755 .
	! is_root || chown -R 65534:65534 private
	# shellcheck disable=SC2086
	$as_user "$BIN/svc-scan" private >private.out 2>private.err </dev/null &
	scan=$! log=private.err
	ok 'a service comes up beside what can not be entered' svc-wait -t 60000 up private/a private/with-log
	for n in 1 2 3; do
		sleeper "new$n"
		! is_root || chown -R 65534:65534 "new$n"
		mv "new$n" private/
		svc-scanctl scan private
		svc-wait -t 60000 up "private/new$n"
		svc-ctl -r private/a
	done
	once 'a directory that can not be entered' 'svc-scan: warning: locked: permission denied: left out'
	once 'a log that can not be entered' 'svc-scan: warning: with-log/log: permission denied: left out'
	is 'nothing else is said' "$(grep -c . "$log")" 2
	chmod 755 private/locked private/with-log/log
	svc-scanctl scan private
	for name in locked with-log/log; do
		becomes 10 "$name is well when it can be entered" is_up "private/$name"
	done
	svc-scanctl quit private
	becomes 10 'that ends too' gone $scan
fi

# The scan directory itself.
mkdir gone
background svc-scan gone
scan=$pid log=$pid.err
becomes 10 'svc-scan runs' svc-scanctl -z gone
sleeper gone/a
svc-scanctl scan gone
svc-wait -t 60000 up gone/a
mv gone moved
sleeper moved/b
svc-scanctl scan moved
ok 'a scan directory may be renamed' svc-wait -t 60000 up moved/b
svc-scanctl terminate moved
becomes 10 'and ends under its new name' gone "$scan"
is 'all in silence' "$(cat "$log")" ''
done_testing
