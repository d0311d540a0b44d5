#!/bin/sh
# svctl enable, disable, mask and unmask: files of the tree, and nothing that runs but with --now.
# shellcheck disable=SC2016,SC2089,SC2090,SC2119  # scripts for other shells
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
# names DIR - of all that is in it.
names() { find "$1" -mindepth 1 -maxdepth 1 | sed 's,.*/,,' | sort | xargs; }
packages=$T/usr/lib/coppice/services

# said COMMAND... - what it says to both, with this directory as DIR, and its exit code.
said() { code=0; "$@" >said 2>&1 </dev/null || code=$?; sed "s,$T,DIR,g" said; echo "exit $code"; }
package() { cat >"$packages/$1.toml"; }

package web <<'EOF'
exec = ["/bin/sleep", "1000"]
EOF
package 'getty@' <<'EOF'
exec = ["/bin/sleep", "1000"]
EOF
unit own <<'EOF'
exec = ["/bin/sleep", "1000"]
requires = ["web"]
EOF

is 'enabling' "$(said ctl enable web own)" 'web: enabled
own: enabled
not live yet: svctl --prefix DIR apply
exit 0'
is 'is a link to the file' "$(readlink "$etc/enabled/web")" "$packages/web.toml"
is 'a relative one where it is beside' "$(readlink "$etc/enabled/own")" ../services/own.toml
ok 'svc-compile takes it' svc-compile --output "$lib" "$packages" "$etc/services"
contains 'as enabled' "$(cat out)" '2 services, 2 enabled'
is 'again' "$(said ctl enable web)" 'web: already enabled
exit 0'
is 'as systemd and as our files call it' "$(said ctl enable web.service own.toml | xargs)" 'web: already enabled own: already enabled exit 0'
is 'an instance of a template' "$(said ctl enable getty@tty1 | head -n 1) $(readlink "$etc/enabled/getty@tty1")" \
	"getty@tty1: enabled $packages/getty@.toml"
is 'a template alone' "$(said ctl enable getty@)" \
	'svctl: fatal: getty@ is a template: svctl --prefix DIR enable getty@PARAMETER
exit 100'
is 'a name that there is not' "$(said ctl enable wbe)" \
	'svctl: fatal: there is no service file of wbe (did you mean web?)
exit 100'
is 'one of several: nothing is changed' "$(said ctl disable web wbe | tail -n 1) $(names "$etc/enabled")" \
	'exit 100 getty@tty1 own web'
is 'what can be no name' "$(said ctl enable ../web | head -n 1)" 'svctl: fatal: ../web is not the name of a service'
like 'a name with a newline is one line' "$(said ctl enable "$(printf 'a\nb')" | head -n 1)" '^svctl: fatal: a\\nb is not the name'
is 'as JSON' "$(ctl enable --json web getty@tty2)" '{"schema":"svctl-enable-1","name":"web","enabled":true,"changed":false}
{"schema":"svctl-enable-1","name":"getty@tty2","enabled":true,"changed":true}'
for verb in enable disable; do
	ctl "$verb" --json getty@tty2 >>objects
done

is 'disabling' "$(said ctl disable web)" 'web: disabled
not live yet: svctl --prefix DIR apply
exit 0'
is 'again is no change' "$(said ctl disable web)" 'web: already disabled
exit 0'
: >"$etc/enabled/gone"
is 'a name that is enabled and has no file' "$(said ctl disable gone | head -n 1) $(names "$etc/enabled")" 'gone: disabled getty@tty1 own'

# What would not compile.
unit a <<'EOF'
exec = ["/bin/sleep", "1000"]
conflicts = ["web"]
EOF
ctl enable web >/dev/null
is 'a conflict is refused' "$(said ctl enable a | sed -n '/error\[/p;$p')" \
	'DIR/etc/coppice/services/a.toml:2:14: error[E033]: a conflicts with web, and both are enabled or needed by what is
exit 100'
contains 'which is said' "$(cat said)" 'svctl: fatal: 1 error: nothing is changed'
is 'and nothing is changed' "$(names "$etc/enabled")" 'getty@tty1 own web'
unit broken <<'EOF'
exce = 1
EOF
is 'a mistake elsewhere is no reason to refuse' "$(said ctl enable getty@tty3)" \
	'svctl: note: DIR/etc/coppice/services/broken.toml has mistakes, so nothing can be applied: svctl --prefix DIR check
getty@tty3: enabled
not live yet: svctl --prefix DIR apply
exit 0'
exits 0 'nor to keep something enabled' ctl disable getty@tty3
is 'what is broken can be enabled: its mistakes are not new' "$(said ctl enable broken | tail -n 1)" 'exit 0'
ctl disable broken >/dev/null
rm "$etc/services/broken.toml" "$etc/services/a.toml"

# Masks.
is 'masking what others need is refused' "$(said ctl mask web | sed -n '/error\[/p;$p')" \
	'DIR/etc/coppice/services/own.toml:2:13: error[E031]: requires: web is masked
exit 100'
rm "$etc/services/own.toml" "$etc/enabled/own" "$etc/enabled/web"
is 'masking' "$(said ctl mask web)" 'web: masked
not live yet: svctl --prefix DIR apply
exit 0'
is 'is a link to /dev/null' "$(readlink "$etc/services/web.toml")" /dev/null
is 'again is no change' "$(said ctl mask web)" 'web: already masked
exit 0'
is 'what is masked can not be enabled' "$(said ctl enable web)" \
	'svctl: fatal: web is masked: svctl --prefix DIR unmask web
