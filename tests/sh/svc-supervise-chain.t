#!/bin/sh
# svc-supervise: chains that it goes through without svc-chain.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

# chain DIR LINE... - a service whose run is a chain file for svc-chain of the directory $chains.
chain() { dir=$1; shift; printf '%s\n' "#!$chains/svc-chain" "$@" | service "$dir"; }

mkdir alone
cp "$BIN/svc-supervise" alone
script say <<'end'
#!/bin/sh
echo said >&2
exec sleep 1000
end
# says_it FILE - all that was said is in there.
says_it() { [ "$(cat "$1")" = said ]; }

chains=$T/alone
chain short '# What it is' 'svc-fdmove -c 2 1' "$T/say"
background "$T/alone/svc-supervise" short
becomes 10 'a chain that only has errors go where the output goes needs no svc-chain' says_it "$pid.out"
chain plain "$T/say"
background "$T/alone/svc-supervise" plain
becomes 10 'nor does one that is a program, whose errors go elsewhere' says_it "$pid.err"
chain long 'svc-fdmove -c 2 1' 'svc-umask 077' "$T/say"
background "$T/alone/svc-supervise" long
becomes 10 'one with another link does' grep -q 'unable to start ./run: .*interpreter' "$pid.err"
chain forbidden "$T/say"
chmod 644 forbidden/run
background "$T/alone/svc-supervise" forbidden
becomes 10 'what is not executable is not run' grep -q 'unable to start ./run: ' "$pid.err"
is 'at all' "$(cat "$pid.out")" ''

# One directory of two names: only by the first is it known whose svc-chain that is.
mkdir both
cp "$BIN/svc-scan" "$BIN/svc-supervise" "$BIN/svc-chain" both
ln -s both other
script show <<'end'
#!/bin/sh
{
	tr '\0' '\n' </proc/$$/cmdline
	tr '\0' '\n' </proc/$$/environ
	cat /proc/$$/comm /proc/$$/limits
	# Of grep itself, which inherits them: a shell that waits blocks signals for a moment.
	grep -E '^(Umask|Uid|Gid|Groups|Sig(Blk|Ign)|Cap|NoNewPrivs|Seccomp)' /proc/self/status
	cut -d ' ' -f 5,6 /proc/$$/stat | sed "s/$$/itself/g"
	readlink /proc/$$/fd/*
	grep -h '^flags' /proc/$$/fdinfo/*
} >shown.new
mv shown.new shown
echo >&3
exec sleep 1000
end
for name in both other; do
	chains=$T/$name
	chain "scan/$name" 'svc-fdmove -c 2 1' "$T/show a  b"
	echo 3 >"scan/$name/notification-fd"
done
chains=$T/both
chain scan/lost 'svc-fdmove -c 2 1' "$T/nothing"
background "$T/both/svc-scan" scan
becomes 10 'a service of such a chain is ready' grep -q '^ready=' scan/both/supervise/status
until_ok 10 there scan/both/shown scan/other/shown
is 'it is the same process as through svc-chain' "$(sed s,scan/both,scan/X, scan/both/shown)" \
	"$(sed s,scan/other,scan/X, scan/other/shown)"
becomes 10 'svc-chain says what can not be run' \
	grep -q "^svc-chain: fatal: unable to run $T/nothing: " "$pid.out"
becomes 10 'and is what has ended' says scan/lost last-run exit=127

done_testing
