#!/bin/sh
# svc-fifodir: make an event directory, or clean one up.
. "${0%/*}/lib.sh"

mode() { stat -c %a "$1"; }

exits 0 'an event directory is made' svc-fifodir make ev
is 'in which everybody may make fifos, that only their owners remove' "$(mode ev)" 1733
(umask 077; svc-fifodir make strict)
is 'whatever the umask' "$(mode strict)" 1733
chmod 700 ev
exits 0 'one that is there already is no error' svc-fifodir make ev
is 'and is left as it is' "$(mode ev)" 700
exits 0 'but for -f' svc-fifodir make -f ev
is 'which sets its mode' "$(mode ev)" 1733

gid=$(id -g)
exits 0 'one for a group is made' svc-fifodir make -g "$gid" group
is 'in which nobody else may' "$(mode group)" 3730
is 'of that group' "$(stat -c %g group)" "$gid"
if is_root; then
	svc-fifodir make -g 12345 group2
	is 'root may name any' "$(stat -c '%g %a' group2)" '12345 3730'
else
	skip 'root may name any' 'not root'
fi

echo precious >file
exits 111 'a file of that name is an error' svc-fifodir make file
contains 'with the reason' "$(cat err)" 'svc-fifodir: fatal: unable to make file: Not a directory'
exits 111 'also with -f' svc-fifodir make -f file
is 'and is left alone' "$(mode file) $(cat file)" '644 precious'
exits 111 'a missing parent is an error' svc-fifodir make none/ev

# What clean removes, and what not.
mkfifo ev/sub.1.0 ev/.sub.2.0 ev/sub.3.0 ev/other
exec 3<>ev/sub.3.0
mkdir ev/sub.4.0
echo precious >ev/sub.5.0
ln -s ../file ev/sub.6.0
exits 0 'it can be cleaned' svc-fifodir clean ev
ok 'a fifo that nobody reads is removed' test ! -e ev/sub.1.0
ok 'also one that was never finished' test ! -e ev/.sub.2.0
ok 'one that somebody reads stays' test -p ev/sub.3.0
ok 'one of another name stays' test -p ev/other
is 'what is no fifo is left alone' "$(cat ev/sub.5.0 file; test -d ev/sub.4.0 && echo there)" 'precious
precious
there'
exits 111 'what is no directory can not be cleaned' svc-fifodir clean file
exits 111 'nor can what is not there' svc-fifodir clean none
contains 'which is named' "$(cat err)" 'svc-fifodir: fatal: unable to open none: No such file or directory'

exits 100 'no verb is a mistake' svc-fifodir
contains 'which is named' "$(cat err)" 'svc-fifodir: fatal: missing verb: make or clean'
exits 100 'so is an unknown one' svc-fifodir remove ev
exits 100 'a missing directory' svc-fifodir make
exits 100 'a group that is no number' svc-fifodir make -g wheel ev
exits 100 'an unknown option' svc-fifodir make -x ev
exits 100 'and a word too many' svc-fifodir clean ev ev

done_testing
