#!/bin/sh
# svc-supervise: each file of a service directory with nonsense in it, or in its place: one line
# names file and reason, the default holds or the service stays down, nothing else is disturbed, and
# the fix is noticed.
. "${0%/*}/lib.sh"
. "$here/supervised.sh"

# sleeper DIR
sleeper() { service "$1" <<'end'
#!/bin/sh
exec sleep 1000
end
}

# bad KIND FILE - makes FILE bad in this way.
bad() {
	rm -rf "$2"
	case $1 in
	garbage) printf '\377\001..garbage \033[1m' >"$2" ;;
	long) head -c 100000 /dev/zero | tr '\0' 7 >"$2" ;;
	empty) : >"$2" ;;
	fifo) mkfifo "$2" ;;
	directory) mkdir "$2" ;;
	dangling) ln -s "$T/nowhere" "$2" ;;
	loop) ln -s "${2##*/}" "$2" ;;
	file) echo nonsense >"$2" ;;
	esac
}

# said DIR - what its supervisor said; not what svc-scan says.
said() { grep "^svc-supervise ${1#scan/}: " "$log" | sed "s,^svc-supervise ${1#scan/}: warning: ,,"; }
has_said() { said "$1" | grep -q .; }
# one DIR FILE DESCRIPTION - it has said one thing, about FILE; $T/why has what.
one() {
	until_ok 10 has_said "$1"
	said "$1" >why
	what="$3"
	if lines why 1 && grep -qF "${2##*/}" why && ! grep -q '[[:cntrl:]]' why; then pass; else
		fail "not one line about $2:"; sed 's/^/#     /' why
	fi
}

mkdir scan
sleeper scan/good
settings='restart restart-delay restart-delay-max timeout-kill timeout-finish down-signal reload-signal
	kill-scope notification-fd lock-fd max-death-tally cgroup'
kinds='garbage long empty fifo directory dangling loop'
for file in $settings; do
	for kind in $kinds; do
		sleeper "scan/$file.$kind"
		bad "$kind" "scan/$file.$kind/$file"
	done
done
for kind in missing garbage empty fifo directory dangling loop not-executable; do
	sleeper "scan/run.$kind"
	case $kind in
	missing) rm "scan/run.$kind/run" ;;
	not-executable) chmod 644 "scan/run.$kind/run" ;;
	*) bad "$kind" "scan/run.$kind/run"; [ -L "scan/run.$kind/run" ] || chmod 755 "scan/run.$kind/run" ;;
	esac
done
for kind in garbage empty fifo directory dangling loop not-executable; do
	service "scan/finish.$kind" <<'end'
#!/bin/sh
[ -e again ] && exec sleep 1000
echo >again
end
	case $kind in
	not-executable) echo '#!/bin/sh' >"scan/finish.$kind/finish" ;;
	*) bad "$kind" "scan/finish.$kind/finish"; [ -L "scan/finish.$kind/finish" ] || chmod 755 "scan/finish.$kind/finish" ;;
	esac
	echo 0 >"scan/finish.$kind/restart-delay"
done
for kind in file fifo loop; do
	for file in supervise event; do sleeper "scan/$file.$kind"; bad "$kind" "scan/$file.$kind/$file"; done
done
for file in control status status.spare process supervisor lock; do
	for kind in file fifo directory dangling loop; do
		case $file.$kind in
		control.fifo | lock.file | process.file | supervisor.file | status.spare.file) continue ;;
		lock.fifo) continue ;;
		esac
		sleeper "scan/s-$file.$kind"
		mkdir -m 700 "scan/s-$file.$kind/supervise"
		bad "$kind" "scan/s-$file.$kind/supervise/$file"
	done
done
for file in ready log service-lock; do
	for kind in file directory loop; do
		case $file.$kind in ready.file | ready.loop | service-lock.file) continue ;; esac
		sleeper "scan/s-$file.$kind"
		mkdir -m 700 "scan/s-$file.$kind/supervise"
		bad "$kind" "scan/s-$file.$kind/supervise/$file"
		case $file in
		ready) echo 3 >"scan/s-$file.$kind/notification-fd" ;;
		service-lock) echo 3 >"scan/s-$file.$kind/lock-fd" ;;
		log) sleeper "scan/s-$file.$kind/log" ;;
		esac
	done
done
# By a fifo of another kind, down is there all the same.
for kind in garbage fifo directory dangling; do
	sleeper "scan/down.$kind"
	bad "$kind" "scan/down.$kind/down"
done
sleeper scan/control.file
bad file scan/control.file/control

background svc-scan scan
log=$T/$pid.err
until_ok 20 says scan/good state up
good=$(key scan/good pid)

for file in $settings; do
	for kind in $kinds; do
		dir=scan/$file.$kind
		one "$dir" "$file" "$file that is $kind is named"
		becomes 20 "$file that is $kind: the service runs" says "$dir" state up
	done
done
for dir in scan/run.*; do
	one "$dir" run "${dir#scan/} is named"
	# Now and then it is tried again.
	becomes 10 "${dir#scan/}: the service is down" says "$dir" state down
	is 'and wanted up' "$(key "$dir" wanted)" up
done
for dir in scan/finish.*; do
	becomes 20 "${dir#scan/}: run is started again" says "$dir" starts 2
	one "$dir" finish "${dir#scan/} is named"
done
for dir in scan/supervise.* scan/event.* scan/s-*; do
	file=${dir#scan/}; file=${file%.*}; file=${file#s-}
	one "$dir" "$file" "${dir#scan/} is named"
done
for dir in scan/down.*; do
	is "${dir#scan/}: it is down" "$(key "$dir" wanted)" down
done
becomes 10 'a file control is no directory of runit' says scan/control.file state up
is 'the service beside all these was not touched' "$(key scan/good pid) $(key scan/good event)" "$good 2"

# Mended.
for file in $settings; do rm -rf "scan/$file.garbage/$file"; echo 7 >"scan/$file.garbage/$file"; done
echo 5000 >scan/timeout-kill.fifo/timeout-kill.new
mv scan/timeout-kill.fifo/timeout-kill.new scan/timeout-kill.fifo/timeout-kill
svc-ctl -p scan/timeout-kill.fifo
svc-ctl -d -wD -T 60000 scan/timeout-kill.fifo
ok 'a setting that was mended is used' says scan/timeout-kill.fifo state down
for kind in missing directory fifo loop; do
	rm -rf "scan/run.$kind/run"
	sleeper "scan/run.$kind"
	ok "run.$kind is mended, and started by command" svc-ctl -u -wu -T 60000 "scan/run.$kind"
done
rm -rf scan/run.garbage/run
sleeper scan/run.garbage
becomes 30 'or by itself' says scan/run.garbage state up
for dir in supervise.file event.fifo s-control.file s-lock.directory s-status.fifo s-process.loop; do
	file=${dir%.*}
	case $file in s-*) file=supervise/${file#s-} ;; esac
	rm -rf "scan/$dir/$file"
done
for dir in supervise.file event.fifo s-control.file s-lock.directory s-status.fifo s-process.loop; do
	becomes 70 "$dir is mended" says "scan/$dir" state up
done

done_testing
