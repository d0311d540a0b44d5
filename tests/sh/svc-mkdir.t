#!/bin/sh
# svc-mkdir: directories with their owners and modes.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-mkdir made
mode() { stat -c '%a %u:%g' "$@"; }
me=$(id -u):$(id -g)
is 'a new one has mode 0755, whatever the mask' "$(umask 077; svc-mkdir new stat -c '%a %u:%g' new)" "755 $me"
is '-m is its mode' "$(svc-mkdir -m 2750 moded stat -c '%a %u:%g' moded)" "2750 $me"
is 'one that is there keeps its mode' "$(mkdir -m 700 there; svc-mkdir there stat -c %a there)" 700
is 'unless one is asked for' "$(svc-mkdir -m 711 there stat -c %a there)" 711
refused 'unable to open a of a/b/c: No such file or directory' svc-mkdir a/b/c true
ok '-p makes its parents' svc-mkdir -p -m 700 a/b/c true
is 'with the usual mode' "$(mode a a/b a/b/c)" "755 $me
755 $me
700 $me"
ok '/ is there' svc-mkdir / true
ok 'slashes do not count' svc-mkdir new// true
: >file
exits 111 'a file in its place stays' svc-mkdir file true
ln -s new link
exits 111 'a link in its place is not followed' svc-mkdir -m 700 link true
is 'nor what it leads to changed' "$(mode new)" "755 $me"
ok 'a link on the way is, where only its owner can have put it' svc-mkdir link/below true
ln -s "$T/new" absolute
ok 'also an absolute one' svc-mkdir absolute/other true
ln -s loop loop
exits 111 'but not for ever' svc-mkdir loop/x true

mkdir -m 777 open
exits 111 'where others can replace it, it is refused' svc-mkdir -m 700 open/x true
is 'which is said' "$(cat err)" \
	'svc-mkdir: fatal: refuse to use open/x: others can replace what is in one of its parent directories'
is 'and nothing is made' "$(ls open)" ''
exits 111 'also further up' svc-mkdir -p open/x/y true
mkdir -m 1777 sticky
ok 'a sticky directory is fine' svc-mkdir -m 700 sticky/x true
ln -s ../new sticky/link
exits 111 'but no link in it is followed' svc-mkdir sticky/link/x true
if is_root; then
	is '-o is its owner' "$(svc-mkdir -m 4711 -o 7:8 owned stat -c '%a %u:%g' owned)" '4711 7:8'
	is 'a name, with its group' "$(svc-mkdir -o nobody named stat -c %u:%g named)" "$(id -u nobody):$(id -g nobody)"
	is 'only the last one has it' "$(svc-mkdir -p -o 7:8 p/q stat -c %u:%g p p/q)" "0:0
7:8"
	ok 'one of its owner is taken' svc-mkdir -o 7:8 owned true
	is 'one of another is given to its owner' "$(svc-mkdir -o 9:9 owned stat -c %u:%g owned)" 9:9
	mkdir sticky/theirs && chown 7:7 sticky/theirs
	refused 'refuse to change sticky/theirs: it belongs to uid 7' svc-mkdir -o 9:9 sticky/theirs true
	ok 'unless it is the owner'\''s already' svc-mkdir -m 700 -o 7:7 sticky/theirs true
	exits 111 "in somebody else's directory nothing is done" svc-mkdir -o 9:9 owned/x true
	mkdir -m 755 reach && cp "$BIN/svc-mkdir" reach
	svc-cd reach svc-setuid 65534:65534 ./svc-mkdir x true 2>err || code=$?
	is 'it needs the right to' "$code: $(cat err)" '111: svc-mkdir: fatal: unable to make x: Permission denied'
fi
mistake 'missing directory' svc-mkdir
mistake 'invalid directory: ' svc-mkdir '' true
mistake 'invalid mode: 9' svc-mkdir -m 9 x true
mistake 'invalid mode: 10000' svc-mkdir -m 10000 x true
mistake 'unknown user no-such-user' svc-mkdir -o no-such-user x true
ok 'which makes nothing' test ! -e x

done_testing
