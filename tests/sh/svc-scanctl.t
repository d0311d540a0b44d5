#!/bin/sh
# svc-scanctl: send commands to svc-scan, or upgrade a running tree.
. "${0%/*}/lib.sh"

field() { sed -n "s/^$1=//p" "$2"; }
supervisor_of() { field pid "$1/supervise/supervisor"; }
# runs_old PID - its program has been replaced on disk, but not in memory.
runs_old() { case $(readlink "/proc/$1/exe") in *' (deleted)') ;; *) return 1 ;; esac; }
runs_new() { alive "$1" && ! runs_old "$1"; }

# The command line.
exits 100 'no command is a mistake' svc-scanctl
exits 100 'an unknown command is a mistake' svc-scanctl scam
contains 'which is named' "$(cat err)" 'svc-scanctl: fatal: unknown command scam'
exits 100 'an unknown letter is a mistake' svc-scanctl -x
exits 100 'a word too many is a mistake' svc-scanctl -a . .
exits 100 'letters do not go with --reexec' svc-scanctl --reexec -a .
contains 'as is said' "$(cat err)" 'svc-scanctl: fatal: -a does not go with --reexec'
exits 100 'a time that is no number is a mistake' svc-scanctl --reexec -t soon
exits 111 'a directory that is not there is an error' svc-scanctl -a none
mkdir scan
for command in -a scan --reexec; do
	exits 102 "$command needs an svc-scan" svc-scanctl "$command" scan
	is 'which is not there' "$(cat err)" 'svc-scanctl: fatal: scan: no svc-scan is running on it'
done
(cd scan && svc-scanctl scan) >out 2>err
is 'the current directory is the default' $? 102

# What arrives, without an svc-scan: the test reads it.
mkdir -p fake/.svc-scan
mkfifo fake/.svc-scan/control
exec 9<>fake/.svc-scan/control
exits 0 'letters are sent' svc-scanctl -an -z -i -E fake
exits 0 'and commands by name' svc-scanctl update fake
is 'in order' "$(head -c 6 <&9)" anztEh
head -c 65536 /dev/zero >&9
exits 111 'a full fifo is an error' svc-scanctl -a fake
contains 'which says what it means' "$(cat err)" 'fake/.svc-scan/control: it is full, its reader hangs or is stopped'
exec 9>&-
exits 102 'and one that nobody reads is no svc-scan' svc-scanctl -a fake
echo garbage >fake/.svc-scan/scan
exits 111 'a record that is none is an error' svc-scanctl --reexec fake
is 'which names it' "$(cat err)" 'svc-scanctl: fatal: fake/.svc-scan/scan is damaged'

# A tree with programs of its own.
mkdir bin
install_programs() {
	for name in svc-scan svc-supervise; do cp "$BIN/$name" bin/new && mv -f bin/new bin/$name; done
}
install_programs
for name in a b c; do
	service scan/$name <<-'end'
	#!/bin/sh
	exec sleep 1000
	end
done
service scan/b/log <<'end'
#!/bin/sh
exec cat
end
# Not background: that is a function, and its shell would be in the way of $!.
bin/svc-scan scan >scan.out 2>scan.err </dev/null &
services='scan/a scan/b scan/b/log scan/c'
# shellcheck disable=SC2086  # a word each
ok 'a tree comes up' svc-wait -t 60000 up $services
service scan/late <<'end'
#!/bin/sh
exec sleep 1000
end
ok 'svc-scan can be told to scan' svc-scanctl scan scan
ok 'and does' svc-wait -t 60000 up scan/late
services="$services scan/late"

# shellcheck disable=SC2086
pids_before=$(for s in $services; do svc-stat -o pid,starts "$s"; done)
root_pid=$(field pid scan/.svc-scan/scan)
first=$(supervisor_of scan/a)

# A new program that does not work at all.
install_programs
ok 'the programs of the tree are old now' runs_old "$first"
printf '#!/bin/sh\nexit 1\n' >bin/broken
chmod 755 bin/broken
mv bin/broken bin/svc-supervise
exits 111 'a program that does not run is not used' svc-scanctl --reexec scan
contains 'as is said' "$(cat err)" "svc-supervise --version: exit=1: nothing was replaced"
ok 'no supervisor has been touched' runs_old "$first"
printf '#!/bin/sh\nexec sleep 1000\n' >bin/broken
chmod 755 bin/broken
mv bin/broken bin/svc-supervise
exits 111 'a program that does not end either' svc-scanctl --reexec -t 100 scan
contains 'as is said' "$(cat err)" 'svc-supervise --version: does not end: nothing was replaced'
rm bin/svc-supervise
exits 111 'nor one that is not there' svc-scanctl --reexec scan
contains 'as is said' "$(cat err)" 'svc-supervise --version: No such file or directory: nothing was replaced'

# One that does not become a supervisor: the first is lost for the time, nobody else.
cat >bin/broken <<end
#!/bin/sh
[ "\$1" = --version ] && exit
exit 1
end
chmod 755 bin/broken
mv bin/broken bin/svc-supervise
exits 111 'a program that fails at work stops the upgrade' svc-scanctl --reexec -t 5000 scan
contains 'and who was tried is named' "$(cat err)" \
	'no answer from a: 0 of 5 supervisors were replaced, svc-scan was left as it was'
for s in scan/b scan/b/log scan/c scan/late; do
	ok "the supervisor of $s has not been touched" runs_old "$(supervisor_of $s)"
done
install_programs
becomes 20 'the first comes back with a program that works' svc-ok scan/a

# One supervisor that hangs.
hanging=$(supervisor_of scan/c)
kill -STOP "$hanging"
exits 111 'a supervisor that hangs stops the upgrade' svc-scanctl --reexec -t 10000 scan
contains 'and is named' "$(cat err)" \
	'no answer from c: 4 of 5 supervisors were replaced, svc-scan was left as it was'
ok 'svc-scan is as it was' runs_old "$root_pid"
ok 'the others are replaced' runs_new "$(supervisor_of scan/b)"
kill -CONT "$hanging"
becomes 10 'it does what it was told when it can' runs_new "$hanging"

# All of it.
install_programs
ok 'a tree can be upgraded' svc-scanctl --reexec scan
is 'which is said' "$(cat out)" 'replaced 5 supervisors and svc-scan'
ok 'svc-scan runs the new program' runs_new "$root_pid"
is 'and is the same process' "$(field pid scan/.svc-scan/scan)" "$root_pid"
for s in $services; do
	ok "the supervisor of $s runs the new program" runs_new "$(supervisor_of "$s")"
done
# shellcheck disable=SC2086
is 'no service was restarted' "$(for s in $services; do svc-stat -o pid,starts "$s"; done)" "$pids_before"
ok 'it can be done again, without dashes' svc-scanctl reexec -t 20000 scan
rm -r scan/late
ok 'the tree works as before' svc-scanctl update scan
becomes 10 'and forgets what is gone' sh -c '! svc-stat scan | grep -q late'
is 'no fifo is left behind' "$(find scan/.svc-scan -name 'sub.*' -o -name '.sub.*')" ''

ok 'the tree can be ended' svc-scanctl terminate scan
becomes 10 'and ends' gone "$root_pid"
exits 102 'then nobody listens' svc-scanctl -a scan
exits 102 'nor can it be upgraded' svc-scanctl --reexec scan
done_testing
