#!/bin/sh
# svc-logd: one logger for many services.
. "${0%/*}/lib.sh"

# logd ARGUMENT... - starts it; its pid is in $logd, what it says in $log.
logd() {
	background svc-logd -d 3 "$@" 3>ready
	# shellcheck disable=SC2154  # background sets it
	logd=$pid log=$pid.err
	until_ok 10 test -s ready
}
ends() { kill "$logd"; until_ok 10 gone "$logd"; }
# say NAME LINE... - to its fifo, which its supervisor would have made.
say() { name=$1; shift; [ -p "fifos/$name" ] || mkfifo -m 600 "fifos/$name"; printf '%s\n' "$@" >"fifos/$name"; }
plain() { sed 's/^@[0-9a-f]* //' "$@"; }
has_line() { plain "$1" 2>/dev/null | grep -q "$2"; }
value() { sed -n "s/^$1=//p" fifos/.svc-logd/status; }

for words in '' fifos 'fifos logs x99' '--rate many fifos logs' '--nonsense fifos logs'; do
	# shellcheck disable=SC2086  # words
	exits 100 "wrong usage: svc-logd $words" svc-logd $words
done
exits 100 'a directive with a typo' svc-logd fifos logs n10 x99
contains 'is named, with its number' "$(cat err)" 'svc-logd: fatal: directive 2: x99: no such directive'

mkdir -m 700 fifos
mkfifo -m 600 fifos/before
logd fifos logs
say before 'a fifo that was there'
becomes 5 'is logged' has_line logs/before/current '^a fifo that was there$'
say after one two three
becomes 5 'so is one that is new' has_line logs/after/current '^three$'
is 'each line with its time' "$(grep -c '^@[0-9a-f]\{24\} ' logs/after/current)" 3
is 'in a directory for each' "$(echo logs/*)" 'logs/after logs/before'
is 'the status file tells who it is' "$(value pid)" "$logd"
becomes 5 'and how many there are' prints 2 value services
exits 100 'a second one' svc-logd fifos other
contains 'is told so' "$(cat err)" 'svc-logd is already running on fifos'

# What is no fifo of ours.
echo x >fifos/file; ln -s before fifos/link; mkdir fifos/dir; mkfifo -m 600 fifos/.hidden
say last line
becomes 5 'it goes on beside a file, a link and a directory' has_line logs/last/current '^line$'
is 'which it names' "$(sed -n 's/^svc-logd: warning: unable to log \([a-z]*\): .*/\1/p' "$log" | sort | tr '\n' ' ')" 'dir file link '
rm fifos/file fifos/link; rmdir fifos/dir

# Lines without an end, ends without a line, bytes of all kinds.
printf 'no end' >fifos/after
printf ' yet\n\n\377\200 \0x\n' >fifos/after
becomes 5 'a line may come in pieces' has_line logs/after/current '^no end yet$'
becomes 5 'what is no UTF-8 stays as it is' grep -aq "$(printf '\377\200 ')" logs/after/current

# Killed, with input in the fifo: nothing is lost, nothing comes twice. A supervisor holds the fifo.
exec 8<>fifos/before
kill -STOP "$logd"
seq 1 2000 | sed 's/^/number /' >fifos/before & writer=$!
kill -9 "$logd"; until_ok 10 gone "$logd"
logd fifos logs
wait "$writer"
becomes 5 'a successor goes on' has_line logs/before/current '^number 2000$'
plain logs/before/current | sed -n 's/^number //p' >got
seq 1 2000 >wanted
ok 'with all lines, once and in order' cmp got wanted
exec 8>&-

# Fifos that go and come.
say goes 'before it went'
becomes 5 'a service' has_line logs/goes/current 'before'
kill -STOP "$logd"
echo 'just before' >fifos/goes & writer=$!
wait "$writer"
rm fifos/goes
kill -CONT "$logd"
becomes 5 'whose fifo is removed is logged to the end' has_line logs/goes/current 'just before'
becomes 5 'and forgotten' prints 3 value services
ok 'its log is marked as complete' test -x logs/goes/current
say goes 'another one'
becomes 5 'one of the same name is logged after it' has_line logs/goes/current 'another one'

