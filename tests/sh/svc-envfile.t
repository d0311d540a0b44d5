#!/bin/sh
# svc-envfile: an environment from the lines of a file.
. "${0%/*}/lib.sh"
. "$here/link.sh"

: >file
exits 7 'it becomes the program' svc-envfile file sh -c 'exit 7'
cat >file <<'END'
# a comment
; another
A=plain value	
B='single $A \'
C="double \"$A\" \$ \\ \n"
D = blanks
E=joined \
lines
F="two
lines"
G=
A_2=a#b
A=last
END
show() { env -i A=old PATH="$PATH" svc-envfile "$1" env | grep -v ^PATH; }
# shellcheck disable=SC2016  # nothing is to expand
is 'lines are variables' "$(show file)" 'A=last
B=single $A \
C=double "$A" $ \ \n
D=blanks
E=joined lines
F=two
lines
G=
A_2=a#b'
is 'with a minus as well' "$(show -./file)" "$(show file)"
ok 'with a minus it may be missing' svc-envfile -/nonexistent/file true
refused 'unable to read none: No such file or directory' svc-envfile none true
refused 'unable to read .: Is a directory' svc-envfile -. true
mistake 'missing file' svc-envfile
mistake 'missing program' svc-envfile file
mistake 'invalid option (a file after a minus begins with / or .): -x' svc-envfile -x true
# bad TEXT MESSAGE - a file with a mistake.
# shellcheck disable=SC2059  # escapes are meant
bad() { printf "$1" >bad; mistake "bad:$2" svc-envfile bad true; }
bad 'A=1\n\nexport B=1\n' '3: no NAME=VALUE'
bad 'A=1\nB="x\n' '2: a quote that is not closed'
bad '1A=1\n' '1: no NAME=VALUE'
bad 'A=\000\n' '1: a NUL in the value'
exits 127 'a missing program' svc-envfile file ./none
printf 'export A=1' >bad
exits 100 'nothing is set by a file with a mistake' svc-envfile bad true
is 'and one line says so' "$(grep -c . err)" 1
if is_root; then skip 'a file that one may not read' 'root may'; else
	chmod 0 file
	refused 'unable to read file: Permission denied' svc-envfile file true
	exits 111 'also with a minus' svc-envfile -./file true
fi

done_testing
