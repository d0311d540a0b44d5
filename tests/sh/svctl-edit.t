#!/bin/sh
# svctl edit: what is typed is vetted before it is kept, and never lost.
# shellcheck disable=SC2016,SC2089,SC2090,SC2119  # scripts for other shells
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
# names DIR - of all that is in it.
names() { find "$1" -mindepth 1 -maxdepth 1 | sed 's,.*/,,' | sort | xargs; }
packages=$T/usr/lib/coppice/services
drop_in=$etc/services/web.d/override.toml draft=$etc/services/web.d/.override.draft.toml

# said COMMAND... - what it says to both, with this directory as DIR, and its exit code.
said() { code=0; "$@" >said 2>&1 </dev/null || code=$?; sed "s,$T,DIR,g" said; echo "exit $code"; }
# editor - standard input is a script that is the editor from now on; its file is $1.
EDITOR="sh '$T/editor script'"
export EDITOR
editor() { cat >"$T/editor script"; }
# typed LINE... - adds lines at the end.
typed() { printf '%s\n' "$@" >"$T/typed"; echo "cat '$T/typed' >>\"\$1\"" | editor; }
unset VISUAL

cat >"$packages/web.toml" <<'EOF'
exec = ["/bin/sleep", "1000"]
nice = 1
EOF

