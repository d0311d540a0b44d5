#!/bin/sh
# svc-chroot: another root directory.
. "${0%/*}/lib.sh"
. "$here/link.sh"

mistake 'missing directory' svc-chroot
refused 'unable to change directory to none: No such file or directory' svc-chroot none true
: >plain
refused 'unable to change directory to plain: Not a directory' svc-chroot plain true
unprivileged svc-chroot / true 2>err || code=$?
is 'it needs a privilege' "$code: $(cat err)" '111: svc-chroot: fatal: unable to change root to /: Operation not permitted'
if ! is_root; then skip 'the rest' 'not root'; done_testing; fi

link svc-chroot /
mkdir root
exits 127 'the program is sought in it' svc-chroot root /bin/sh
if [ -e "$BIN/coppice-core" ] && ! ldd "$BIN/svc-ok" >/dev/null 2>&1; then
	cp "$BIN/svc-ok" "$BIN/svc-cd" root
	ok 'and found' svc-chroot root /svc-ok --version
	ok 'the working directory is in it' svc-chroot root ./svc-ok --version
	ok 'there is no way out by ..' svc-chroot root /svc-cd ../../../.. ./svc-ok --version
else skip 'the program is found in it' 'no static programs here'; fi

done_testing
