#!/bin/sh
# svc-scan --catch-all: the tree's own logger.
. "${0%/*}/lib.sh"

has_line() { grep -q "$2" "$1"; }
supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }

mkdir -p scan/.svc-scan
service scan/all <<end
#!/bin/sh
echo "the logger's own words" >&2
while read -r line; do echo "\$line"; done >>"$T/log"
echo ended >>"$T/log"
end
service scan/talks <<'end'
#!/bin/sh
echo 'said on stdout'
echo 'said on stderr' >&2
exec sleep 1000
end
mkdir scan/bad
ln -s nowhere scan/dangling
background svc-scan --catch-all all scan
# shellcheck disable=SC2154  # background sets it
scan=$pid console=$pid.err
ok 'the services come up' svc-wait -t 60000 up scan/talks scan/all
becomes 5 'what a service says on standard output is logged' has_line log '^said on stdout$'
becomes 5 'and on standard error' has_line log '^said on stderr$'
becomes 5 'and what svc-scan says' has_line log '^svc-scan: warning: dangling: '
becomes 5 'what the logger says goes where svc-scan was told to say it' has_line "$console" "the logger's own words"
is 'and nothing else does' "$(grep -v own "$console")" ''

# Killed: whatever is said meanwhile is still there for its successor.
svc-ctl -d scan/all
ok 'the logger is down' svc-wait -t 60000 down scan/all
kill -9 "$(supervisor_of scan/all)"
service scan/late <<'end'
#!/bin/sh
echo 'said without a logger'
exec sleep 1000
end
svc-scanctl scan scan
ok 'a service starts without it' svc-wait -t 60000 up scan/late
until_ok 10 svc-ok scan/all
svc-ctl -u scan/all
becomes 5 'what it said is logged later' has_line log '^said without a logger$'

# The fifo is full, and nobody reads it: the tree goes on.
svc-ctl -d scan/all
ok 'the logger is down again' svc-wait -t 60000 down scan/all
service scan/floods <<'end'
#!/bin/sh
exec yes 'a flood'
end
svc-scanctl scan scan
ok 'a service fills the fifo' svc-wait -t 60000 up scan/floods
stuck() { grep -q '^State:.S' "/proc/$(svc-stat -o pid scan/floods)/status"; }
becomes 10 'and waits for room' stuck
for n in 1 2 3 4 5; do ln -s nowhere "scan/dangling$n"; done
svc-scanctl scan scan
ok 'svc-scan has more to say, and does not wait' svc-scanctl scan scan
ok 'nor do supervisors' svc-ctl -T 60000 -wr -r scan/talks
svc-ctl -T 60000 -wd -d scan/floods
svc-ctl -u scan/all
ok 'the logger is back' svc-wait -t 60000 up scan/all

ok 'a reexec keeps it' svc-scanctl reexec scan
service scan/after <<'end'
#!/bin/sh
echo 'said after the reexec'
exec sleep 1000
end
ln -s "$(command -v svc-ok)" scan/notadir
svc-scanctl scan scan
becomes 5 'services started later are logged' has_line log '^said after the reexec$'
becomes 5 'and svc-scan itself' has_line log '^svc-scan: warning: notadir: '

# The end: services first, and what they say then is logged.
service scan/last <<'end'
#!/bin/sh
trap 'echo last words; exit' TERM
echo >up
while :; do sleep 0.05; done
end
svc-scanctl scan scan
becomes 10 'a service with last words is up' test -e scan/last/up
svc-scanctl terminate scan
becomes 10 'the tree ends' gone "$scan"
is 'the logger ends last, at the end of its input' "$(tail -n 2 log)" 'last words
ended'
done_testing
