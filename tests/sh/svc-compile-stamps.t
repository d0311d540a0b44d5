#!/bin/sh
# svc-compile: where nothing has changed, nothing is read; whatever has changed is noticed.
. "${0%/*}/lib.sh"

mkdir -p etc/services etc/enabled
echo 'exec = "sleep 1000"' >etc/services/other.toml
echo 'exec = "sleep 90000"' >etc/services/one.toml
compile() { svc-compile --output "$T/lib" --programs "$BIN" "$T/etc/services"; }
boot() { readlink "$T/lib/boot"; }
stamped() { compile >/dev/null && [ -f lib/stamps ]; }
# Files that are younger than a tick of the clock are read again.
becomes 10 'what was read is noted' stamped
if has strace && strace -qq -o try true 2>/dev/null && [ -s try ]; then
	ok 'a compile with a trace' strace -qq -e trace=open,openat -o trace svc-compile --output "$T/lib" --programs "$BIN" "$T/etc/services"
	is 'which has nothing to do' "$(cat out)" '2 services, 0 enabled: nothing changed since generation 1'
	is 'reads no service file' "$(grep -c 'toml"' trace)" 0
else
	skip 'a compile with a trace' 'no strace for us here'
	skip 'which has nothing to do' 'no strace for us here'
	skip 'reads no service file' 'no strace for us here'
fi
# outcome OF-COMPILE - new, or nothing changed, or errors.
outcome() { sed -n '1{s/since generation.*//;s/generation [0-9]*$/new/;s/.*: //;s/ $//;p}'; }
# notices WHAT RESULT COMMAND... - what a command changes is noticed.
notices() {
	what=$1 want=$2; shift 2
	rm -f lib/stamps
	until_ok 10 stamped
	"$@"
	is "$what" "$(compile 2>&1 | outcome)" "$want"
}
in_place() {
	touch -r etc/services/one.toml before
	printf 'exec = "sleep 9%s"\n' "$1" | dd of=etc/services/one.toml conv=notrunc 2>dd.err
	touch -r before etc/services/one.toml
}
notices 'another text of the same length and date' new in_place 1111
notices 'a new file' new cp etc/services/one.toml etc/services/two.toml
notices 'a file that is gone' new rm etc/services/two.toml
mkdir etc/services/one.d
notices 'a new drop-in' new sh -c 'echo nice = 5 >etc/services/one.d/1.toml'
notices 'another drop-in' new sh -c 'echo nice = 6 >etc/services/one.d/1.toml'
notices 'a mask' new ln -sf /dev/null etc/services/one.d/1.toml
notices 'what is enabled' new ln -s x etc/enabled/one
echo 'exec = "sleep 1"' >elsewhere
ln -s "$T/elsewhere" etc/services/linked.toml
notices 'another text behind a link' new sh -c 'echo "exec = \"sleep 2\"" >elsewhere'
notices 'nothing at all' 'nothing changed' true
cp /bin/sleep program
echo "exec = \"$T/program\"" >elsewhere
notices 'another version of a program' 'nothing changed' sh -c 'rm program && cp /bin/cat program'
notices 'a program that is gone' "there is no program $T/program" rm program
cp /bin/sleep program
notices 'a program that is there again' 'nothing changed' true
other() { svc-compile --output lib --programs /bin etc/services; }
is 'another option is noticed' "$(other | outcome)" new
noted() { other >/dev/null && grep -q "^${1##*/} " lib/stamps; }
until_ok 10 noted "$(boot)"
ok 'when boot leads elsewhere' svc-compile --output lib --rollback
is 'that is noticed' "$(other | outcome)" new
# shorten LINE - stamps without what is about files, and without an end.
shorten() {
	sed '/^text /d; $d' lib/stamps >stamps
	echo "$1" >>stamps
	cp stamps lib/stamps
	echo "exec = \"sleep 8$n\"" >etc/services/one.toml
}
n=0
for line in end 'text none /none' en ''; do
	n=$((n + 1))
	case $line in end) want='nothing changed' ;; *) want=new ;; esac
	notices "stamps that end with '$line'" "$want" shorten "$line"
done
echo 'wants = ["nobody"]' >etc/services/one.d/3.toml
compile >/dev/null 2>&1
like 'a warning is told each time' "$(compile 2>&1 >/dev/null)" 'warning\[W001\]'

done_testing
