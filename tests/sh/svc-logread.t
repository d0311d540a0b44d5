#!/bin/sh
# svc-logread: the logs of services, merged, searched.
. "${0%/*}/lib.sh"
TZ=UTC0
COPPICE_LOG_ROOT=$T/root
export TZ COPPICE_LOG_ROOT

# label SECONDS - that of this many seconds after 2025-11-20 00:00:00 UTC; date: @1763596800.
label() { printf '@40000000%x%08x' $((1763596810 + $1)) 0; }
# lines FROM TO WORD - stamped lines, one each second.
lines() {
	at=$1
	while [ "$at" -le "$2" ]; do echo "$(label "$at") $3 $at"; at=$((at + 1)); done
}

exits 100 'an unknown option is a mistake' svc-logread -x
exits 100 'a count that is no number is a mistake' svc-logread -n many
exits 100 'so is a time that is none' svc-logread --since noon
is 'which is named, with examples' "$(head -n 1 err)" "svc-logread: fatal: invalid time: noon (write 10:00, yesterday, -1h, 2d ago, 2026-11-20 10:00, 2026-11-20T10:00:00Z, @1763632800)"
exits 100 'a stamp that is none' svc-logread --stamp long
is 'is named too' "$(head -n 1 err)" 'svc-logread: fatal: invalid stamp: long (local, utc, tai64n, relative, none or raw)'
exits 100 'following has no end' svc-logread -f --until now
exits 100 'an end before the beginning is a mistake' svc-logread --since -1h --until -2h
exits 100 'a pattern that is none is a mistake' svc-logread --grep 'a(b'
exits 100 'so are two patterns' svc-logread --grep a --grep b
is 'and it says what to write' "$(head -n 1 err)" 'svc-logread: fatal: --grep can be given once (a|b is either of two)'
exits 100 'seconds without their @ are no time' svc-logread --since 1763596800
exits 1 'no root is an answer' svc-logread nginx
is 'and it says where another is named' "$(cat err)" "svc-logread: fatal: there is no directory $T/root (see --root and COPPICE_LOG_ROOT)"
exits 1 'a service that is not there is not waited for' svc-logread -f nginx

# The files of one log.
mkdir -p root/web
lines 0 9 web >"root/web/$(label 10).s"
lines 10 19 web >"root/web/$(label 20).s"
lines 20 29 raw >"root/web/$(label 30).u"
lines 20 29 web >"root/web/$(label 30).s"
lines 30 34 web >root/web/current
printf '%s web 35' "$(label 35)" >>root/web/current
for other in lock state journal processed previous.new newstate; do echo "$other" >"root/web/$other"; done
lines 0 34 web >all
echo "$(label 35) web 35" >>all
ok 'a log is all its files in order' svc-logread --stamp raw web
is 'each line once' "$(cat out)" "$(cat all)"
svc-logread --stamp tai64n web >out
is 'by lines too' "$(cat out)" "$(cat all)"
is 'a directory is named with a slash' "$(svc-logread --stamp raw ./root/web/)" "$(cat all)"
is 'stamps are local time' "$(svc-logread web | sed -n '2p')" '2025-11-20 00:00:01.000000 web 1'
is 'of the place that TZ names' "$(TZ=CET-1 svc-logread web | sed -n '2p')" '2025-11-20 01:00:01.000000 web 1'
is 'or UTC' "$(svc-logread --stamp utc web | sed -n '2p')" '2025-11-20T00:00:01.000000Z web 1'
is 'or nothing' "$(svc-logread web --stamp none | sed -n '2p')" 'web 1'
like 'or relative to now' "$(svc-logread -n 1 --stamp relative web)" '^ *-[0-9]+:[0-9]{2}:[0-9]{2}\.[0-9]{3} web 35$'
is 'JSON has an object a line' "$(svc-logread --json -n 1 web)" \
	'{"schema":"svctl-logs-1","time":"2025-11-20T00:00:35.000000000Z","service":"web","message":"web 35"}'

# Parts of it.
said() { svc-logread --stamp none "$@" web | sed 's/web //' | tr '\n' ' '; }
is 'the last lines' "$(said -n 3)" '33 34 35 '
is 'over archives' "$(said -n 8)" '28 29 30 31 32 33 34 35 '
is 'none' "$(said -n 0)" ''
is 'all if there are fewer' "$(said -n 100 | wc -w)" 36
is 'since a time' "$(said --since '2025-11-20 00:00:33')" '33 34 35 '
is 'between lines' "$(said --since '2025-11-20 00:00:33.5')" '34 35 '
is 'until a time' "$(said --until '2025-11-20T00:00:02Z')" '0 1 2 '
is 'between two times, in archives' "$(said --since "$(label 18)" --until @1763596822)" '18 19 20 21 22 '
is 'the last ones of these' "$(said --since "$(label 18)" --until @1763596822 -n 2)" '21 22 '
is 'a span is one before now' "$(said --since 5m)$(said --until 1h30m | wc -w)" 36
is 'nothing of the future' "$(said --since '2100-01-01')" ''
is 'what matches' "$(said --grep '^web [12]?5$')" '5 15 25 '
is 'the last ones that match' "$(said --grep 5 -n 2)" '25 35 '
is 'whatever its case' "$(said -i --grep 'WEB 7')" '7 '
is 'what does not match' "$(said -v --grep '[0-8]')" '9 '
is 'the stamp is not searched' "$(said --grep '@')" ''

