#!/bin/sh
# What may change in a service directory under a running tree, and where it may be.
. "${0%/*}/lib.sh"

script() { cat >"$1" && chmod 755 "$1"; }
# talker NAME - says a number a line, faster than anybody starts a logger.
talker() {
	service "$1" <<-'EOF'
		#!/bin/sh
		n=0
		while :; do
			n=$((n + 1))
			echo "line $n"
			echo "$n" >said
			sleep 0.02
		done
	EOF
	echo group >"$1/kill-scope"
}
logger() {
	mkdir "$1"
	script "$1/run" <<-end
		#!/bin/sh
		# TERM takes no line from its hands.
		trap over=1 TERM
		while [ ! "\$over" ] && IFS= read -r line; do echo "\$line"; done >>$2
	end
}
field() { svc-stat -o "$1" "$2"; }
# counts_up FILE - every line in it is the one after the line before.
counts_up() {
	awk '$1 != "line" || (NR > 1 && $2 != last + 1) { bad = 1 } { last = $2 } END { exit bad || NR == 0 }' "$1"
}

mkdir tree
talker tree/s
background svc-scan tree
scan=$pid scan_out=$pid.out
ok 'without log/ the output is the tree'"'"'s own' svc-wait -t 60000 up tree/s
becomes 10 'and is there' grep -q '^line 3$' "$scan_out"

# Added: from the next start on.
service=$(field pid tree/s)
logger tree/s/log "$T/first"
ok 'log/ is added' svc-scanctl scan tree
until_ok 10 svc-wait -t 1000 up tree/s/log
is 'the service is left alone' "$(field pid tree/s)" "$service"
ok 'and when it is started again' svc-ctl -w r -T 60000 restart tree/s
becomes 10 'its output goes to the logger' grep -q '^line 3$' first
lines=$(wc -l <"$scan_out")
becomes 10 'all of it' counts_up first
is 'and no longer to the tree' "$(wc -l <"$scan_out")" "$lines"

# Changed: a logger restarts alone, and no line is lost or doubled.
service=$(field pid tree/s)
sed -i 's,/first$,/second,' tree/s/log/run
ok 'log/run is changed' svc-ctl -w r -T 60000 restart tree/s/log
becomes 10 'the new logger gets what follows' grep -qs line second
is 'the service noticed nothing' "$(field pid tree/s)" "$service"
cat first second >both
until_ok 10 counts_up both
ok 'between the two no line is missing' counts_up both

# Removed: what the service that runs says still goes to the logger; from its next start on it talks
# to the tree, and the logger, which nobody talks to any more, ends.
mv tree/s/log removed
ok 'log/ is removed' svc-scanctl update tree
lines=$(wc -l <second)
grown() { [ "$(wc -l <"$1")" -gt "$2" ]; }
becomes 10 'the service goes on talking to the logger' grown second "$lines"
is 'and is the same' "$(field pid tree/s)" "$service"
lines=$(wc -l <"$scan_out")
ok 'it is started again' svc-ctl -w r -T 60000 restart tree/s
becomes 10 'then it talks to the tree' grown "$scan_out" "$lines"
no_logger() { ! svc-ok removed; }
becomes 10 'and the logger ends' no_logger
cat first second >both
ok 'having missed no line' counts_up both

# Renamed: the same service.
service=$(field pid tree/s)
mv tree/s tree/renamed
svc-scanctl scan tree
becomes 10 'a rename changes the name' grep -q '^name=renamed$' tree/renamed/supervise/status
is 'and restarts nothing' "$(field pid tree/renamed)" "$service"
kill "$scan"
until_ok 20 gone "$scan"

# A directory that nobody may write to, with supervise and event elsewhere.
mkdir elsewhere
talker plain
logger plain/log "$T/third"
for name in supervise event; do
	ln -s "$T/elsewhere/$name" "plain/$name"
	ln -s "$T/elsewhere/log.$name" "plain/log/$name"
done
printf '#!/bin/sh\nexec sh -c "while echo line; do sleep 0.1; done"\n' | script plain/run
mkdir readonly
ln -s ../plain readonly/plain
protected='by its mode'
if is_root; then
	protected=
	if unshare --mount mount --bind plain plain 2>/dev/null; then protected='a read-only mount'; fi
fi
case $protected in
'') skip 'a read-only directory' 'root is not bound by modes, and may not mount here' ;;
*)
	if is_root; then
		script inside <<-'EOF'
			#!/bin/sh
			mount --bind plain plain && mount -o remount,bind,ro plain || exit 111
			exec svc-scan readonly
		EOF
		background unshare --mount ./inside
	else
		chmod a-w plain plain/log
		background svc-scan readonly
	fi
	until_ok 10 test -p elsewhere/supervise/control
	ok "a read-only directory ($protected) with supervise and event elsewhere is up" \
		svc-wait -t 60000 up plain
	until_ok 10 test -p elsewhere/log.supervise/control
	ok 'its logger, too' svc-wait -t 60000 up plain/log
	becomes 10 'and gets the output' grep -qs line third
	ok 'it takes commands' svc-ctl -w r -T 60000 restart plain
	ok 'and announces changes' svc-ctl -w D -T 60000 down plain
	is 'what it writes is elsewhere' "$(cd elsewhere && echo ./*)" \
		'./event ./log.event ./log.supervise ./supervise'
	is 'with the modes of a directory of its own' \
		"$(stat -c %a elsewhere/supervise elsewhere/event elsewhere/supervise/control | tr '\n' ' ')" '700 3730 600 '
	kill "$pid"
	until_ok 20 gone "$pid"
	;;
esac

# A link that leads nowhere, even its parent missing, heals.
mkdir links
service links/late <<'EOF'
#!/bin/sh
exec sleep 1000
EOF
ln -s "$T/later/supervise" links/late/supervise
background svc-scan links
becomes 10 'where supervise/ cannot be made, a line says so' grep -q 'late: .*supervise' "$pid.err"
mkdir later
becomes 20 'and it is supervised as soon as it can' svc-wait -t 100 up links/late
done_testing
