#!/bin/sh
# limit: 200
# A clock that is stepped back by a year, and on by two, under loggers at work: names and lines stay in
# order, and what is removed is never the newest.
. "${0%/*}/../sh/lib.sh"

# step YEARS - of 365 days.
step() { date -s "@$(($(date +%s) + $1 * 31536000))" >/dev/null; }
archives() { (cd "$1" && printf '%s\n' @*); }
# lines DIR - without stamps.
lines() { cat "$1"/@* "$1/current" | sed 's/^@[0-9a-f]* //'; }
few() { [ "$(archives "$1" | wc -l)" -le 3 ]; }
has_last() { [ "$(lines "$1" | tail -n 1)" = "line $2" ]; }
# numbered FIRST LAST
numbered() { seq "$1" "$2" | sed 's/^/line /'; }
say() { numbered "$1" "$2" | tee fifos/web >&3; }
# logged LAST WHAT - both loggers keep some archives, of which the newest lines are left.
logged() {
	for dir in d logs/web; do
		becomes 60 "$dir: $2, lines come" has_last "$dir" "$1"
		becomes 60 'there are no more archives than may be' few "$dir"
		lines "$dir" >got
		first=$(sed -n '1s/^line //p' got)
		numbered "$first" "$1" >want
		ok "the newest lines are left, in order, from $first on" cmp got want
		ok 'no others' [ "$first" -gt $(($1 - 700)) ]
	done
}

mkfifo fifo
exec 3<>fifo
mkdir -m 700 fifos
mkfifo -m 600 fifos/web
exec 4<>fifos/web
start() {
	svc-log t s4096 n3 ./d <fifo 3>&- 4>&- &
	log=$!
	svc-logd fifos logs s4096 n3 3>&- 4>&- &
	logd=$!
}
start
say 1 1000
logged 1000 'before'
step -1
say 1001 2000
logged 2000 'a year back'
kill -9 "$log" "$logd"
wait "$log" "$logd"
step -1
start
say 2001 3000
logged 3000 'killed and another year back'
newest=$(archives d | tail -n 1)
step 2
say 3001 4000
logged 4000 'forward again'
ok 'new names are later than old ones' [ "$(printf '%s\n' "$newest" "$(archives d | tail -n 1)" | sort | head -n 1)" = "$newest" ]
kill "$log" "$logd"
becomes 60 'they end' gone "$log"
becomes 60 'both' gone "$logd"
done_testing
