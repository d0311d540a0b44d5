#!/bin/sh
# The order of links that change privileges: what each chain leaves of them is what a model of the
# kernel's rules says, and what is gone does not come back.
. "${0%/*}/lib.sh"
is_root || skip_all 'only root has privileges to lose'
getent group daemon >/dev/null || skip_all 'no getent, or no group daemon, here'

# The chains: all that stands in front of the program, a chain a line.
cat >chains <<'end'
svc-setuid nobody
svc-setuid 33:34
svc-setuid -s 7,8 nobody
svc-setuid -s 7,8 nobody svc-nnp
svc-nnp svc-setuid nobody
svc-nnp svc-setuid -s 7 33:34
svc-setuid -g daemon
svc-setuid -g daemon svc-setuid nobody
svc-setuid -g daemon -s 5,6 svc-setuid nobody
svc-setuid nobody svc-setuid -g daemon
svc-setuid nobody svc-setuid 0:0
svc-setuid nobody svc-setuid nobody
svc-setuid nobody svc-setuid -s 7 nobody
svc-setuid nobody svc-nice -1
svc-nice -1 svc-setuid nobody
svc-setuid 33:34 svc-chroot /
svc-chroot / svc-cd HERE svc-setuid 33:34
svc-envuidgid nobody svc-setuid nobody
svc-setuid nobody svc-envuidgid root
svc-setuid nobody svc-limit core=0 svc-umask 077 svc-nnp
svc-limit core=0 svc-nnp svc-envuidgid nobody svc-nice 1 svc-setuid nobody
svc-caps -a net_raw
svc-caps -a net_raw svc-setuid nobody
svc-setuid nobody svc-caps -a net_raw
svc-caps -a net_raw svc-nnp svc-setuid nobody
svc-caps -a net_raw svc-setuid nobody svc-nnp
svc-nnp svc-caps -a net_raw svc-setuid nobody
svc-caps -i net_raw svc-setuid nobody
svc-caps -i net_raw svc-setuid nobody svc-caps -a net_raw
svc-caps -i kill -a net_raw svc-setuid nobody svc-caps -i none
svc-caps -a net_raw,kill svc-setuid nobody svc-caps -a kill
svc-caps -a net_raw,kill svc-setuid nobody svc-caps -a none
svc-caps -a net_raw svc-setuid nobody svc-setuid 0:0
svc-caps -a sys_nice svc-setuid nobody svc-nice -1
svc-caps -a sys_nice svc-setuid nobody svc-caps -a none svc-nice -1
svc-caps -a setgid svc-setuid nobody svc-setuid -g daemon -s 5
svc-caps -a setgid,setuid svc-setuid nobody svc-setuid 33:34 svc-caps -a none
svc-caps -b none
svc-caps -b none svc-setuid nobody
svc-caps -b setuid,setgid svc-setuid nobody
svc-caps -b setuid,setgid,net_raw -a net_raw svc-setuid nobody
svc-caps -b -net_raw svc-setuid nobody
svc-caps -b -net_raw svc-caps -a net_raw
svc-caps -b -setgid svc-setuid nobody
svc-caps -b -setgid -i setgid
svc-setuid nobody svc-caps -b none
svc-caps -a setpcap svc-setuid nobody svc-caps -b none
svc-caps -a setpcap,net_raw svc-setuid nobody svc-caps -b net_raw
svc-caps -a setpcap,net_raw svc-setuid nobody svc-nnp svc-caps -b net_raw
svc-caps -a setpcap,net_raw svc-setuid nobody svc-caps -b net_raw svc-caps -b none
svc-caps -a setpcap svc-setuid nobody svc-nnp -s noroot
svc-nnp -s noroot
svc-nnp -s noroot svc-setuid nobody
svc-nnp -s no-setuid-fixup svc-setuid nobody
svc-nnp -s no-setuid-fixup svc-setuid nobody svc-setuid 0:0
svc-nnp -s no-setuid-fixup svc-caps -a net_raw svc-setuid nobody svc-setuid -g daemon
svc-nnp -s keep-caps svc-setuid nobody
svc-nnp -s keep-caps svc-setuid nobody svc-caps -a net_raw
svc-nnp -s keep-caps-locked svc-caps -a net_raw svc-setuid nobody
svc-nnp -s no-cap-ambient-raise svc-caps -a net_raw
svc-caps -a net_raw svc-nnp -s no-cap-ambient-raise svc-setuid nobody
svc-caps -a net_raw svc-nnp -s noroot svc-setuid nobody
svc-caps -a net_raw,setuid,setgid svc-nnp -s noroot svc-setuid nobody svc-caps -a net_raw
end

