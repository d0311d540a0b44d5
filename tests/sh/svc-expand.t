#!/bin/sh
# svc-expand: variables in the command line.
# shellcheck disable=SC2016  # the dollars are not the shell's
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-expand
export ONE=one TWO='two words' EMPTY='' QUO='x "y z" w' PROGRAM=printf
unset UNSET
# words WORD... - what they become, each in brackets.
words() { svc-expand $option printf '[%s]' . "$@"; }
option=
is 'braces are one word' "$(words '${TWO}' 'pre${TWO}post' '${UNSET}' '${EMPTY}')" '[.][two words][pretwo wordspost][][]'
is 'a word that is a variable is as many as it has' "$(words '$TWO' '$UNSET' '$EMPTY' '$QUO')" '[.][two][words][x][y z][w]'
is 'other dollars are dollars' "$(words 'pre$TWO' '$$ONE' '$${ONE}' 'x$' '${ONE:-x}' '${ONE')" \
	'[.][pre$TWO][$ONE][${ONE}][x$][${ONE:-x}][${ONE]'
is 'what is no name has no value' "$(words '$1' '$' '${a-b}')" '[.][]'
option=--shell-defaults
is 'defaults, if asked for' "$(words '${UNSET:-x}' '${EMPTY:-${ONE}}' '${ONE:-x}' '${ONE:+x}' '${UNSET:+x}' '$TWO')" \
	'[.][x][one][one][x][][two][words]'
is 'the program may be a variable' "$(svc-expand '$PROGRAM' '%s' x)" x
is 'or several words' "$(PROGRAM='printf %s' svc-expand '$PROGRAM' x)" x
is 'variables are those of the next program' "$(svc-env ONE=1 svc-expand printf %s '${ONE}')" 1
is 'other links are expanded as well' "$(svc-expand svc-argv0 '${ONE}' sh -c 'echo $$0 $${ONE}')" 'one one'
is 'with the value that is there then' "$(svc-expand svc-env ONE=2 svc-expand echo '$${ONE} ${ONE}')" '2 one'
mistake 'nothing to run: $UNSET has no value' svc-expand '$UNSET' true
mistake 'nothing to run: ${EMPTY} has no value' svc-expand '${EMPTY}' true
is 'which is one line' "$(grep -c . err)" 1
value=$(printf '\351')
is 'bytes of any kind are kept' "$(ONE=$value svc-expand printf %s '${ONE}' | od -An -tx1)" ' e9'
is 'no value is too long but for the kernel' "$(ONE=$(printf %0100000d 0) svc-expand expr length '${ONE}')" 100000

done_testing
