# shellcheck shell=sh
# own-system.sh - for tests that have namespaces of their own; sourced after lib.sh: a system that is as
# after its first boot, without what the machine has in /run, and in what is hidden.

# own_system - network, /run and /dev/shm are our own.
own_system() { ip link set lo up && mount -t tmpfs -o mode=755 none /run && mount -t tmpfs none /dev/shm; }

# hide PATH... - an empty file or directory in place of each that there is, of the same owner and mode.
hide() {
	mkdir -p /run/own
	for path do
		[ -e "$path" ] || continue
		own=/run/own/$(echo "$path" | tr / _)
		if [ -d "$path" ]; then mkdir "$own"; else : >"$own"; fi
		chown --reference="$path" "$own" && chmod --reference="$path" "$own" && mount --bind "$own" "$path" || return
	done
}

# own_dev - /dev is our own, too: who makes a socket there makes it for us alone.
own_dev() {
	mkdir -p /run/own/dev/pts /run/own/dev/shm
	for node in null zero full random urandom tty ptmx; do
		: >"/run/own/dev/$node" && mount --bind "/dev/$node" "/run/own/dev/$node" || return
	done
	ln -s /proc/self/fd /run/own/dev/fd
	mount --rbind /dev/pts /run/own/dev/pts && mount --bind /dev/shm /run/own/dev/shm &&
		mount --rbind /run/own/dev /dev
}

# processes PROGRAM - the pids of those that run it.
processes() { find /proc/[0-9]*/exe -lname "*/$1" 2>/dev/null | sed 's,/proc/,,; s,/exe,,'; }
uid_of() { awk '$1 == "Uid:" { print $2 }' "/proc/$1/status"; }
# gone_all PROGRAM - no process runs it.
gone_all() { [ -z "$(processes "$1")" ]; }

# answer PORT TEXT - what comes first from there, when TEXT (printf's) was said.
answer() {
	# shellcheck disable=SC2059
	printf "$2" | perl -MIO::Socket::INET -e '
		my $peer = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die; $peer->print(<STDIN>);
		$SIG{ALRM} = sub { exit 1 }; alarm 10; $peer->sysread(my $text, 1000) or exit 1; print $text' "$1"
}
answers() { answer "$1" "$2" | grep -aq "$3"; }