# Packed archives: by their bytes, whatever the name says.
for program in gzip zstd xz; do
	if ! has "$program"; then skip "archives of $program are read" 'it is not installed'; continue; fi
	rm -rf root/packed
	cp -R root/web root/packed
	case $program in gzip) suffix=.gz ;; zstd) suffix=.zst ;; xz) suffix=.xz ;; esac
	"$program" -qc <"root/web/$(label 20).s" >"root/packed/$(label 20).s$suffix"
	rm "root/packed/$(label 20).s"
	"$program" -qc <"root/web/$(label 30).s" >"root/packed/$(label 30).s"
	is "archives of $program are read" "$(svc-logread --stamp raw packed)" "$(cat all)"
	is "searched by time" "$(svc-logread --stamp none packed --since "$(label 18)" --until "$(label 22)" | tr '\n' ' ')" \
		'web 18 web 19 web 20 web 21 web 22 '
	is "and counted from the end" "$(svc-logread --stamp raw -n 12 packed)" "$(tail -n 12 all)"
done
if has gzip; then
	mkdir bin
	ln -s "$BIN/svc-logread" bin/svc-logread
	rm -rf root/packed
	mkdir root/packed
	gzip -c <"root/web/$(label 20).s" >"root/packed/$(label 20).s.gz"
	cp "root/packed/$(label 20).s.gz" "root/packed/$(label 21).s.gz"
	cp root/web/current root/packed
	exits 111 'what can not be unpacked is an error' env PATH="$T/bin" svc-logread --stamp none packed
	is 'said in one line' "$(cat err)" 'svc-logread: warning: gzip is not installed: what it packed is left out'
	is 'and the rest is shown' "$(wc -l <out)" 6
	cp -R root/packed root/packed2
	exits 111 'so it is in two logs' env PATH="$T/bin" svc-logread --stamp none -n 100 packed packed2
	is 'in one line for both' "$(cat err)" 'svc-logread: warning: gzip is not installed: what it packed is left out'
	rm -r root/packed2
	rm "root/packed/$(label 20).s.gz"
	size=$(wc -c <"root/packed/$(label 21).s.gz")
	head -c "$((size - 4))" "root/packed/$(label 21).s.gz" >part
	mv part "root/packed/$(label 21).s.gz"
	for last in '' '-n 100'; do
		# shellcheck disable=SC2086  # words
		exits 111 "nor can what is damaged ($last)" svc-logread --stamp none $last packed
		is 'which is named' "$(grep svc-logread err)" "svc-logread: warning: packed: $(label 21).s.gz: damaged, shown as far as it goes (gzip: exit=1)"
		is 'and shown as far as it goes' "$(wc -l <out)" 16
	done
fi
rm -rf root/packed