typed 'nice = 5'
is 'a drop-in is written' "$(said ctl edit web)" 'web: DIR/etc/coppice/services/web.d/override.toml is written
not live yet: svctl --prefix DIR apply
exit 0'
is 'with what was typed alone' "$(cat "$drop_in")" 'nice = 5'
is 'and nothing beside it' "$(ls -A "${drop_in%/*}")" override.toml
is 'readable for all' "$(stat -c %a "$drop_in")" 644
contains 'it holds' "$(ctl show web)" 'nice = 5'

echo 'cat "$1" >"$0.seen"' | editor
is 'no change' "$(said ctl edit web)" 'web: nothing is changed
exit 0'
is 'what holds was above the text' "$(sed "s,$T,DIR,g" 'editor script.seen')" "$(cat "$root/tests/golden/svctl/edit.txt")"
is 'VISUAL comes first' "$(said env VISUAL='printf "nice = 6\n" >' svctl --prefix "$T" edit web | sed -n 1p) $(cat "$drop_in")" \
	'web: DIR/etc/coppice/services/web.d/override.toml is written nice = 6'

# What is broken is kept.
typed 'ncie = 7' 'umask = 5'
is 'a mistake is refused, and the text kept' "$(said ctl edit web)" "$(cat "$root/tests/golden/svctl/edit-broken.txt")"
is 'the file is as it was' "$(cat "$drop_in")" 'nice = 6'
echo 'exit 0' | editor
is 'the next edit goes on with it' "$(said ctl edit web | sed -n '1p;$p')" \
	'svctl: note: going on with the draft DIR/etc/coppice/services/web.d/.override.draft.toml
exit 100'
is 'svc-compile does not read it' "$(svc-compile --check "$packages" "$etc/services" 2>&1 | head -n 1)" '1 service, 0 enabled: no errors'
printf "sed -i '/ncie/d; s/umask = 5/umask = \"022\"/' \"\$1\"\n" | editor
is 'until it is right' "$(said ctl edit web | tail -n 3) $(cat "$drop_in")" 'web: DIR/etc/coppice/services/web.d/override.toml is written
not live yet: svctl --prefix DIR apply
exit 0 nice = 6
umask = "022"'
ok 'then there is no draft' test ! -e "$draft"

# What would not go together with others.
unit db <<'EOF'
exec = ["/bin/sleep", "1000"]
after = ["web"]
EOF
typed 'after = ["db"]'
is 'a cycle is refused' "$(said ctl edit web | sed -n '/error\[E/s/.*: error/error/p')" 'error[E032]: these wait for one another: db -> web -> db'
ok 'and is in the draft' grep -q 'after = \["db"\]' "$draft"
rm "$draft"
unit broken <<'EOF'
exce = 1
EOF
typed '# a remark'
is 'a mistake elsewhere is no reason to refuse' "$(said ctl edit web | sed -n '1p;$p')" \
	'svctl: note: DIR/etc/coppice/services/broken.toml has mistakes, so nothing can be applied: svctl --prefix DIR check
exit 0'
echo "sed -i s/exce.*/exec=\\\"sleep\\\"/ \"\$1\"" | editor
is 'one file can be mended' "$(said ctl edit --full broken | sed -n '1p;$p')" 'broken: DIR/etc/coppice/services/broken.toml is written
exit 0'
rm "$etc/services/broken.toml"

# The editor.
before=$(cat "$drop_in")
echo 'exit 3' | editor
is 'an editor that fails' "$(said ctl edit web | tail -n 2 | sed 's/editor sh.*ended/editor ended/')" \
	'svctl: fatal: the editor ended with exit code 3: nothing is changed
exit 111'
ok 'leaves nothing where nothing was typed' test ! -e "$draft"
echo 'echo "nice = 9" >>"$1"; kill -9 $$' | editor
like 'one that is killed with something typed' "$(said ctl edit web | tail -n 2)" 'was killed by KILL|ended with exit code 137'
like 'leaves it' "$(cat said)" 'the text is kept in .*/\.override\.draft\.toml: svctl --prefix .* edit web goes on with it$'
is 'and the file as it was' "$(cat "$drop_in")" "$before"
rm "$draft"
is 'none, and no terminal for the usual one' "$(said env -u EDITOR svctl --prefix "$T" edit web)" \
	'svctl: fatal: which editor? Set EDITOR, or pipe the text: svctl edit --stdin
exit 100'
is 'one that there is not' "$(said env EDITOR=/none svctl --prefix "$T" edit web | tail -n 2)" \
	'svctl: fatal: there is no editor /none: set EDITOR to one; nothing is changed
exit 111'

# Two at once.
mkfifo go
echo 'echo "oom-score-adjust = 8" >>"$1"; : >begun; read -r line <go' | editor
background ctl edit web
first=$pid
until_ok 10 test -e begun
is 'two at once' "$(said ctl edit web)" 'svctl: fatal: somebody else is at it: svctl --prefix DIR edit web, later
exit 111'
echo 'nice = 4' >"$drop_in"
echo go >go
until_ok 10 gone "$first"
like 'who has changed the file meanwhile is not overwritten' "$(cat "$first.err")" 'was changed by somebody else meanwhile; the text is kept in'
is 'it is as he left it' "$(cat "$drop_in")" 'nice = 4'
ok 'and so is the text' grep -q 'adjust = 8' "$draft"
rm "$draft" begun
echo 'echo "oom-score-adjust = 8" >>"$1"; : >begun; read -r line <go' | editor
background svctl --prefix "$T" edit web
first=$pid
until_ok 10 test -e begun
kill -9 "$first"
until_ok 10 gone "$first"
echo go >go &
echo 'exit 0' | editor
contains 'after svctl was killed nothing is lost' "$(said ctl edit web)" 'going on with the draft'
ok 'and is kept' grep -q 'oom-score-adjust = 8' "$drop_in"
wait

# Others at other files meanwhile.
unit other <<'EOF'
exec = ["/bin/sleep", "1000"]
EOF
printf '%s\n' "echo 'exce = 1' >'$etc/services/other.toml'" 'echo "umask = \"077\"" >"$1"' | editor
is 'what others break meanwhile is their mistake' "$(said ctl edit web | tail -n 3 | sed -n '1p;$p')" \
	'web: DIR/etc/coppice/services/web.d/override.toml is written
exit 0'
rm "$etc/services/other.toml"

# Whole files.
ctl edit --stdin web </dev/null >told
is 'an empty text removes a drop-in' "$(sed "s,$T,DIR,g" told)" 'web: DIR/etc/coppice/services/web.d/override.toml is removed
not live yet: svctl --prefix DIR apply'
ok 'with its directory' test ! -e "$etc/services/web.d"
echo 'sed -i s/1000/2000/ "$1"' | editor
is 'a copy of the whole file' "$(said ctl edit --full web | head -n 1)" 'web: DIR/etc/coppice/services/web.toml is written'
is 'with what was typed' "$(cat "$etc/services/web.toml")" "$(sed s/1000/2000/ "$packages/web.toml")"
is 'a new one that is there' "$(said ctl edit --new web)" 'svctl: fatal: there is DIR/etc/coppice/services/web.toml already: svctl --prefix DIR edit web
exit 100'
is 'one that there is not' "$(said ctl edit new)" \
	'svctl: fatal: there is no service file of new; a new one: svctl --prefix DIR edit --new new
exit 100'
echo 'exit 0' | editor
is 'a new one without a change' "$(said ctl edit --new new) $(names "$etc/services")" 'new: nothing is changed
exit 0 db.toml web.toml'
echo "sed -i 's,/usr/sbin/new,/bin/true,' \"\$1\"" | editor
is 'a new one' "$(said ctl edit --new new | head -n 1) $(cat "$etc/services/new.toml")" 'new: DIR/etc/coppice/services/new.toml is written # description = "what it is, in one line"
exec = ["/bin/true"]'

# For scripts.
ok 'from standard input' sh -c 'echo "nice = 2" | svctl --prefix "$1" edit --stdin web && cat "$2"' - "$T" "$drop_in"
contains 'what was there' "$(cat out)" 'nice = 2'
echo 'nicee = 2' | ctl edit --stdin web >told 2>&1; code=$?
is 'a mistake' "$code $(sed "s,$T,DIR,g" told)" '100 DIR/etc/coppice/services/web.d/override.toml:1:1: error[E003]: unknown key "nicee"
  1 | nicee = 2
    | ^^^^^ did you mean "nice"?
svctl: fatal: 1 error: nothing is changed'
printf 'nice = \377' | ctl edit --stdin web >told 2>&1; code=$?
is 'what is no text' "$code $(cat told)" '100 svctl: fatal: standard input is not UTF-8: nothing is changed'
is 'the file is as it was, and nothing beside it' "$(cat "$drop_in") $(ls -A "${drop_in%/*}")" 'nice = 2 override.toml'
echo "nice = 3" | ctl edit --stdin --json web >>objects
is 'an image' "$(echo 'nice = 4' | svctl --root "$T" edit --stdin web 2>/dev/null | sed "s,$T,DIR,g")" 'web: DIR/etc/coppice/services/web.d/override.toml is written'
ctl mask db >/dev/null 2>&1; rm "$etc/services/db.toml"; ln -s /dev/null "$etc/services/db.toml"
is 'what is masked' "$(said ctl edit db)" 'svctl: fatal: db is masked: svctl --prefix DIR unmask db
exit 100'
if is_root; then
	chmod 755 "$T"
	is 'who may not is told before he types' "$(said svc-setuid 65534:65534 svctl --prefix "$T" edit new)" \
		'svctl: fatal: unable to make DIR/etc/coppice/services/new.d: Permission denied
exit 111'
fi

# At a terminal one is asked.
if has tmux; then
	typed 'ncie = 7'
	tmux -S "$T/tmux" -f /dev/null new-session -d -x 100 -y 40 \
		"cd '$T'; svctl --prefix '$T' edit new; echo exit \$? >ended; sleep 1000"
	screen() { tmux -S "$T/tmux" capture-pane -p; }
	asked() { screen | grep -q 'iscard? *$'; }
	becomes 10 'at a terminal one is asked' asked
	contains 'what is wrong is said before' "$(screen)" 'did you mean "nice"?'
	echo "sed -i 's/ncie.*/nice = 7/' \"\$1\"" | editor
	tmux -S "$T/tmux" send-keys e Enter
	becomes 10 'and can edit again' test -s ended
	is 'until it is right' "$(cat ended) $(cat "$etc/services/new.d/override.toml")" 'exit 0 nice = 7'
	tmux -S "$T/tmux" kill-server
	rm ended
	typed 'ncie = 7'
	tmux -S "$T/tmux2" -f /dev/null new-session -d -x 100 -y 40 \
		"cd '$T'; svctl --prefix '$T' edit new; echo exit \$? >ended; sleep 1000"
	screen() { tmux -S "$T/tmux2" capture-pane -p; }
	becomes 10 'one is asked' asked
	tmux -S "$T/tmux2" send-keys d Enter
	becomes 10 'and can discard it' test -s ended
	is 'and nothing is left of it' "$(cat ended) $(ls -A "$etc/services/new.d")" 'exit 1 override.toml'
	tmux -S "$T/tmux2" kill-server
else skip 'at a terminal one is asked' 'no tmux here'; fi

as_schemas_say objects

done_testing