# Told to end.
printf 'the last words' >fifos/last
ends
is 'the last line is logged even without an end' "$(plain logs/last/current | tail -n 1)" 'the last words'
ok 'logs are marked as complete' test -x logs/last/current
is 'it said nothing but that' "$(cat "$log")" ''

# A file for a service.
mkdir config
printf '# less\n-^debug\nn3 s4096\n--stamp none\n' >config/picky
printf 't\nn3 x99\n' >config/wrong
echo '?gzip -c' >config/zipped
logd --config config --prefix all: fifos logs n7
say picky 'debug this' 'info that'
becomes 5 'a service has its own directives' test -s logs/picky/current
is 'after those of the command line' "$(cat logs/picky/current)" 'all: info that'
say wrong anyway
becomes 5 'one with a mistake in them is logged as if there were none' has_line logs/wrong/current '^all: anyway$'
contains 'and the mistake is told' "$(cat "$log")" "$T/config/wrong:2: x99: no such directive"
echo n3 >config/wrong
printf 'p\n-info\n' >config/picky
kill -HUP "$logd"
say picky 'info gone' 'debug here'
becomes 5 'HUP reads them again' has_line logs/picky/current '^debug here$'
is 'all of it' "$(plain logs/picky/current | tail -n 1)" 'debug here'
say zipped 'to be packed'
until_ok 5 has_line logs/zipped/current packed
kill -ALRM "$logd"
packed() { gzip -dc logs/zipped/@*.s 2>/dev/null | grep -q 'to be packed'; }
becomes 5 'archives go through a processor' packed
archived() { ls logs/picky/@*.s >/dev/null 2>&1; }
becomes 5 'ALRM rotates' archived
ends

# Too much.
mkdir config2
logd --rate 50 fifos logs
seq 1 5000 >seq.txt
say flood go
until_ok 5 has_line logs/flood/current go
cat seq.txt >fifos/flood
becomes 10 'a limit on lines says how many are missing' has_line logs/flood/current 'lines left out: too many a second'
logged=$(plain logs/flood/current | grep -c '^[0-9]*$')
missing=$(plain logs/flood/current | sed -n 's/^(\([0-9]*\) lines left out.*/\1/p' | awk '{ n += $1 } END { print n }')
is 'and counts right' $((logged + missing)) 5000
say after 'others do not notice'
becomes 5 'nor does a service that says little' has_line logs/after/current 'others do not notice'
ends

# A log that can't be written.
logd fifos logs r200
say stuck first
until_ok 5 has_line logs/stuck/current first
kill -STOP "$logd"; rm -r logs/stuck; : >logs/stuck
kill -CONT "$logd"
# It looks whether its file is still there once a second.
nudged() { say stuck nudge; grep -q 'svc-logd stuck: warning: unable to .*trying every 200 ms, input waits' "$log"; }
becomes 5 'a file in the place of a directory is told of' nudged
say stuck second
becomes 5 'and stands in the status' prints stuck value blocked
say after 'meanwhile'
becomes 5 'others go on' has_line logs/after/current meanwhile
rm logs/stuck
becomes 5 'when it is mended it goes on' has_line logs/stuck/current second
becomes 5 'and says so' grep -q 'svc-logd stuck: warning: writing again' "$log"
ends

