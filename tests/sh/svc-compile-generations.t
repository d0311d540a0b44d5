#!/bin/sh
# svc-compile: which generations stay, and the way back to one.
# limit: 300
#
#   FULL=1      killed at every system call (otherwise one in STEP)
#   STEP=N      (7)
. "${0%/*}/lib.sh"

mkdir -p etc/services etc/enabled lib
echo 'exec = "sleep 1000"' >etc/services/other.toml
compile() { svc-compile --output "$T/lib" --programs "$BIN" "$@" "$T/etc/services"; }
back() { svc-compile --output "$T/lib" --rollback "$@"; }
# change N - a set that differs from all others.
change() { echo "exec = \"sleep $1\"" >etc/services/one.toml; }
there() { (cd "$T/lib/generations" && echo *); }
boot() { readlink "$T/lib/boot"; }
next=1000
# some N - so many generations more.
some() {
	for _ in $(seq "$1"); do
		next=$((next + 1))
		change "$next"
		compile >/dev/null || return
	done
}

ok 'twelve generations are made' some 12
is 'the ten newest stay' "$(there)" '10 11 12 3 4 5 6 7 8 9'
next=2000 && change 2000
ok 'fewer can be kept' compile --keep 3
is 'then the others go' "$(there)" '11 12 13'
ln -s generations/11 lib/good
some 1
is 'of which there are fewer stay all' "$(there)" '11 12 13 14'
next=3000 && change 3000
ok 'one' compile --keep 1
is 'what a link leads to stays' "$(there)" '11 15'
if has flock; then
	mkfifo hold
	flock --shared lib/generations/15/contents sh -c 'echo >holding; exec cat hold' >/dev/null &
	until_ok 10 test -f holding
	next=4000 && change 4000
	ok 'while somebody holds one' compile --keep 1
	is 'it stays' "$(there)" '11 15 16'
	: >hold
	until_ok 10 flock --nonblock lib/generations/15/contents true
	next=4001 && change 4001
	compile --keep 1 >/dev/null
	is 'and goes when it is free' "$(there)" '11 17'
else
	some 2
	skip 'while somebody holds one' 'no flock here'
	skip 'it stays' 'no flock here'
	compile --keep 1 >/dev/null
	skip 'and goes when it is free' 'no flock here'
fi
rm lib/good
# A removal that a crash has ended.
mkdir -p lib/generations/4.old/services/x lib/generations/99.new
next=5000 && change 5000
ok 'half of a removal is no hindrance' compile --keep 2
is 'and is removed' "$(there)" '17 18'
exits 100 'a wrong number' compile --keep many
like 'is said' "$(cat err)" '^svc-compile: fatal: invalid number: many$'
if is_root && has chattr && touch try && chattr +i try 2>/dev/null; then
	chattr -i try
	chattr +i lib/generations/17/contents
	next=5001 && change 5001
	ok 'what can not be removed is no failure' compile --keep 1
	like 'but a warning' "$(cat err)" '^svc-compile: warning: unable to remove old generations in .*/lib/generations: '
	chattr -i lib/generations/17*/contents
	next=5002 && change 5002
	compile --keep 1 >/dev/null
	is 'and it is removed the next time' "$(there)" '20'
else
	skip 'what can not be removed is no failure' 'no immutable files here'
	skip 'but a warning' 'no immutable files here'
	some 1
	next=5002 && change 5002
	compile --keep 1 >/dev/null
	skip 'and it is removed the next time' 'no immutable files here'
fi

# Back.
some 2
is 'boot leads to the newest' "$(there) $(boot)" '20 21 22 generations/22'
ok 'back to the one before' back
is 'which is said' "$(cat out)" 'boot leads to generation 21, no longer to generation 22'
is 'and done' "$(boot)" generations/21
ok 'and to the one before that' back
is 'is done' "$(boot)" generations/20
exits 100 'there is an end' back
is 'which is said' "$(cat err)" 'svc-compile: fatal: there is none before generation 20'
ok 'forward to one that is named' back 22
is 'which is said too' "$(cat out)" 'boot leads to generation 22, no longer to generation 20'
ok 'to where boot leads already' back 22
is 'nothing is to be done' "$(cat out)" 'boot leads to generation 22 already'
exits 100 'one that is not there' back 7
is 'is refused' "$(cat err)" 'svc-compile: fatal: generation 7 is not there: nothing is changed'
exits 100 'what is no number' back x
cp lib/generations/21/graph graph
echo ' after other' >>lib/generations/21/graph
exits 100 'one that was changed' back 21
is 'is refused, and what was changed is named' "$(cat err)" \
	'svc-compile: fatal: generation 21 is not as it was written: graph: nothing is changed'
