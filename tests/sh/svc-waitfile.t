#!/bin/sh
# svc-waitfile: a program when a file is there.
# shellcheck disable=SC2016  # dollars are for others
. "${0%/*}/lib.sh"
. "$here/link.sh"

: >there
mkfifo fifo
link svc-waitfile there
link svc-waitfile -d gone
exits 7 'a directory is a file' svc-waitfile -e . sh -c 'exit 7'
for option in -e -s -f; do
	exits 99 "$option: what does not come in time" svc-waitfile $option -t 20 none/file true
	is 'is named' "$(cat err)" 'svc-waitfile: fatal: none/file does not exist'
done
exits 99 '-d: what does not go' svc-waitfile -d -t 20 there true
is 'is named' "$(cat err)" 'svc-waitfile: fatal: there still exists'
exits 99 '-f: a fifo that nobody reads' svc-waitfile -f -t 20 fifo true
is 'is named' "$(cat err)" 'svc-waitfile: fatal: nobody reads fifo'
refused 'there is no socket' svc-waitfile -s there true
refused 'there is no fifo' svc-waitfile -f there true
refused 'unable to wait for there/file: Not a directory' svc-waitfile there/file true
exits 7 '-d: below what is no directory is nothing' svc-waitfile -d there/file sh -c 'exit 7'
mistake 'missing file' svc-waitfile
mistake 'invalid number of milliseconds: x' svc-waitfile -t x there true

# waits WORD... - starts the link and lets it fall asleep. Some kernels tell nobody where.
asleep() { who=${1-$pid}; grep -q '^State:.S' "/proc/$who/status" && grep -q 'poll\|^0$' "/proc/$who/wchan" "/proc/$who/stack" 2>/dev/null; }
waits() {
	rm -f came
	background svc-waitfile -t 60000 "$@" sh -c ': >came'
	until_ok 10 asleep
	kept=$pid
}
# came DESCRIPTION - what it waited for has come.
came() { becomes 10 "$1" test -e came; wait "$kept"; }
# not_yet DESCRIPTION - it still waits.
not_yet() { what=$1; if until_ok 10 asleep && [ ! -e came ]; then pass; else fail; fi; }

waits a
: >a
came 'a file is made'
waits b
mv a b
came 'a file is renamed'
waits deep/er/file
mkdir deep
mkdir deep/er
not_yet 'its directories are not enough'
: >deep/er/file
came 'a file is made in directories that were not there'
waits "$T/whole/file"
mkdir new && : >new/file && mv new whole
came 'a directory that has it is renamed'
ln -s target link
waits link
: >target
came 'a symbolic link leads somewhere'
ln -s "$T/far/away" absolute
waits absolute/file
mkdir far && mkdir far/away && : >far/away/file
came 'one on the way does'
ln -s loop loop
exits 111 'one that leads nowhere ever' svc-waitfile -t 60000 loop true
waits again/file
mkdir again && rmdir again && mkdir again && : >again/file
came 'its directory is made twice'
mkdir -p moves/there
waits moves/there/file
mv moves moved && mkdir moved/there/x && mkdir -p moves/there && : >moves/there/file
came 'its directory is another by now'
waits -d there
rm there
came '-d: it is gone'
waits -d whole/file
rm -r whole
came '-d: its directory is gone'
mkdir closed && : >closed/file && chmod 0 closed
if ! is_root; then
	waits closed/file
	chmod 700 closed
	came 'a directory is opened'
	exits 99 'one that is not' sh -c 'chmod 0 closed; svc-waitfile -t 20 closed/file true'
	is 'is told' "$(cat err)" 'svc-waitfile: fatal: unable to look at closed/file: Permission denied'
else
	chmod 711 .
	unprivileged svc-waitfile -t 20 closed/file true 2>err
	is 'a directory that is closed is told' "$(cat err)" 'svc-waitfile: fatal: unable to look at closed/file: Permission denied'
	mkdir -m 711 passage
	background unprivileged svc-waitfile -t 60000 passage/file true
	child_asleep() { asleep "$(tr -d ' ' <"/proc/$pid/task/$pid/children")"; }
	until_ok 10 child_asleep
	: >passage/file
	wait "$pid"
	is 'a directory that can be passed but not read' "$?" 0
fi
waits -f fifo
background cat fifo
came '-f: somebody reads'
wait "$pid"
is 'and finds the end of the file' "$?" 0
waits -f late
mkfifo late
not_yet '-f: a fifo is made, which nobody reads'
svc-redirfd -u 5 late sleep 100 &
reader=$!
came '-f: somebody does'
kill "$reader"
sleep 100 &
other=$!
waits -d "/proc/$other"
kill "$other"
wait "$other"
came '-d: a process ends: of /proc nobody is told'

if has perl && perl -MIO::Socket::UNIX -e 1 2>/dev/null; then
	cat >server <<-'END'
		use Socket;
		my ($type, $path, $go) = @ARGV;
		socket(my $s, AF_UNIX, $type, 0) or die $!;
		bind($s, pack_sockaddr_un($path)) or die $!;
		open(my $f, '<', $go) if $go;
		listen($s, 5) if $type != SOCK_DGRAM;
		sleep 100;
	END
	waits -s socket
	mkfifo go
	background perl server 1 socket go
	server=$pid pid=$kept
	until_ok 10 test -S socket
	not_yet '-s: a socket is bound'
	: >go
	came '-s: and accepts'
	kill "$server"
	wait "$server"
	exits 99 '-s: it is dead' svc-waitfile -s -t 20 socket true
	is 'which is said' "$(cat err)" 'svc-waitfile: fatal: socket accepts no connections'
	for type in 1 2 5; do
		waits -s "socket$type"
		perl server "$type" "socket$type" &
		server=$!
		came "-s: a socket of type $type"
		kill "$server"
	done
else skip '-s: a socket accepts' 'no perl here'; fi

if has unshare nsenter && unshare -m true 2>/dev/null; then
	mkdir mounted source && : >source/file
	background unshare -m svc-waitfile -t 60000 mounted/file true
	until_ok 10 asleep
	nsenter -t "$pid" -m mount --bind "$T/source" "$T/mounted"
	wait "$pid"
	is 'a file appears by a mount' "$?" 0
else skip 'a file appears by a mount' 'only root may'; fi
if has unshare && unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_instances' 2>/dev/null; then
	exits 0 'without inotify it looks itself' unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_instances
		(sleep 0.1; : >unseen) & exec svc-waitfile -t 60000 unseen true'
else skip 'without inotify it looks itself' 'no user namespaces here'; fi
if has strace && strace -o /dev/null true 2>/dev/null; then
	mkdir quiet
	background strace -o calls svc-cd quiet svc-waitfile -t 60000 slow true
	until_ok 10 grep -q ppoll calls
	# Longer than the longest pause of what is tried again.
	sleep 1.2
	is 'who waits does nothing' "$(grep -c ppoll calls) $(tail -n 1 calls | cut -c1-6)" '1 ppoll('
	: >quiet/slow
	wait "$pid"
	is 'until it comes' "$?" 0
else skip 'who waits does nothing' 'no strace here'; fi
missed=
for round in $(seq 40); do
	(mkdir -p "r$round/x" && : >"r$round/x/file") &
	svc-waitfile -t 60000 "r$round/x/file" true || missed="$missed $round"
done
is 'nothing is missed between the look and the watch' "$missed" ''
waits never
kill -9 "$pid"
becomes 10 'it can be killed' gone "$pid"
waits never
kill "$pid"
wait "$pid"
is 'or ended' "$?" 143

done_testing
