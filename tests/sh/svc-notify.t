#!/bin/sh
# svc-notify: write a line to all subscribers of an event directory.
. "${0%/*}/lib.sh"

svc-fifodir make ev
exits 0 'nobody subscribed is no error' svc-notify ev hello

mkfifo ev/sub.1.0 ev/sub.1.1 ev/.sub.1.2 ev/sub.9.9
exec 3<>ev/sub.1.0 4<>ev/sub.1.1 5<>ev/.sub.1.2
exits 0 'a line is written' svc-notify ev 'hello there'
is 'to one subscriber' "$(head -n 1 <&3)" 'hello there'
is 'and to the other' "$(head -n 1 <&4)" 'hello there'
is 'not to one that has not finished subscribing' "$(dd if=ev/.sub.1.2 iflag=nonblock bs=512 2>/dev/null)" ''
ok 'a fifo that nobody reads is removed' test ! -e ev/sub.9.9

# Nothing is written through what somebody plants.
mkfifo elsewhere
exec 6<>elsewhere
echo precious >file
ln -s ../elsewhere ev/sub.2.0
ln -s ../file ev/sub.2.1
ln elsewhere ev/sub.2.2
cp file ev/sub.2.3
mkdir ev/sub.2.4
ln file ev/sub.2.5
ln -s sub.1.0 ev/sub.2.6
exits 0 'planted things disturb nobody' svc-notify ev 'line 2'
is 'the subscribers have the line, once' "$(head -n 1 <&3)" 'line 2'
is 'also through no link to their fifos' "$(dd if=ev/sub.1.0 iflag=nonblock bs=512 2>/dev/null)" ''
is 'nothing went through a symbolic or a hard link to a fifo' "$(dd if=elsewhere iflag=nonblock bs=512 2>/dev/null)" ''
is 'nor into a file' "$(cat file)" precious
is 'all of them are removed, but for the directory' "$(cd ev && echo sub.2.*)" sub.2.4
ok 'what they led to is still there' test -p elsewhere -a -f file
if is_root && mknod ev/sub.2.7 c 1 3 2>/dev/null; then
	ok 'a device is no subscriber' svc-notify ev 'line 3'
	ok 'and is removed' test ! -e ev/sub.2.7
else
	skip 'a device is no subscriber' 'only root may make devices'
	skip 'and is removed' 'only root may make devices'
fi
exec 3<&- 4<&- 5<&- 6<&-

# A subscriber that never reads.
svc-fifodir make full
mkfifo full/sub.1.0 full/sub.1.1
exec 3<>full/sub.1.0 4<>full/sub.1.1
dd if=/dev/zero of=full/sub.1.0 oflag=nonblock bs=65536 count=1 2>/dev/null
exits 0 'a full fifo stops nothing' svc-notify full 'line 4'
is 'and nobody else' "$(head -n 1 <&4)" 'line 4'
ok 'and it stays' test -p full/sub.1.0
exec 3<&- 4<&-

# 300 subscribers of one user. A shell holds seven of them.
svc-fifodir make many
i=0
while [ "$i" -lt 300 ]; do
	mkfifo "many/sub.1.$i"
	i=$((i + 1))
done
mkfifo held
holder() {
	exec sh -c 'exec 3<>"$1"; [ "$2" ] && exec 4<>"$2"; [ "$3" ] && exec 5<>"$3"; [ "$4" ] && exec 6<>"$4"
		[ "$5" ] && exec 7<>"$5"; [ "$6" ] && exec 8<>"$6"; [ "$7" ] && exec 9<>"$7"
		: >"held.${1##*.}"; read -r line <held' sh "$@"
}
i=0
while [ "$i" -lt 300 ]; do
	set --
	while [ "$i" -lt 300 ] && [ $# -lt 7 ]; do
		set -- "$@" "many/sub.1.$i"
		i=$((i + 1))
	done
	holder "$@" &
done
all_held() { [ "$(find . -name 'held.*' | wc -l)" = 43 ]; }
becomes 30 '300 fifos are held' all_held
exits 0 'all of them belong to one user' svc-notify many 'line 5'
is 'which is said' "$(cat err)" 'svc-notify: warning: many: too many subscribers: 44 left out'
got=0
for fifo in many/sub.1.*; do
	[ "$(dd if="$fifo" iflag=nonblock bs=512 2>/dev/null)" != 'line 5' ] || got=$((got + 1))
done
is '256 of them are served' "$got" 256

svc-fifodir make long
mkfifo long/sub.1.0
exec 3<>long/sub.1.0
longest=$(printf '%0511d' 0)
exits 0 'a line may have 511 bytes and a newline' svc-notify long "$longest"
is 'and arrives whole' "$(head -n 1 <&3)" "$longest"
exits 100 'one more is a mistake' svc-notify long "${longest}0"
is 'which is said' "$(cat err)" 'svc-notify: fatal: the message must be one line of at most 511 bytes
svc-notify: usage: svc-notify DIR MESSAGE'
exits 100 'so are two lines' svc-notify long 'a
b'
exits 111 'a directory that is not there' svc-notify none hello
is 'is named' "$(cat err)" 'svc-notify: fatal: unable to open none: No such file or directory'
exits 100 'no message is a mistake' svc-notify long

done_testing
