#!/bin/sh
# A service that eats more memory than its cgroup may have: what svctl says of it.
. "${0%/*}/../sh/lib.sh"
here=$root/tests/sh
# shellcheck source=../sh/svctl.sh
. "$here/svctl.sh"
unset COLUMNS

if ! grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
	skip_all 'no controller of memory here'
fi
unit eater <<EOF
exec = ["/bin/sh", "-c", "echo 'I wait'; until [ -e '$T/eat' ]; do sleep 0.1; done; echo 'I eat'; exec dd if=/dev/zero of=/dev/null bs=200M"]
environment.PATH = "$PATH"
cgroup.memory-max = "24M"
cgroup.tasks-max = 20
restart-delay = "1h"
restart-delay-max = "1h"
EOF
unit guest <<EOF
exec = ["$(command -v sleep)", "1000"]
requires = ["eater"]
EOF
enabled guest
ok 'a tree comes up' ctl boot --background
ok 'with a service in a cgroup' ctl wait guest

like 'what it takes is shown' "$(ctl status eater)" '^ *Takes: memory [0-9.]+[KM], CPU [0-9]+\.[0-9]+ s, [1-9][0-9]* tasks$'
like 'the table has a column for it' "$(ctl status)" '^  NAME .* MEMORY'
like 'with its memory' "$(ctl status)" '^\* eater +ready +[^ ]+ +[0-9]+ +[0-9.]+[KM]'
like 'for programs in bytes' "$(ctl --json status eater)" '"memory":[1-9][0-9]{3,},"cpu-us":[0-9]+,"tasks":[1-9]'

: >"$T/eat"
killed() { ctl status eater | grep -q '^ *Last end: killed by KILL'; }
becomes 60 'it eats, and is killed' killed
eaten=$(ctl status eater)
like 'by the kernel, as memory ran out' "$eaten" '^ *Last end: killed by KILL \(out of memory\)'
like 'which is the cause' "$eaten" '^Root cause: eater failed: killed by KILL \(out of memory\), and is started again$'
like 'with its next try' "$eaten" '^ *Restarts: 0, the next in (60|5[0-9]) min$'
like 'for programs as well' "$(ctl --json status eater)" '"out-of-memory":true'
like 'the table says so, too' "$(ctl status)" '^R eater .* killed by KILL \(out of memory\), next try in '
becomes 60 'who needs it is down' sh -c "svctl --prefix '$T' why guest | grep -q '^B guest is blocked'"
like 'for that reason' "$(ctl why guest)" '^  root cause: eater failed: killed by KILL \(out of memory\), and is started again$'
eats() { ctl why guest | grep -q ' I eat$'; }
becomes 60 'its last words are there' eats
rm "$T/eat"
ok 'it is started, and not in an hour' ctl start eater
ok 'then all is well' ctl wait guest
ok 'the tree ends' ctl halt
done_testing