# bits LIST ALL - the numbers of a list of svc-caps, where ALL is all that there can be.
bits() {
	case $1 in none) echo 0; return ;; all) echo $(($2)); return ;; -*) left=$2 ;; *) left=0 ;; esac
	for word in $(echo "$1" | tr , ' '); do
		case ${word#-} in
		kill) number=5 ;; setgid) number=6 ;; setuid) number=7 ;; setpcap) number=8 ;;
		net_raw) number=13 ;; sys_chroot) number=18 ;; sys_nice) number=23 ;;
		esac
		case $word in -*) left=$((left & ~(1 << number))) ;; *) left=$((left | 1 << number)) ;; esac
	done
	echo $((left))
}

# The model. After each link: ids, groups, the sets, no_new_privs, securebits. `refused` is the first
# link that may not do what it was told.
able() { [ $((effective & $(bits "$1" 0))) != 0 ]; }
need() { able "$1" || refused=$link; }

# What an exec does: capabilities(7), "Transformation of capabilities during execve()".
exec_model() {
	permitted=$ambient
	if [ "$uid" = 0 ] && [ -z "$noroot" ]; then permitted=$((bounding | inheritable)); fi
	effective=$permitted
}
# ids_model UID GID GROUPS
ids_model() {
	[ "$groups" = "$3" ] || need setgid
	[ "$gid" = "$2" ] || need setgid
	[ "$uid" = "$1" ] || need setuid
	[ "$uid" != 0 ] || [ "$1" = 0 ] || [ "$ambient" = 0 ] || case $bits in
	*keep-caps-locked* | *no-cap-ambient-raise*) refused=$link ;; esac
	uid=$1 gid=$2 groups=$3
}
# caps_model BOUNDING INHERITABLE AMBIENT - lists, or nothing.
caps_model() {
	bounds=$bounding
	if [ "$1" ]; then
		bounds=$((bounding & $(bits "$1" "$bounding")))
		[ $((bounds)) = $((bounding)) ] || need setpcap
		bounding=$bounds
		have=$((permitted & bounds))
		others=$((inheritable & ~ambient & bounds)) kept=$((ambient & bounds)) was=$((inheritable & bounds))
	else
		have=$permitted others=$((inheritable & ~ambient)) kept=$ambient was=$inheritable
	fi
	[ -z "$2" ] || others=$(bits "$2" $((have | was)))
	[ -z "$3" ] || kept=$(bits "$3" "$have")
	[ $((kept & ~have)) = 0 ] && [ $((others & ~have & ~was)) = 0 ] || refused=$link
	case $bits in *no-cap-ambient-raise*) [ $((kept & ~ambient)) = 0 ] || refused=$link ;; esac
	ambient=$kept inheritable=$((others | kept))
}
link_model() {
	link=$1; shift
	case $link in
	svc-setuid)
		new_uid=$uid new_gid=$gid new_groups=$groups named=
		while [ $# -gt 0 ]; do
			case $1 in
			-g) new_gid=$(getent group "$2" | cut -d : -f 3); shift 2 ;;
			-s) named=$(echo "$2" | tr , ' '); shift 2 ;;
			*:*) new_uid=${1%:*} new_gid=${1#*:} new_groups=$new_gid; shift ;;
			*) new_uid=$(id -u "$1") new_gid=$(id -g "$1") new_groups=$(id -G "$1"); shift ;;
			esac
		done
		ids_model "$new_uid" "$new_gid" "${named:-$new_groups}"
		;;
	svc-caps)
		b='' i='' a=''
		while [ $# -gt 0 ]; do
			case $1 in -b) b=$2 ;; -i) i=$2 ;; -a) a=$2 ;; esac
			shift 2
		done
		caps_model "$b" "$i" "$a"
		;;
	svc-nnp)
		[ $# = 0 ] || need setpcap
		case ${2:-} in noroot) noroot=yes ;; esac
		nnp=1 bits="$bits ${2:-}"
		;;
	svc-chroot) need sys_chroot ;;
	svc-nice) case $1 in -*) need sys_nice ;; esac ;;
	esac
}

