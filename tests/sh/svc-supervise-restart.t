#!/bin/sh
# svc-supervise: whether and when a dead service is started again; the tally of its deaths.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"
# shellcheck disable=SC3045  # where there is no -c, a core file is no harm
(ulimit -c 0) 2>/dev/null && ulimit -c 0

# Every policy after every kind of end. Each service ends once, and would stay the second time.
while read -r policy answers; do
	for end in exit-0 exit-1 TERM SEGV; do
		dir=scan/$policy.$end
		service "$dir" <<'end'
#!/bin/sh
if [ -e again ]; then echo >twice; exec sleep 1000; fi
echo >again
case ${1#*.} in
exit-*) exit "${1##*-}" ;;
*) kill -"${1#*.}" $$ ;;
esac
end
		echo "$policy" >"$dir/restart"
		echo 0 >"$dir/restart-delay"
		echo "$dir $end ${answers%% *}" >>table
		answers=${answers#* }
	done
done <<'end'
always yes yes yes yes
on-failure no yes no yes
on-success yes no yes no
on-abnormal no no no yes
on-abort no no no yes
no no no no no
end
background svc-scan scan
while read -r dir end answer; do
	policy=${dir#*/} policy=${policy%.*}
	if [ "$answer" = yes ]; then
		becomes 10 "restart=$policy starts it again after $end" there "$dir/twice"
	else
		becomes 10 "restart=$policy keeps it down after $end" says "$dir" ended policy
		is 'which is why it is wanted down' "$(key "$dir" state) $(key "$dir" wanted) $(key "$dir" starts)" 'down down 1'
	fi
done <table
is 'nothing was started in the meantime that should be down' \
	"$(grep -c ' no$' table) $(grep ' yes$' table | while read -r dir _; do [ -e "$dir/twice" ] && echo; done | wc -l)" '14 10'
ok 'a command starts what its policy keeps down' svc-ctl -u -wu -T 60000 scan/no.SEGV
is 'and clears the reason' "$(key scan/no.SEGV ended)" ''
rm scan/no.exit-0/again
ok 'also what would end the same way' svc-ctl -u scan/no.exit-0
becomes 10 'it ends by its policy once more' there scan/no.exit-0/again
ok 'a restart is not an end' svc-ctl -r -wr -T 60000 scan/no.SEGV
is 'the policy is not asked' "$(key scan/no.SEGV state) $(key scan/no.SEGV wanted)" 'up up'

# The delay: from start to start, doubled at each early death, never given up.
service quick <<'end'
#!/bin/sh
[ -e stay ] && exec sleep 1000
exit 1
end
echo 60000 >quick/restart-delay
supervise quick
until_ok 10 says quick quick 1
is 'the first early death costs restart-delay from the start' $(($(key quick start-due) - $(key quick started))) 60000
is 'it is down, and wanted up' "$(key quick state) $(key quick wanted)" 'down up'
ok 'd' svc-ctl -d quick
becomes 10 'takes the pending start away' lacks quick start-due
ok 'u starts at once' svc-ctl -u quick
becomes 10 'whatever the delay' says quick starts 2
becomes 10 'and the count begins anew' says quick quick 1
echo 100 >quick/restart-delay
echo 400 >quick/restart-delay-max
svc-ctl -u quick
until_ok 10 says quick quick 4
# From one and the same status, in which a start is due.
due() { cp quick/supervise/status seen && grep -q '^start-due=' seen; }
until_ok 10 due
delay=$(($(sed -n 's/^start-due=//p' seen) - $(sed -n 's/^started=//p' seen)))
# Up to a quarter is added from the second on.
is 'restart-delay-max is the most' "$([ "$delay" -ge 400 ] && [ "$delay" -le 500 ] && echo yes)" yes
touch quick/stay
until_ok 10 says quick state up
is 'the count is kept while it is up' "$([ "$(key quick quick)" -ge 4 ] && echo yes)" yes
ok 'a restart by command' svc-ctl -r -wr -T 60000 quick
is 'forgives' "$(key quick quick)" 0
service never <<'end'
#!/none
end
chmod 644 never/run
echo 60000 >never/restart-delay
supervise never
becomes 10 'a start that fails waits as well' says never quick 1
is 'and is no death' "$(key never starts) $(key never last-run) $(key never start-error)" '0  13'
chmod 755 never/run
ok 'u tries at once' svc-ctl -u never
becomes 10 'and has another reason' says never start-error 2
is 'each reason is said once' "$(grep -c . "$pid.err")" 2
contains 'the first' "$(cat "$pid.err")" 'svc-supervise never: warning: unable to start ./run: Permission denied'
contains 'and the second' "$(cat "$pid.err")" 'unable to start ./run: No such file or directory'

# The tally: 12 bytes of time, exit code, signal.
service dies <<'end'
#!/bin/sh
read -r n <n
echo $((n + 1)) >n
[ "$n" -lt 5 ] && exit "$n"
[ "$n" = 5 ] && kill -KILL $$
exec sleep 1000
end
echo 1 >dies/n
echo 0 >dies/restart-delay
echo 3 >dies/max-death-tally
supervise dies
until_ok 10 says dies starts 6
# codes DIR - exit code and signal of each death in the tally.
codes() { od -An -v -w14 -t u1 "$1/supervise/death_tally" | awk '{ printf "%s%d/%d", s, $13, $14; s = " " }'; }
tallied() { [ "$(codes dies)" = "$1" ]; }
becomes 10 'the last max-death-tally deaths are kept' tallied '3/0 4/0 137/9'
is 'the newest since a minute at most' "$(od -An -v -j28 -N8 -t x1 dies/supervise/death_tally | tr -d ' ' | {
	read -r hex; now=$(date +%s); then=$((0x${hex#40} - 10))
	[ $((now - then)) -le 60 ] && [ "$then" -le "$now" ] && echo yes; })" yes
echo 0 >dies/max-death-tally
n=$(key dies starts)
kill -TERM "$(key dies pid)"
until_ok 10 says dies starts $((n + 1))
becomes 10 'none, if that is asked for' test ! -s dies/supervise/death_tally
echo 4096 >dies/max-death-tally
kill -TERM "$(key dies pid)"
becomes 10 'a file that grew again is used again' tallied 143/15
kill "$pid"; until_ok 10 gone "$pid"
supervise dies
ok 'a new supervision begins a new one' test ! -s dies/supervise/death_tally

done_testing
