#!/bin/sh
# svc-perms: who may read, command, subscribe.
. "${0%/*}/lib.sh"

# The three files as a supervisor makes them.
made() {
	mkdir -p "$1/supervise" "$1/event"
	chmod 700 "$1/supervise"
	chmod 3730 "$1/event"
	mkfifo -m 600 "$1/supervise/control"
}
modes() { stat -L -c %a "$1/supervise" "$1/supervise/control" "$1/event" | paste -sd ' '; }
groups() { stat -L -c %g "$1/supervise" "$1/supervise/control" "$1/event" | paste -sd ' '; }

mine=$(id -g)
name=$(id -gn)
made s
ok 'the rights of a fresh service are shown' svc-perms s
is 'as the owner'"'"'s and his group'"'"'s' "$(cat out)" "s status: owner
s control: owner
s events: group $name"

# option, the modes after it
while read -r option after; do
	ok "svc-perms $option" svc-perms "$option" ":$mine" s
	is "sets the modes $after" "$(modes s)" "$after"
done <<-EOF
	-g 710 600 3730
	-G 710 620 3730
	-O 711 620 3730
	-E 711 620 3730
EOF
for row in '-e 711 620 1733' '-o 711 600 1733' '-u 700 600 1733'; do
	ok "svc-perms ${row%% *}" svc-perms "${row%% *}" s
	is "sets the modes ${row#* }" "$(modes s)" "${row#* }"
done
ok 'both kinds of option go together' svc-perms -O ":$mine" -E "$name" s
is 'and both are done' "$(modes s)" '711 620 3730'
svc-perms s >shown
is 'a group is shown by name' "$(cat shown)" "s status: public
s control: group $name
s events: group $name"

if is_root; then
	ok 'a group without a name is given by number' svc-perms -G :54321 -E :54321 s
	is 'and is the group of all three files' "$(groups s)" '54321 54321 54321'
	svc-perms s >shown
	contains 'which is how it is shown' "$(cat shown)" 's control: group :54321'
else
	skip 'groups that are not mine' 'not root'
fi

if has s6-svperms; then
	made ours
	made theirs
	for options in '' "-g :$mine" "-G :$mine" -u -o "-O :$mine" -e "-E :$mine" "-u -e"; do
		# shellcheck disable=SC2086  # these are words
		[ -z "$options" ] || { svc-perms $options ours && s6-svperms $options theirs; }
		svc-perms ours >shown
		is "the lines are those of s6-svperms${options:+ after $options}" \
			"$(cat shown)" "$(s6-svperms theirs | sed 's/^theirs/ours/')"
	done
else
	skip 'the lines are those of s6-svperms' 's6-svperms is not installed'
fi

chmod 755 s/supervise
exits 1 'an unusual mode is no' svc-perms s
is 'and is named' "$(cat err)" 'svc-perms: warning: s status: unusual mode 755'
contains 'the rest is shown' "$(cat out)" 's events: '

mkdir far linked
made far/x
ln -s ../far/x/supervise linked/supervise
ln -s ../far/x/event linked/event
ok 'supervise and event may be symbolic links' svc-perms -o -e linked
is 'and what they lead to is changed' "$(modes far/x)" '711 600 1733'

made planted
: >victim
chmod 600 victim
rm planted/supervise/control
ln -s ../../victim planted/supervise/control
exits 111 'a symbolic link for a control fifo is refused' svc-perms -G ":$mine" planted
is 'and not followed' "$(stat -c %a victim)" 600
contains 'and named' "$(cat err)" 'planted/supervise/control'
rm planted/supervise/control
ln victim planted/supervise/control
exits 111 'a regular file for a control fifo is refused' svc-perms -G ":$mine" planted
is 'and left alone' "$(stat -c %a victim)" 600

svc-perms -u -e s
exits 111 'a directory without a supervisor is named' svc-perms -o nowhere s
contains 'with the reason' "$(cat err)" 'unable to open nowhere: No such file or directory'
is 'and the next is done all the same' "$(modes s)" '711 600 1733'
exits 100 'no directory is a usage error' svc-perms -u
exits 100 'so is an unknown option' svc-perms -x s
exits 100 'so is an unknown group' svc-perms -g 'no such group' s
contains 'which is named' "$(cat err)" 'unknown group no such group'

done_testing
