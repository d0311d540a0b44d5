#!/bin/sh
# Letters outlive the supervisor that has not read them: the manager takes no service for stopped that
# may still start.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"
. "$here/managed.sh"

# base notes at its end what there is of user.
script ending <<E
#!/bin/sh
trap 'grep -E "^(state|wanted|starts)=" $T/run/scan/user/supervise/status >$T/ended; exit' TERM
echo >&3
while :; do sleep 1000 & wait; done
E
printf 'exec = ["%s"]\nready = "notify-fd 3"\nkill-scope = "group"\n' "$T/ending" | unit base
printf 'exec = ["sleep", "1000"]\nrequires = ["base"]\n' | unit user
enabled base
compile
managed --limit 9
# heard - the manager has heard all that was announced up to now.
heard() { change --quiet look; }
succeeded() { [ "$(manager)" != "$first" ] && takes_requests; }

# not_read - user is told to start and then to stop, by letters that its supervisor, $held, does not read.
not_read() {
	becomes 20 'what is needed is up' is_in base ready
	held=$(supervisor_of run/scan/user)
	[ "$held" -gt 1 ] && kill -STOP "$held"
	ok 'a service is to start' change --no-wait up user
	becomes 10 'and is told so' is_in user starting
	ok 'and then to stop, with what it needs' change --no-wait down user base
	becomes 10 'and is told so, too' is_in user stopping
}
# in_order STARTS - when the letters are read, user starts and stops, and then base stops.
in_order() {
	is 'nothing is known of its end, so nothing else is stopped' "$(state user) $(state base)" 'stopping ready'
	rm -f ended
	kill -CONT "$held"
	becomes 20 'when it has heard it all is down' is_in base down
	is 'who needs another has been up and has ended first' "$(sort ended)" "starts=$1
state=down
wanted=down"
	is 'and is down' "$(state user)" down
}
ok 'a service has a supervisor' change up user
ok 'and is down' change down user

not_read
# Its successor says so before it has read a letter. Here it is the same one that reads them.
ok 'a supervisor has begun' svc-notify run/scan/.svc-scan/event 's 1 user'
ok 'which is heard' heard
in_order 2

ok 'once more' change up base
not_read
first=$(manager)
[ "$first" -gt 1 ] && kill -KILL "$first"
becomes 20 'another manager knows only what it was to be' succeeded
in_order 3

# Those that are lost with a supervisor are told again.
ok 'and again' change up base
not_read
[ "$held" -gt 1 ] && kill -KILL "$held"
becomes 20 'what nobody has read is told to the next one' is_in base down
is 'and it is down' "$(state user)" down

done_testing
