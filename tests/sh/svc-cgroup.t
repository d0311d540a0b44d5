#!/bin/sh
# svc-cgroup: a cgroup of version 2.
. "${0%/*}/lib.sh"
. "$here/link.sh"

mistake 'missing cgroup' svc-cgroup
mistake 'invalid cgroup: ' svc-cgroup '' true
mistake 'invalid cgroup: a/../../b' svc-cgroup a/../../b true
mistake 'invalid setting: max=1' svc-cgroup /a max=1 true
mistake 'invalid setting: ../a.b=1' svc-cgroup /a ../a.b=1 true
mistake 'invalid setting: memory.max=' svc-cgroup /a memory.max= true
if is_root && unshare -m true 2>/dev/null; then
	exits 111 'without v2 it refuses' unshare -m sh -c \
		'mount -t tmpfs none /sys/fs/cgroup && exec svc-cgroup a true'
	is 'and says why' "$(cat err)" 'svc-cgroup: fatal: cgroup v2 is not mounted at /sys/fs/cgroup'
else skip 'without v2 it refuses' 'only root may'; fi

root_of_all=
chmod 755 .
for dir in /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ -e $dir/cgroup.subtree_control ] && { root_of_all=$dir; break; }
done
ours=/coppice-test.$$
if [ -z "$root_of_all" ] || ! is_root || ! mkdir $root_of_all$ours 2>/dev/null; then
	skip 'the rest' 'no cgroup v2 that can be written here'
	done_testing
fi
at=$root_of_all$ours

link svc-cgroup $ours
# in_it WORD... - the cgroup of a program behind these words.
in_it() { "$@" sed -n 's/^0:://p' /proc/self/cgroup; }
is 'the program is in it' "$(in_it svc-cgroup $ours/a//b/)" $ours/a/b
is 'a path may begin at our own' "$(in_it svc-cgroup $ours/a svc-cgroup ./c/d)" $ours/a/c/d
is 'which is .' "$(in_it svc-cgroup $ours/a svc-cgroup .)" $ours/a
is 'who is in it may stay' "$(cp "$BIN/svc-cgroup" . && in_it svc-cgroup $ours svc-setuid 65534:65534 ./svc-cgroup . ./svc-cgroup $ours/)" $ours
is 'the cgroups are not open to others' "$(stat -c %a $at/a/c/d)" 755
ok 'files are set' svc-cgroup $ours/a cgroup.max.depth=3 cgroup.max.descendants=4 -- true
is 'each of them' "$(cat $at/a/cgroup.max.depth $at/a/cgroup.max.descendants)" "3
4"
refused "unable to set cgroup.max.depth of $ours/a to x: Invalid argument" svc-cgroup $ours/a cgroup.max.depth=x true
refused "unable to set cgroup.none of $ours/a to 1: No such file or directory" svc-cgroup $ours/a cgroup.none=1 true
refused 'unable to enable none in /: there is no such controller' svc-cgroup $ours none.max=1 true
refused "unable to make the cgroup $ours/cgroup.procs: Not a directory" svc-cgroup $ours/cgroup.procs true
svc-cgroup $ours/a cgroup.max.depth=0 true
refused "unable to make the cgroup $ours/a/x: Resource temporarily unavailable" svc-cgroup $ours/a/x true
svc-cgroup $ours/a cgroup.max.depth=max true
unprivileged svc-cgroup $ours true 2>err || code=$?
is 'who is not root may not enter' "$code: $(cat err)" "111: svc-cgroup: fatal: unable to enter $ours: Permission denied"
unprivileged svc-cgroup $ours/x true 2>err || code=$?
is 'nor make one' "$code: $(cat err)" "111: svc-cgroup: fatal: unable to make the cgroup $ours/x: Permission denied"
# A directory of another file system in its place.
exits 111 'nothing else than a cgroup is taken for one' unshare -m sh -c \
	"mount -t tmpfs none $at/a && exec svc-cgroup $ours/a true"
contains 'and named' "$(cat err)" "svc-cgroup: fatal: unable to make the cgroup $ours/a: "

# A subtree that belongs to a user.
mkdir $at/user && chown 65534 $at/user $at/user/cgroup.procs $at/user/cgroup.subtree_control
is 'a user can use a subtree of his' \
	"$(in_it svc-cgroup $ours/user svc-setuid 65534:65534 ./svc-cgroup one cgroup.max.depth=5)" $ours/user/one
is 'and set files in it' "$(cat $at/user/one/cgroup.max.depth)" 5

# Controllers: memory where v2 is alone, else what is left.
for controller in memory hugetlb none; do
	grep -qw $controller $root_of_all/cgroup.controllers && break
done
case $controller in
memory) setting=memory.max=2G value=2147483648 ;;
hugetlb) setting=hugetlb.2MB.max=4M value=4194304 ;;
none) skip controllers 'there are none here' ;;
esac
if [ "$controller" != none ]; then
	file=${setting%%=*}
	# Other runs of this test may want the same.
	exec 9<$root_of_all && flock 9
	before=$(grep -ow "$controller" $root_of_all/cgroup.subtree_control)
	ok 'a controller is enabled on the way' svc-cgroup $ours/b/c "$setting" true
	is 'and its file set, with a unit' "$(cat "$at/b/c/$file")" "$value"
	ok 'again' svc-cgroup $ours/b/c "$setting" true
	refused "unable to enter $ours/b: it has controllers for its children, and so no processes of its own" svc-cgroup $ours/b true
	mkdir $at/busy
	refused "unable to enable $controller in $ours/busy: it has processes of its own" \
		svc-cgroup $ours/busy svc-cgroup $ours/busy/x "$setting" true
	refused "unable to enable $controller in .: it has processes of its own" svc-cgroup $ours/busy svc-cgroup x "$setting" true
	find $at -depth -type d -exec rmdir {} +
	[ "$before" ] || echo "-$controller" >$root_of_all/cgroup.subtree_control
	exec 9<&-
fi
[ ! -e $at ] || find $at -depth -type d -exec rmdir {} +
ok 'nothing is left' test ! -e $at

done_testing
