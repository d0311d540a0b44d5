#!/bin/sh
# svc-tai64n: put a label in front of each line.
. "${0%/*}/lib.sh"

filtered() { "$@" <in >filtered; }
label='@40000000[0-9a-f]{16} '

printf 'one\n\ntwo\0\377\nthree' >in
exits 0 'lines are labelled' filtered svc-tai64n
is 'each of them once, the last one too' "$(grep -Eac "^$label" filtered)" 4
sed -E "s/^$label//" filtered >rest
{ cat in; echo; } >want
ok 'nothing else changes, but for the newline that the last one lacked' cmp rest want
: >in
exits 0 'nothing is nothing' filtered svc-tai64n
is 'and gets no label' "$(cat filtered)" ''

# between COMMAND... - whether the label of a line is of now, by what is between two looks at the clock.
between() {
	before=$(date +%s)
	got=$(echo x | "$@" | sed 's/^@40000000//; s/........ x$//')
	after=$(date +%s)
	[ $((0x$got - 10)) -ge "$before" ] && [ $((0x$got - 10)) -le "$after" ]
}
ok 'the label is 10 seconds ahead of UTC' between svc-tai64n
if has tai64n; then ok "as daemontools' is" between tai64n; else skip "as daemontools' is" 'no daemontools'; fi

# Each line is there before the next one is.
mkfifo lines labels
svc-tai64n <lines >labels &
exec 3>lines 4<labels
echo first >&3
like 'a line does not wait for the next one' "$(head -n 1 <&4)" "^${label}first$"
printf 'sec' >&3
like 'nor the beginning of a line for its end' "$(dd bs=29 count=1 <&4 2>/dev/null)" "^${label}sec$"
printf 'ond\n' >&3
is 'which gets no other label' "$(head -n 1 <&4)" ond
exec 3>&- 4<&-

head -c 3000000 /dev/zero | tr '\0' a >in
exits 0 'a line may be long' filtered svc-tai64n
is 'and is as long with its label' "$(wc -c <filtered | tr -d ' ')" 3000027

if has s6-tai64n; then
	printf 'one\n\n two\0\377\nthree' >in
	svc-tai64n <in | sed -E "s/^$label//" >ours
	s6-tai64n <in | sed -E "s/^$label//" >theirs
	ok 'but for the labels the output is that of s6-tai64n' cmp ours theirs
else
	skip 'but for the labels the output is that of s6-tai64n' 'no s6'
fi

to_full() { echo x | svc-tai64n >/dev/full; }
exits 111 'a full disk is an error' to_full
is 'which is named' "$(cat err)" 'svc-tai64n: fatal: unable to write to standard output: No space left on device'
from_dir() { svc-tai64n </; }
exits 111 'and so is what can not be read' from_dir
is 'which is named too' "$(cat err)" 'svc-tai64n: fatal: unable to read standard input: Is a directory'
exits 100 'there are no options' svc-tai64n -x
exits 100 'and no arguments' svc-tai64n file
done_testing