cp graph lib/generations/21/graph
mv lib/generations/21/services/one/run run
exits 100 'one that lacks a file' back 21
like 'is refused, and its service is named' "$(cat err)" 'not as it was written: services/one:'
mv run lib/generations/21/services/one/run
mv lib/generations/21/contents contents
exits 100 'one without contents' back 21
like 'is refused, as not whole' "$(cat err)" 'generation 21 is not whole: it has no file contents'
mv contents lib/generations/21/contents
is 'boot leads where it led' "$(boot)" generations/22
ok 'whole again' back 21
is 'it is taken' "$(boot)" generations/21
ok 'the next compile compares with that' compile
is 'and makes a new one' "$(sed 1q out)" '2 services, 0 enabled: generation 23'
exits 111 'where there are none' svc-compile --output "$T/none" --rollback

# Killed at one system call after the other, boot leads to a whole generation, and none under a number
# is half.
if ! has strace || ! strace -qq -o try true 2>/dev/null || ! [ -s try ]; then
	skip 'killed anywhere, generations are whole' 'no strace for us here'
	done_testing
fi
step=${STEP:-7}
[ -z "${FULL:-}" ] || step=1
# fresh DIR - three generations, and something to compile with which one goes.
fresh() {
	rm -rf "$1" && mkdir -p "$1/etc/services"
	for n in 1 2 3 4; do
		echo "exec = \"sleep $n\"" >"$1/etc/services/a.toml"
		echo "exec = \"sleep 5\"" >"$1/etc/services/b.toml"
		[ "$n" = 4 ] || svc-compile --output "$1/lib" "$1/etc/services" >/dev/null
	done
}
# whole DIR - where boot leads can be gone to, and so can all others.
whole() {
	at=$(basename "$(readlink "$1/lib/boot")")
	for path in "$1"/lib/generations/*; do
		case $path in *.new | *.old) continue ;; esac
		svc-compile --output "$1/lib" --rollback "${path##*/}" >/dev/null || return
	done
	svc-compile --output "$1/lib" --rollback "$at"
}
fresh k
strace -qq -o trace svc-compile --output k/lib --keep 2 k/etc/services >/dev/null
is 'with all to be done, one goes' "$(cd k/lib/generations && echo *)" '3 4'
sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' trace | awk '{ print $1, ++n[$1] }' |
	grep -v '^exit_group\|^execve' | awk -v step="$step" 'NR % step == 0' >calls
sed -n 's/^\(rename[a-z0-9]*\|unlink[a-z]*\|symlink[a-z]*\|syncfs\|fsync\)(.*/\1/p' trace |
	awk '{ print $1, ++n[$1] }' >>calls
bad_places='' hit=0
while read -r call n; do
	fresh k
	strace -qq -o trace -e inject="$call:signal=KILL:when=$n" \
		svc-compile --output k/lib --keep 2 k/etc/services >/dev/null 2>&1
	grep -q 'killed by SIGKILL' trace && hit=$((hit + 1))
	whole k >/dev/null 2>whole.err || bad_places="$bad_places $call:$n:$(sed 1q whole.err)"
	svc-compile --output k/lib --keep 2 k/etc/services >/dev/null 2>&1 || bad_places="$bad_places again:$call:$n"
	[ "$(sed -n 's/^sleep //p' k/lib/boot/services/a/run)" = 4 ] || bad_places="$bad_places boot:$call:$n"
done <calls
is 'killed anywhere, generations are whole' "$bad_places" ''
ok 'it was killed somewhere' test "$hit" -gt 5
echo 'exec = "sleep 6"' >k/etc/services/b.toml
ok 'whatever was left' svc-compile --output k/lib --keep 2 k/etc/services
is 'is removed in the end' "$(find k/lib/generations -mindepth 1 -maxdepth 1 | wc -l)" 2

done_testing
