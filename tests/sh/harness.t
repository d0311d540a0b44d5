#!/bin/sh
# The harness itself: a test that fails is told, and nothing that a test started stays.
. "${0%/*}/lib.sh"

# A test file of its own, beside copies of the harness.
cp "$here/lib.sh" "$here/sweep" .
# shellcheck disable=SC2016  # for the test file to expand
a_test() { { echo '. "${0%/*}/lib.sh"'; cat; } >"$T/$1"; }
run() { exits "$1" "$2" env LIMIT="${limit:-60}" BUSY="${busy:-6}" "$here/run" "$T/case.t"; }

a_test case.t <<'END'
ok 'true succeeds' true
exits 3 'an exit code' sh -c 'exit 3'
is 'two texts' 'a b' 'a b'
contains 'a part' 'a [*] b' '[*]'
like 'a line' 'a
bcd' '^b.d$'
done_testing
END
run 0 'what holds, passes'
is 'and is counted' "$(tail -n 1 out)" '5 passed, 0 failed'

a_test case.t <<'END'
ok 'false succeeds' false
exits 3 'an exit code' sh -c 'echo why >&2; exit 4'
is 'two texts' a b
contains 'a part' 'a b' 'c'
like 'a line' 'a b' '^b'
becomes 1 'what never comes' false
skip 'what can not be' 'no moon'
ok 'true succeeds' true
done_testing
END
run 1 'what does not hold, fails'
is 'and is counted, each of them' "$(tail -n 2 out)" '1 skipped
1 passed, 6 failed'
contains 'with the output of the command' "$(cat out)" 'stderr: why'
contains 'and the reason of what was skipped' "$(cat out)" 'what can not be # SKIP no moon'

a_test case.t <<'END'
ok 'true succeeds' true
exit 0
END
run 1 'a file that ends too soon fails'
contains 'which is said' "$(cat out)" 'case.t ends before it is done'

a_test case.t <<'END'
ok 'true succeeds' true
sleep 100
done_testing
END
limit=1 busy=1
run 1 'a file that takes too long fails'
limit='' busy=''
contains 'which is said too' "$(cat out)" 'case.t takes longer than 1 s'

a_test case.t <<'END'
skip_all 'no moon'
END
run 1 'nothing but skipped is no success'
contains 'and the reason is said' "$(cat out)" '1..0 # SKIP no moon'

# Processes that leave in every way: in the background, in a session of their own, elsewhere, without
# environment, as orphans, and one that is started again.
a_test case.t <<END
note() { echo "\$1" >>"$T/pids"; }
background sleep 1000; note "\$pid"
(setsid sleep 1000 & note "\$!")
(cd / && setsid sleep 1000 & note "\$!")
(setsid env -i sleep 1000 & note "\$!")
setsid sh -c 'cd /; while :; do env -i sleep 1000 & echo "\$!" >>"$T/pids"; wait; done' &
note "\$!"
echo "\$T" >"$T/dir"
until_ok 10 sh -c '[ "\$(wc -l <"$T/pids")" = 6 ]'
ok 'one of them is alive' alive "\$pid"
ok 'something fails' false
done_testing
END
run 1 'a test that leaves processes behind'
is 'all of which were there' "$(wc -l <pids)" 6
is 'has left none' "$(while read -r p; do alive "$p" && echo "$p"; done <pids)" ''
ok 'nor its directory' test ! -e "$(cat dir)"

done_testing
