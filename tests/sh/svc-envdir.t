#!/bin/sh
# svc-envdir: an environment from the files of a directory.
. "${0%/*}/lib.sh"
. "$here/link.sh"

mkdir env
link svc-envdir env
printf 'v \t\nnext\n' >env/A
: >env/B
printf '\n' >env/C
printf 'a\0b ' >env/D
printf '  in front' >env/E
echo x >env/.hidden
echo x >'env/F=G'
show() { env -i B=1 A=old PATH="$PATH" "$@" env | grep -av ^PATH; }
is 'files are variables' "$(show svc-envdir env)" "A=v
C=
D=a
b
E=  in front"
is '-f takes the whole file' "$(show svc-envdir -f env | head -n 2)" "$(printf 'A=v \t\nnext')"
is '-n keeps blanks' "$(show svc-envdir -n env | head -n 1)" "$(printf 'A=v \t')"
is '-f -n keeps the newline' "$(show svc-envdir -fn env | sed -n 3p)" ''
rm 'env/F=G'
for other in envdir s6-envdir 'chpst -e'; do
	if has "${other%% *}"; then
		# shellcheck disable=SC2086  # a program and its option
		is "it is $other" "$(show svc-envdir env | sort)" "$(show $other env | sort)"
	else skip "it is $other" 'not installed'; fi
done
mistake 'missing directory' svc-envdir
refused 'unable to open none: No such file or directory' svc-envdir none true
exits 0 'with -I it may be missing' svc-envdir -I none true
exits 111 '-i takes that back' svc-envdir -I -i none true
refused 'unable to open plain: Not a directory' svc-envdir -I plain true
mkdir env/dir
refused 'unable to read env/dir: Is a directory' svc-envdir env true
rmdir env/dir
mkfifo env/fifo
refused 'unable to read env/fifo: Invalid argument' svc-envdir env true
rm env/fifo
if is_root; then skip 'a file that one may not read' 'root may'; else
	chmod 0 env/A
	refused 'unable to read env/A: Permission denied' svc-envdir env true
	chmod 644 env/A
fi
head -c 131072 /dev/zero | tr '\0' x >env/A
mistake 'unable to read env/A: longer than 128 kB' svc-envdir env true
printf 'short\n' >env/A && head -c 1000000 /dev/zero >>env/A
exits 0 'only the first line counts' svc-envdir env true

done_testing
