#!/bin/sh
# svctl cat and show: files as they are, and what holds because of them.
# shellcheck disable=SC2016,SC2089,SC2090,SC2119  # scripts for other shells
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
packages=$T/usr/lib/coppice/services

# said COMMAND... - what it says to both, with this directory as DIR, and its exit code.
said() { code=0; "$@" >said 2>&1 </dev/null || code=$?; sed "s,$T,DIR,g; s,$BIN,BIN,g" said; echo "exit $code"; }
golden() { is "$1" "$2" "$(cat "$root/tests/golden/svctl/$3.txt")"; }

cat >"$packages/web.toml" <<'EOF'
description = "HTTP server"   # from the package
exec = [
	'/bin/sleep', # for the time being
	"1000",
]
requires = ["db"]
limits.nofile = 65536

[log]
rotate-size = "10M"
[environment]
LANG = 'C.UTF-8'
GREETING = """a "quoted"
text with a \\ and a tab:	."""
[on-loss]
db = "restart"
EOF
mkdir -p "$packages/web.d" "$etc/services/web.d"
echo 'umask = "0027"' >"$packages/web.d/10-umask.toml"
echo 'nice = 1' >"$packages/web.d/20-nice.toml"
ln -s /dev/null "$etc/services/web.d/20-nice.toml"
printf 'log.rotate-size = "20M"\nlimits.nofile = 0x400' >"$etc/services/web.d/override.toml"
unit db <<'EOF'
exec = "/bin/sleep 1000"
EOF
unit 'getty@' <<'EOF'
description = "a terminal"
exec = ["/bin/sleep", "1000", "%i", "100%%"]
EOF
mkdir "$etc/services/getty@.d" "$etc/services/getty@tty1.d"
echo 'nice = 2' >"$etc/services/getty@.d/nice.toml"
echo 'umask = "022"' >"$etc/services/getty@tty1.d/umask.toml"

golden 'cat: a file with its drop-ins, of the package and of the administrator' "$(said ctl cat web)" cat
golden 'an instance has those of its template' "$(said ctl cat getty@tty1 db)" cat-instance
ctl cat --json web db >>objects
is 'as JSON' "$(ctl cat --json db | sed "s,$T,DIR,")" \
	'{"schema":"svctl-cat-1","name":"db","path":"DIR/etc/coppice/services/db.toml","masked":false,"text":"exec = \"/bin/sleep 1000\"\u000a","error":null}'
is 'a name that there is not' "$(said ctl cat wed)" 'svctl: fatal: there is no service file of wed (did you mean web?)
exit 100'
printf 'exec = "/bin/true" # \033[31m \377\r\n' >"$etc/services/odd.toml"
is 'what a terminal would obey is shown, and what is no text' "$(said ctl cat odd | sed -n 2p)" \
	'exec = "/bin/true" # \u{1b}[31m �\r'
ctl cat --json odd >>objects
rm "$etc/services/odd.toml"
mkdir "$etc/services/odd.toml"
is 'a directory' "$(said ctl cat odd)" 'svctl: warning: unable to read DIR/etc/coppice/services/odd.toml: Is a directory
exit 111'
rmdir "$etc/services/odd.toml"
ln -s /dev/null "$etc/services/odd.toml"
is 'a mask' "$(said ctl cat odd)" '# DIR/etc/coppice/services/odd.toml: masked, a link to /dev/null
exit 0'

golden 'show: what holds, and where it is said' "$(said ctl show web)" show
golden 'of an instance that nobody names' "$(said ctl show getty@tty1)" show-instance
golden 'with the defaults' "$(said ctl show --all db)" show-all
golden 'as a script' "$(said ctl show --script web)" show-script
ctl show web >shown
rm -r "$packages/web.d" "$etc/services/web.d"
cp shown "$packages/web.toml"
is 'what is shown is TOML that says the same' "$(ctl show web | sed 's/  *# .*//')" "$(sed 's/  *# .*//' shown)"
ctl show --all --json web db >>objects
is 'as JSON' "$(ctl show --json db | sed "s,$T,DIR,")" \
	'{"schema":"svctl-show-1","name":"db","keys":[{"key":"exec","toml":"\"/bin/sleep 1000\"","file":"DIR/etc/coppice/services/db.toml","line":1,"parameter":null}]}'
is 'a template alone' "$(said ctl show getty@)" 'svctl: fatal: getty@ is a template: svctl --prefix DIR show getty@PARAMETER
exit 100'
is 'what is masked' "$(said ctl show odd)" 'svctl: fatal: odd is masked: svctl --prefix DIR unmask odd
exit 100'
unit bad <<'EOF'
exec = ["/bin/sleep", "1"
nice = 3
EOF
contains 'of what is broken, what is known' "$(ctl show bad 2>told)" '# bad'
contains 'and what is wrong' "$(cat told)" 'bad.toml:2:1: error[E001]'
is 'not what is wrong with others' "$(ctl show db 2>&1 >/dev/null)" ''
rm "$etc/services/bad.toml"

# What is live.
is 'without a tree' "$(said ctl show --live db | sed 's/: no svc-managerd.*//')" 'svctl: fatal: there is no DIR/run/coppice/manager/state
exit 102'
svc-compile --output "$lib" --programs "$BIN" "$packages" "$etc/services" >compiled 2>&1
managed
like 'what is live is of its generation' "$(ctl show --live db | head -n 1)" "^# $lib/generations/1/services/db/run\$"
contains 'and is what would run' "$(ctl show --live db)" "$(ctl show --script db)"
unit db <<'EOF'
exec = "/bin/sleep 2000"
EOF
contains 'also when the file has changed' "$(ctl show --live db)" '/bin/sleep 1000'
contains 'which the other shows' "$(ctl show --script db)" '/bin/sleep 2000'
is 'one that is not live' "$(said ctl show --live bd | tail -n 2)" 'svctl: fatal: there is no service bd (did you mean db?)
exit 100'
ctl show --live --json db >>objects
is 'nothing of an image is live' "$(said svctl --root "$T" show --live db)" 'svctl: fatal: nothing of an image runs: leave --live out
exit 100'
contains 'an image is shown as well' "$(svctl --root "$T" show db)" "# $etc/services/db.toml:1"

as_schemas_say objects

done_testing
