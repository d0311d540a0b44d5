#!/bin/sh
# svc-announce: the word that a service is ready, when its program is about to run.
. "${0%/*}/lib.sh"
. "$here/link.sh"
. "$here/supervised.sh"

link svc-announce 5 5>>told
is 'a program that can not be run is not announced' "$(($(wc -l <told)))" 2

says() { "$@" 5>told; }
ok 'it writes' says svc-announce 5 true
is 'a newline' "$(od -An -c told | tr -d ' ')" '\n'
ok 'and closes the descriptor' test ! -e "$(svc-announce 5 readlink -e /proc/self/fd/5 5>told)"
exits 127 'a program that is in no directory of PATH' says svc-announce 5 no-such-program
is 'is not announced' "$(cat told)" ''
is 'which is said' "$(cat err)" 'svc-announce: fatal: unable to run no-such-program: No such file or directory'
exits 126 'nor is a directory' says svc-announce 5 "$PWD"
is 'which is said, too' "$(wc -c <told) $(cat err)" "0 svc-announce: fatal: unable to run $PWD: Permission denied"

mkdir bin && printf '#!/bin/sh\necho mine\n' >bin/one && chmod 755 bin/one
is 'PATH is what the program will have' "$(svc-chain -c svc-env PATH="$PWD/bin" svc-announce 5 one 5>told) $(wc -l <told)" 'mine 1'
is 'a link behind it is no program that must be there' \
	"$(svc-chain -c svc-announce 5 svc-env PATH="$PWD/bin" svc-cd bin ./one 5>told) $(wc -l <told)" 'mine 1'
is 'behind svc-expand the program is what it comes to' \
	"$(A=one svc-chain -c svc-env PATH="$PWD/bin" svc-expand svc-announce 5 \$A 5>told) $(wc -l <told)" 'mine 1'

# A fifo that is open at both ends in the service, as that of a supervisor is.
mkfifo fifo
# shellcheck disable=SC2094 # as it is meant
background sh -c 'exec svc-announce 5 touch ran 5<>fifo'
waits() { [ "$(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$pid/status")" = S ] && [ ! -e ran ]; }
becomes 10 'the program waits until the newline is read' waits
is 'by whoever reads it then' "$(head -n 1 fifo | wc -l)" 1
becomes 10 'and runs' test -e ran

# A supervisor that is killed before it has read it.
mkdir service && echo 3 >service/notification-fd
script service/run <<END
#!$BIN/svc-chain
svc-if { sh -c 'echo >begun; until [ -e go ]; do sleep 0.02; done; echo >done' }
svc-announce 3 sleep 1000
END
supervise service
until_ok 10 test -e service/begun
main=$(key service pid)
[ "$pid" -gt 1 ] && kill -STOP "$pid"
: >service/go
until_ok 10 test -e service/done
ok 'while nobody reads, it waits' test "$(cat "/proc/$main/comm")" != sleep
[ "$pid" -gt 1 ] && kill -9 "$pid"
supervise service
is_announced() { [ "$(key service ready)" ] && [ "$(cat "/proc/$main/comm")" = sleep ]; }
becomes 10 'the next supervisor hears of it, and the program runs' is_announced
is 'the same process' "$(key service pid)" "$main"
svc-ctl -wD -d service

mistake 'missing descriptor' svc-announce
mistake 'invalid descriptor: x' svc-announce x true
mistake 'file descriptor 77 is not open (a service has the one that its file notification-fd names)' svc-announce 77 true

done_testing
