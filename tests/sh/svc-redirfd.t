#!/bin/sh
# svc-redirfd: files at descriptors.
. "${0%/*}/lib.sh"
. "$here/link.sh"

echo text >file
link svc-redirfd -r 5 file
is '-r reads' "$(svc-redirfd -r 0 file cat)" text
ok '-w makes' svc-redirfd -w 1 new echo one
is 'what is written' "$(cat new)" one
ok '-w empties' svc-redirfd -w 1 new true
is 'what was there' "$(cat new)" ''
ok '-a appends' svc-redirfd -a 1 file echo more
is 'to what is there' "$(cat file)" "text
more"
ok '-u writes at the beginning' svc-redirfd -u 1 file echo TEXT
is 'and empties nothing' "$(cat file)" "TEXT
more"
ok '-x makes' svc-redirfd -x 1 fresh echo x
exits 111 'only what is missing' svc-redirfd -x 1 fresh true
is 'and says so' "$(cat err)" 'svc-redirfd: fatal: unable to open fresh: File exists'
is 'the mask counts' "$(umask 027; svc-redirfd -w 1 masked true; stat -c %a masked)" 640
is 'any descriptor will do' "$(svc-redirfd -r 37 file sh -c 'readlink /proc/self/fd/37')" "$T/file"
is 'also the one that is free anyway' "$(svc-redirfd -r 3 file sh -c 'cat <&3' | head -n 1)" TEXT
is 'no other stays open' "$(svc-redirfd -r 9 file ls /proc/self/fd | tr '\n' ' ')" "$(env ls /proc/self/fd 9<file | tr '\n' ' ')"
is 'a closed standard input can be opened' "$(svc-redirfd -r 0 file cat <&- | head -n 1)" TEXT

mkfifo fifo
ok '-w -n -b opens a fifo that nobody reads' svc-redirfd -wnb 1 fifo true
# flags WORD... - the octal flags of descriptor 1.
flags() { "$@" sed -n 's/^flags:[[:space:]]*//p' /proc/self/fdinfo/5; }
is '-n stays non-blocking' "$(flags svc-redirfd -r -n 5 fifo | tail -c 6)" "04000"
is '-n -b does not' "$(flags svc-redirfd -r -n -b 5 fifo | tail -c 6)" "00000"
is '-b alone does' "$(flags svc-redirfd -r -b 5 file | tail -c 6)" "04000"
for words in '-r 5 file' '-w 5 other' '-a 5 other' '-u 5 file' '-r -n 5 fifo' '-w -n 5 fifo' '-wnb 5 fifo' \
	'-r -b 5 file' '-r -n -b 5 fifo' '-x 5 none/none' '-r 5 none' '-u 5 none' '-w 5 .'; do
	if has redirfd; then
		# shellcheck disable=SC2086  # a word each
		ours=$(flags svc-redirfd $words 2>/dev/null; echo $?)
		# shellcheck disable=SC2086
		is "it is execline's redirfd $words" "$ours" "$(flags redirfd $words 2>/dev/null; echo $?)"
	else skip "it is execline's redirfd $words" 'not installed'; fi
done
mistake 'missing -r, -w, -u, -a or -x' svc-redirfd 1 file true
mistake 'missing descriptor' svc-redirfd -r
mistake 'missing file' svc-redirfd -r 0
mistake 'invalid descriptor: x' svc-redirfd -r x file true
mistake 'invalid descriptor: 2147483648' svc-redirfd -r 2147483648 file true
refused 'unable to open none: No such file or directory' svc-redirfd -r 0 none true
refused 'unable to open file at descriptor 1000000000: Bad file descriptor' svc-redirfd -r 1000000000 file true
if is_root; then skip 'a file that one may not open' 'root may'; else
	chmod 0 file
	refused 'unable to open file: Permission denied' svc-redirfd -r 0 file true
fi

done_testing