# status - the lines of a process that tell its privileges.
status() { sed -n 's/[[:space:]]\{1,\}/ /g; s/ $//; /^\(Uid\|Gid\|Groups\|Cap...\|NoNewPrivs\|Seccomp\):/p' "$@"; }
# expected LINE - the same of a program behind a chain, by the model; or which link is refused.
expected() {
	uid=0 gid=$(id -g) groups=$(status /proc/self/status | sed -n 's/^Groups:  *//p') nnp=0 noroot='' bits='' refused=''
	permitted=$all effective=$all bounding=$all inheritable=0 ambient=0
	echo "$1" | sed 's/ svc-/\nsvc-/g' >links
	while read -r words; do
		# shellcheck disable=SC2086  # a word each
		[ -z "$words" ] || link_model $words
		[ -z "$refused" ] || { echo "refused: $refused"; return; }
		exec_model
	done <links
	echo "Uid: $uid $uid $uid $uid"
	echo "Gid: $gid $gid $gid $gid"
	echo "Groups:${groups:+ }$groups"
	printf 'Cap%s: %016x\n' Inh "$inheritable" Prm "$permitted" Eff "$effective" Bnd "$bounding" Amb "$ambient"
	echo "NoNewPrivs: $nnp"
	status /proc/self/status | grep ^Seccomp
}
# found COMMAND... - the same of the program that it becomes.
found() {
	"$@" >printed 2>complaint && code=0 || code=$?
	case $code in
	0) status printed ;;
	111) sed 's/^\(svc-[a-z]*\): fatal: .*/refused: \1/' complaint ;;
	*) echo "exit code $code"; cat complaint ;;
	esac
}

# By relative names: what leads to the programs need not be open to the user.
chmod 755 .
for link in setuid caps nnp nice limit umask envuidgid chroot cd chain; do
	[ -e "$BIN/svc-$link" ] || continue
	ln "$BIN/svc-$link" . 2>/dev/null || cp "$BIN/svc-$link" .
done
PATH=.:$PATH
all=$((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)))
is 'we have what root can have' "$(status /proc/self/status)" "$(expected '')"

while read -r line; do
	line=$(echo "$line" | sed "s,HERE,$T,")
	expected "$line" >wanted
	# shellcheck disable=SC2086  # a word each
	is "$line" "$(found $line cat /proc/self/status)" "$(cat wanted)"
	if has svc-chain; then
		echo 'cat /proc/self/status' | cat links - >chain
		# Who names itself there is of no importance here.
		is "$line, in one process" "$(found svc-chain chain | sed 's/^refused.*/refused/')" "$(sed 's/^refused.*/refused/' wanted)"
	fi
	# Whoever has become somebody else can't become root again, unless he was left the right to.
	case $line in
	*setuid,setgid* | *setgid,setuid*) ;;
	*'svc-setuid nobody'* | *'svc-setuid 33:34'*)
		grep -q '^refused' wanted && continue
		# shellcheck disable=SC2086  # a word each
		is 'and no way back' "$(found $line svc-setuid 0:0 true)" 'refused: svc-setuid'
		;;
	esac
done <chains
like 'at least thirty chains were tried' "$(wc -l <chains)" '^([3-9][0-9]|[1-9][0-9][0-9])$'

done_testing