# Before there is a disk.
mkdir disk
logd --early early fifos disk/logs
say web 'very early'
becomes 5 'early lines are kept' has_line early/web/current 'very early'
ok 'the directory for logs is not made' test ! -e disk/logs
head -c 300000 /dev/zero | tr '\0' 'x' | fold -w 100 >fifos/web
echo >fifos/web
echo 'newest' >fifos/web
becomes 5 'if there are many, the newest' has_line early/web/current newest
is 'and not too many' "$([ "$(cat early/web/current early/web/@* | wc -c)" -lt 140000 ] && echo few)" few
kill -9 "$logd"; until_ok 10 gone "$logd"
mkdir -p disk/logs/web
echo 'of the boot before' >disk/logs/web/current
chmod +x disk/logs/web/current
lines=$(cat early/web/@* early/web/current | plain | wc -l)
logd --early early fifos disk/logs
becomes 5 'they are moved to the disk' test ! -e early/web
is 'all' "$(cat disk/logs/web/@* | plain | wc -l)" $((lines + 1))
is 'in order' "$(cat disk/logs/web/@* | plain | sed -n '1p;$p' | tr '\n' ' ')" 'of the boot before newest '
say web later
becomes 5 'and logging goes on there' has_line disk/logs/web/current '^later$'
ends
logd --early early --make fifos later/logs
say web 'before that'
becomes 5 'lines are kept where there is nothing to make the directory in' has_line early/web/current 'before that'
mkdir later
becomes 10 'later it is made' test -d later/logs
has_moved() { cat later/logs/web/@* | plain | grep -qx 'before that'; }
becomes 10 'and has them' has_moved
is 'for all to see who it belongs to' "$(stat -c %a later/logs)" 755
ends

# With a tree.
mkdir scan
service scan/talks <<'end'
#!/bin/sh
echo "service $$"
exec sleep 1000
end
logd fifos logs
background svc-scan --log-fifos "$T/fifos" scan
scan=$pid
becomes 10 'a service without a logger is logged' has_line logs/talks/current '^service [0-9]'
first=$(svc-stat -o pid scan/talks)
kill -9 "$logd"; until_ok 10 gone "$logd"
svc-ctl -T 60000 -wr -r scan/talks
logd fifos logs
becomes 5 'what it says while there is none is logged later' has_line logs/talks/current "^service $(svc-stat -o pid scan/talks)$"
is 'and what it said before stays' "$(plain logs/talks/current | head -n 1)" "service $first"
svc-scanctl terminate scan
until_ok 10 gone "$scan"
ends

# As a service of the tree, told to end after the others: what they say while they end is logged.
rm -rf fifos logs scan/talks/supervise
service scan/slow <<'end'
#!/bin/sh
trap 'sleep 0.3; echo last words; exit' TERM
echo up
while :; do sleep 0.05; done
end
service scan/logd <<end
#!/bin/sh
exec svc-logd "$T/fifos" "$T/logs"
end
mkdir fifos
background svc-scan --log-fifos "$T/fifos" --last logd scan
scan=$pid
becomes 10 'a service is logged by another' has_line logs/slow/current '^up$'
svc-scanctl terminate scan
until_ok 10 gone "$scan"
is 'which ends after it' "$(plain logs/slow/current | tail -n 1)" 'last words'
rm -r scan/slow scan/logd

# It need not be root in a tree of root's.
if [ "$(id -u)" = 0 ] && has setpriv; then
	dir=$T
	while case ${dir##*/} in coppice*|*.t) ;; *) false ;; esac do chmod a+x "$dir"; dir=${dir%/*}; done
	rm -rf fifos logs scan/talks/supervise
	mkdir fifos logs
	chown 65534 fifos logs
	: >ready
	background setpriv --reuid 65534 --clear-groups svc-logd -d 3 fifos logs 3>ready
	logd=$pid
	until_ok 10 test -s ready
	background svc-scan --log-fifos "$T/fifos" scan
	scan=$pid
	becomes 10 'a svc-logd of another user logs the services of root' has_line logs/talks/current '^service [0-9]'
	is 'the fifos are his' "$(stat -c '%u %a' fifos/talks)" '65534 600'
	svc-scanctl terminate scan
	until_ok 10 gone "$scan"
	ends
else
	skip 'a svc-logd of another user' 'not root, or no setpriv'
fi
done_testing