# Several logs.
mkdir -p root/db/main root/db/replica
lines 1 3 main >root/db/main/current
{ lines 2 2 replica; echo 'more of it'; lines 4 4 replica; } >root/db/replica/current
is 'several logs are merged by time' "$(svc-logread --stamp none db web -n 100 | head -n 8)" 'web        web 0
db/main    main 1
web        web 1
db/main    main 2
db/replica replica 2
db/replica more of it
web        web 2
db/main    main 3'
is 'the last lines are those of all' "$(svc-logread --stamp none db -n 2)" 'db/main    main 3
db/replica replica 4'
is 'all logs are meant by none' "$(svc-logread | wc -l)" 42
is 'or by the directory of all' "$(svc-logread ./root/ | wc -l)" 36
is 'roots can be given' "$(svc-logread --root root/db --stamp none main | head -n 1)" 'main 1'
mkdir root/empty
ok 'a log without a line is none' svc-logread empty
is 'as is said' "$(cat err)" 'svc-logread: warning: empty: nothing was logged yet'
exits 1 'a file is no log' svc-logread ./root/web/current
is 'its directory is' "$(cat err)" 'svc-logread: fatal: ./root/web/current is a file: name its directory, ./root/web'
exits 1 'nor is one without dots' sh -c 'cd root && exec svc-logread web/current'
is 'its directory is named with a slash, too' "$(cat err)" 'svc-logread: fatal: web/current is a file: name its directory, ./web'
exits 1 'a service with a slash is no directory' svc-logread web/
is 'as is said of it' "$(cat err)" 'svc-logread: fatal: there is no directory web/ (if web is a service, leave the slash out)'
if [ "$(id -u)" = 0 ] && has setpriv; then
	dir=$T
	while case ${dir##*/} in coppice*|*.t) ;; *) false ;; esac do chmod a+x "$dir"; dir=${dir%/*}; done
	mkdir -p mixed/hidden && chmod 700 mixed/hidden && cp -R root/web mixed/web
	# shellcheck disable=SC2086  # words
	other() { exits 111 "$1" setpriv --reuid 65534 --clear-groups svc-logread --stamp none --root "$T/mixed" $2; is 'the rest is shown' "$(wc -l <out)" 36; }
	other 'of all logs one that may not be read is an error'
	other 'as it is of several' 'hidden web'
	mkdir -m 700 closed
	other 'and one of several roots' "--root $T/closed"
	other 'for a name as well' "--root $T/closed web"
fi
exits 1 'a name that is misspelt is no log' svc-logread wbe
is 'but like one' "$(cat err)" "svc-logread: fatal: there is no log of wbe in $T/root; is it web?"
exits 1 'a directory that is not there is none' svc-logread ./wbe
is 'as is said of it' "$(cat err)" 'svc-logread: fatal: there is no directory ./wbe'

# Other stamps, and none.
mkdir other
printf '2025-11-20 00:00:01.500000000  one\n2025-11-20 00:00:02.500000000  two\n' >other/current
is "s6-log's dates are stamps" "$(svc-logread ./other --since '2025-11-20 00:00:02' --stamp utc)" '2025-11-20T00:00:02.500000Z two'
printf '%s 2025-11-20 00:00:01.500000000  both\n' "$(label 7)" >other/current
is 'with a label too' "$(svc-logread ./other)" '2025-11-20 00:00:07.000000 both'
printf 'plain\nlines\n' >other/current
is 'lines may have none' "$(svc-logread ./other)" 'plain
lines'
is 'which is null' "$(svc-logread --json -n 1 ./other)" '{"schema":"svctl-logs-1","time":null,"service":"./other","message":"lines"}'
lines 5 8 back >other/current
lines 1 3 back >>other/current
is 'a clock that was set back hides nothing' "$(svc-logread --stamp none ./other | tr '\n' ' ')" 'back 5 back 6 back 7 back 8 back 1 back 2 back 3 '

# What is in a line.
printf '%s \033[2J\001\377 \303\251\n' "$(label 1)" >other/current
is 'bytes pass' "$(svc-logread --stamp none ./other | od -An -tx1 | tr -d ' \n')" '1b5b324a01ff20c3a90a'
is 'in JSON they are text' "$(svc-logread --json ./other | sed 's/.*"message"://')" "\"\\u001b[2J\\u0001$(printf '\357\277\275') é\"}"
head -c 3000000 /dev/zero | tr '\0' x | sed "s/^/$(label 1) /" >other/current
echo >>other/current
lines 2 2 short >>other/current
is 'a line may be as long as it likes' "$(svc-logread ./other --stamp none | wc -c)" 3000009
is 'it is one' "$(svc-logread ./other --stamp none -n 2 | wc -l)" 2

# On a terminal.
if has script; then
	on_terminal() { script -qec "stty rows 6; $1" /dev/null </dev/null | tr -d '\r'; }
	is 'on a terminal the newest page' "$(on_terminal 'svc-logread --stamp none web')" 'web 31
web 32
web 33
web 34
web 35'
	printf '%s \033[2J\001\377 \303\251\n' "$(label 1)" >other/current
	is 'which nothing in a line can drive' "$(on_terminal 'svc-logread --stamp none ./other')" '\x1b[2J\x01\xff é'
	contains 'names have colours' "$(on_terminal 'svc-logread --stamp none db')" "$(printf '\033[31mdb/main   ')"
	is 'unless somebody does not want that' "$(on_terminal 'NO_COLOR=1 svc-logread -n 1 --stamp none db')" 'db/replica replica 4'
else
	skip 'what a terminal shows' 'script is not installed'
fi

# A reader that goes away.
lines 1 2000 many >other/current
is 'when its reader goes away it ends' "$(svc-logread ./other 2>err | head -n 1)" '2025-11-20 00:00:01.000000 many 1'
is 'without a word' "$(cat err)" ''

# Rights.
if is_root && has setpriv; then
	mkdir -p secret/log
	chmod 755 "$T"
	chmod 700 secret/log
	as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$BIN/svc-logread" "$@"; }
	exits 111 'who may not read a log' as_nobody ./secret/log
	is 'is told who may' "$(cat err)" 'svc-logread: fatal: unable to read ./secret/log: Permission denied (who may read: root; mode 0700)'
	mkdir secret/open
	lines 1 1 open >secret/open/current
	chmod 755 secret secret/open
	exits 111 'one of several that may not be read' as_nobody ./secret
	is 'is told' "$(cat err)" 'svc-logread: warning: unable to read ./secret/log: Permission denied (who may read: root; mode 0700)'
	contains 'and the others are read' "$(cat out)" 'open 1'
else
	skip 'who may not read a log is told who may' 'only root can take rights away from himself'
fi

done_testing
