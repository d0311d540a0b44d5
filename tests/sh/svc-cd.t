#!/bin/sh
# svc-cd: another working directory.
. "${0%/*}/lib.sh"
. "$here/link.sh"

mkdir sub
link svc-cd .
is 'the directory is the program'\''s' "$(svc-cd sub pwd -P)" "$T/sub"
printf '#!/bin/sh\necho here\n' >sub/prog && chmod 755 sub/prog
is 'the program is sought from there' "$(svc-cd sub ./prog)" here
is 'PWD stays as it is' "$(PWD=/x svc-cd sub sed -n 's/^PWD=//p' /proc/self/environ | tr '\0' '\n' | head -n 1)" \
	"$(PWD=/x sed -n 's/^PWD=//p' /proc/self/environ | tr '\0' '\n' | head -n 1)"
mistake 'missing directory' svc-cd
refused 'unable to change directory to none: No such file or directory' svc-cd none true
refused 'unable to change directory to plain: Not a directory' svc-cd plain true
mkdir -m 0 closed
if is_root; then skip 'a directory that one may not enter' 'root may'; else
	refused 'unable to change directory to closed: Permission denied' svc-cd closed true
fi
same "it is execline's cd" 'svc-cd sub pwd -P' 'execline-cd sub pwd -P'

done_testing
