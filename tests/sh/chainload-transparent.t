#!/bin/sh
# What a link was not asked to change, the next program finds as it was.
. "${0%/*}/lib.sh"
. "$here/link.sh"

# neutral LINK - words in front of a program that change nothing, or as little as can be.
neutral() {
	case $1 in
	svc-announce) echo 5 ;;
	svc-argv0) echo sh ;;
	svc-background) echo '{ true }' ;;
	svc-caps) echo -b all ;;
	svc-cd) echo . ;;
	svc-cgroup) echo . ;;
	svc-chain) echo -c svc-nice 0 ;;
	svc-chroot) echo / ;;
	svc-env) echo -u NONE ;;
	svc-envdir) echo -I none ;;
	svc-envfile) echo -./none ;;
	svc-envuidgid) echo "-u $(id -u):$(id -g)" ;;
	svc-expand) echo ;;
	svc-fdclose) echo 99 ;;
	svc-fdmove) echo 5 5 ;;
	svc-foreground) echo '{ true }' ;;
	svc-if) echo '{ true }' ;;
	svc-ionice) echo none ;;
	svc-limit) echo core=:max nofile=:max ;;
	svc-mkdir) echo . ;;
	svc-nice) echo 0 ;;
	svc-nnp) echo ;;
	svc-oom) cat /proc/self/oom_score_adj ;;
	svc-readycheck) echo -d 5 -f none ;;
	svc-redirfd) echo -r 98 /dev/null ;;
	svc-sched) echo -p other ;;
	svc-sdnotify) echo -d 5 ;;
	svc-setlock) echo -d 98 lock ;;
	svc-setsid) echo -b ;;
	svc-setuid) echo "-g $(id -g)" ;;
	svc-timeout) echo 60 ;;
	svc-try) echo '{ ./none }' ;;
	svc-umask) if [ "$state" = open ]; then echo 137; else echo 022; fi ;;
	svc-waitfile) echo / ;;
	*) return 1 ;;
	esac
}

# seen STDIN WORD... - what /proc shows of a program that comes behind these words: started with ignored
# and blocked signals, a mask, and a descriptor that nobody knows.
seen() {
	stdin=$1; shift
	odd "$@" cat /proc/self/status /proc/self/limits /proc/self/oom_score_adj /proc/self/cgroup /proc/self/stat | awk '
		/^(Name|FDSize|Pid|PPid|Tgid|NSpid|NStgid|NSpgid|NSsid|VmP|VmS|VmH|VmR|VmD|VmE|VmL|Rss|VmT|Threads|SigQ|volun|nonvol|Mems)/ { next }
		/^[0-9]+ \(/ { print "group", ($5 == $1 ? "leads" : $5), "session", $6, $7, $8
			print "priority", $18, $19, $40, $41; next }
		{ print }'
	odd "$@" cat /proc/self/environ | tr '\0' '\n'
	odd "$@" find /proc/self/fd/ /proc/self/ns/ /proc/self/cwd /proc/self/root -printf '%p %l %M\n' |
		sed "s,/proc/[0-9]*/,/proc/self/,; s,pipe:.*],pipe,"
	odd "$@" cat /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2 /proc/self/fdinfo/5 |
		grep -v '^\(ino\|mnt_id\):'
}
# without_5 - descriptor 5 is free, and find's.
without_5() { sed '/^\/proc\/self\/fd\/5 /d; s,^/proc/self/fd/6 ,/proc/self/fd/5 ,' "$1"; }
# fdinfo_5 - how many lines of what is seen it has.
fdinfo_5() { grep -vc '^\(ino\|mnt_id\):' /proc/self/fdinfo/5 5>>odd; }
odd() {
	case $stdin in
	open) (umask 137; exec env -i --ignore-signal=PIPE,USR1,ALRM,CHLD --block-signal=USR2,TERM,CHLD \
		PATH="$PATH" ODD= "Z=a
b" "$@" </dev/null 2>/dev/null 5>>odd) ;;
	closed) (umask 022; exec env -i --default-signal=PIPE PATH="$PATH" Z=1 "$@" <&- 2>&- 5<>odd) ;;
	esac
}

if ! env --ignore-signal=PIPE --block-signal=USR2 true 2>/dev/null; then
	skip_all "this env can't set signals"
fi
for state in open closed; do
	seen "$state" env >before
	if [ "$state" = open ]; then
		like 'signals are blocked' "$(cat before)" '^SigBlk:.*[1-9a-f]'
		like 'and ignored' "$(cat before)" '^SigIgn:.*[1-9a-f]'
	fi
	like 'an odd descriptor is open' "$(cat before)" '^/proc/self/fd/5 .*/odd'
	for link in $(cd "$BIN" && echo svc-*); do
		words=$(neutral "$link") || continue
		if [ "$link" = svc-chroot ] && ! is_root; then skip "$link" 'only root may'; continue; fi
		if [ "$link" = svc-cgroup ] && ! svc-cgroup . true 2>/dev/null; then skip "$link" 'no cgroup v2 here'; continue; fi
		# shellcheck disable=SC2086  # a word each
		seen "$state" "$link" $words >after
		sed -i 's/^NOTIFY_SOCKET=@.*/NOTIFY_SOCKET=/' after
		# But for what it is for.
		case $link in
		svc-chroot) sed 's,^\(/proc/self/fd/3\|/proc/self/cwd\) [^ ]*,\1 /,' before ;;
		svc-nnp) sed 's/^\(NoNewPrivs:.\)0/\11/' before ;;
		svc-envuidgid) awk -v uid="$(id -u)" '/^\/proc\/self\/fd\/ / { print "UID=" uid } { print }' before ;;
		svc-foreground) awk '/^\/proc\/self\/fd\/ / { print "?=0" } { print }' before ;;
		svc-background) sed -i 's/^!=[0-9]*$/!=PID/' after
			awk '/^\/proc\/self\/fd\/ / { print "!=PID" } { print }' before ;;
		svc-setsid) sed 's/^group [0-9]*/group leads/' before ;;
		# They take descriptor 5, the last that is looked at.
		svc-announce | svc-readycheck) without_5 before | head -n "-$(fdinfo_5)" ;;
		svc-sdnotify) without_5 before | head -n "-$(fdinfo_5)" |
			awk '/^\/proc\/self\/fd\/ / { print "NOTIFY_SOCKET=" } { print }' ;;
		svc-redirfd | svc-setlock) cat before; sed -i '/^\/proc\/self\/fd\/98 /d' after ;;
		*) cat before ;;
		esac >expected
		is "$link changes nothing else, standard input $state" "$(diff expected after)" ''
	done
done
is 'all links were tried but the one that stays, and the one that needs a terminal' "$(cd "$BIN" && for name in svc-*; do
	case $("./$name" --help) in *PROG...*) neutral "$name" >/dev/null || echo "$name" ;; esac; done)" 'svc-follow
svc-tty'

done_testing