exit 100'
ctl mask --json web >>objects
is 'unmasking' "$(said ctl unmask web)" 'web: unmasked
not live yet: svctl --prefix DIR apply
exit 0'
ok 'removes it' test ! -L "$etc/services/web.toml"
is 'again is no change' "$(said ctl unmask web)" 'web: not masked
exit 0'
ctl unmask --json web >>objects
unit own <<'EOF'
exec = ["/bin/sleep", "1000"]
EOF
is 'a file of the administrator is not thrown away' "$(said ctl mask own)" \
	'svctl: fatal: DIR/etc/coppice/services/own.toml is your own file, which is not thrown away: svctl --prefix DIR disable own, or move it away
exit 100'
is 'it is as it was' "$(cat "$etc/services/own.toml")" 'exec = ["/bin/sleep", "1000"]'
is 'what there is not can not be masked' "$(said ctl mask none | tail -n 1)" 'exit 100'
ln -s /dev/null "$packages/theirs.toml"
is 'a mask of the package' "$(said ctl unmask theirs)" \
	'svctl: fatal: theirs is masked by the package that has DIR/usr/lib/coppice/services/theirs.toml
exit 100'

# An image.
image=$T/image
mkdir -p "$image/usr/lib/coppice/services" "$image/bin" "$image/data"
ln -s /data "$image/etc"
mkdir -p "$image/data/coppice"
printf '#!/bin/sh\n' >"$image/bin/web" && chmod 755 "$image/bin/web"
echo 'exec = "/bin/web"' >"$image/usr/lib/coppice/services/web.toml"
is 'in an image' "$(said svctl --root "$image" enable web)" 'web: enabled
an image boots what was applied last: svctl --root DIR/image apply
exit 0'
is 'links lead to where they do in it, also those on the way' "$(readlink "$image/data/coppice/enabled/web")" /usr/lib/coppice/services/web.toml
is 'where nothing runs' "$(said svctl --root "$image" disable --now web)" \
	'svctl: fatal: nothing of an image runs: leave --now out
exit 100'
exits 0 'it is disabled there' svctl --root "$image" disable web
exits 0 'masked' svctl --root "$image" mask web
is 'as here' "$(readlink "$image/data/coppice/services/web.toml")" /dev/null

# With --now, what runs as well.
rm -rf "${packages:?}"/* "${etc:?}/services"/* "$etc/enabled"/*
unit one <<'EOF'
exec = ["/bin/sleep", "1000"]
EOF
unit two <<'EOF'
exec = ["/bin/sleep", "1000"]
EOF
compile
managed
ok 'enable --now' ctl enable --now one two
is 'brings it up' "$(state one) $(state two)" 'ready ready'
contains 'and says so' "$(cat out)" 'one: enabled'
is 'how each is, it says once' "$(grep -c ready out) $(grep -c already out)" '2 0'
ctl disable one >/dev/null; ctl stop --quiet one
unit user <<'EOF'
exec = ["/bin/sleep", "1000"]
requires = ["one"]
EOF
ctl apply >/dev/null; ctl start --quiet user
is 'what runs already goes on' "$(ctl enable --now one | grep -v generation)" 'one: enabled
one: enabled: goes on'
ctl stop --quiet user; rm "$etc/services/user.toml"
exits 0 'what is up already stays up' ctl enable --now one
ok 'disable --now' ctl disable --now one
is 'brings it down' "$(state one) $(state two)" 'down ready'
rm -f "$etc/services/two.toml"; mkdir -p "$packages"; printf 'exec = ["/bin/sleep", "1000"]\n' >"$packages/two.toml"
ctl disable two >/dev/null
ok 'mask --now' ctl mask --now two
becomes 10 'takes it away' sh -c '! grep -q "^two " "$1/manager/state"' - "$run"
is 'and leaves the rest' "$(ctl unmask two | head -n 1)" 'two: unmasked'
unit bad <<'EOF'
exce = 1
EOF
code=0; ctl enable --now one >told 2>&1 || code=$?
is 'where nothing can be applied it is not started' "$code $(state one)" '100 down'
rm "$etc/services/bad.toml" "$etc/enabled"/*
printf 'exec = ["/bin/false"]\nready = "notify-fd 3"\nrestart = "no"\n' | unit failing
exits 1 'what does not come up is no success' ctl enable --now failing
contains 'but is applied' "$(cat err)" 'failing: enabled; not all is as it should be, as said above'
rm "$etc/services/failing.toml" "$etc/enabled"/*

# Trees of users, and what may not be written.
ok 'a user has his own' env HOME="$T/home" XDG_RUNTIME_DIR="$T/run" sh -c '
	mkdir -p "$HOME/.config/coppice/services" && echo "exec = \"/bin/sleep 9\"" >"$HOME/.config/coppice/services/mine.toml" &&
	svctl --user enable mine && readlink "$HOME/.config/coppice/enabled/mine"'
is 'where nothing else is' "$(tail -n 1 out)" ../services/mine.toml
printf 'exec = ["/bin/sleep", "1000"]\n' >"$packages/web.toml"
if is_root; then
	chmod 755 "$T"
	is 'somebody else is told who may not' "$(said svc-setuid 65534:65534 svctl --prefix "$T" enable web | sed -E 's/; (as root:|sudo|doas) /; BECOMING /')" \
		'svctl: fatal: unable to make DIR/etc/coppice/enabled/web: Permission denied; BECOMING svctl --prefix DIR enable web
exit 111'
fi
rm -rf "$etc/enabled"; : >"$etc/enabled"
is 'a file where a directory should be' "$(said ctl enable web)" \
	'svctl: fatal: unable to read DIR/etc/coppice/enabled: Not a directory
exit 111'
is 'a tree that there is not' "$(said svctl --prefix "$T/none" enable web)" \
	'svctl: fatal: there is no service file of web
exit 100'

as_schemas_say objects

done_testing
