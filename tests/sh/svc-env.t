#!/bin/sh
# svc-env: variables set, taken away, kept.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-env A=1
# With nothing of the shell's in it.
clean() { env -i A=1 B=2 PATH="$PATH" "$@"; }
is 'a new variable comes last' "$(clean svc-env C=3 env)" "$(clean env; echo C=3)"
is 'a present one keeps its place' "$(clean svc-env A=x=y env)" "$(clean env | sed 's/^A=.*/A=x=y/')"
is '-u takes away' "$(clean svc-env -u A env)" "$(clean env | grep -v '^A=')"
is 'what is not there as well' "$(clean svc-env --unset NONE env)" "$(clean env)"
is '-k takes away the others' "$(clean svc-env -k A -k NONE "$(command -v env)")" A=1
is '-c all of them' "$(clean svc-env --clear B=3 "$(command -v env)")" B=3
is 'a value may be empty' "$(clean svc-env -c A= "$(command -v env)")" A=
mkdir bin && printf '#!/bin/sh\necho x\n' >bin/say && chmod 755 bin/say
is 'PATH is that of the new environment' "$(svc-env PATH="$T/bin" say)" x
cp bin/say 'a=b'
is 'a program may have an = in its name' "$(svc-env A=1 -- "./a=b")" x
exits 127 'without PATH the usual places are searched' svc-env -c no-such-program
ok 'and programs found there' svc-env -c true
mistake 'invalid name of a variable: A=B' svc-env -u A=B true
mistake 'invalid name of a variable: ' svc-env -k '' true
is "it is env's" "$(clean svc-env -u A B=3 C=4 env)" "$(clean env -u A B=3 C=4 env)"

done_testing
