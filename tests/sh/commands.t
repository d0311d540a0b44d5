#!/bin/sh
# The page that sets commands of other systems beside ours: each of ours does what its line says.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111
COPPICE_PREFIX=$T
export COPPICE_PREFIX
page=$root/doc/html/commands.html

# said COMMAND - it is on the page, and from now on it was tried.
said() {
	ok "the page has $1" grep -qF "<code class=\"run\">$1</code>" "$page"
	echo "$1" >>tried
}
# answers COMMAND CODE PATTERN - what it prints, on either side, matches.
answers() {
	said "$1"
	code=0
	# shellcheck disable=SC2086  # words
	timeout 300 $1 >printed 2>&1 || code=$?
	is "$1 ends with $2" "$code" "$2"
	like "$1 prints" "$(cat printed)" "$3"
}
# does COMMAND CHECK... - it succeeds, and then CHECK does.
does() {
	command=$1; shift
	said "$command"
	# shellcheck disable=SC2086
	ok "$command" timeout 300 $command
	ok "  and: $*" "$@"
}
lacks_green() { ! grep -q green "$lib/boot/services/job/run"; }
pid() { svc-stat -o pid "$run/scan/$1"; }
is_other() { [ "$(pid "$1")" != "$2" ]; }

unit db <<'EOF'
exec = ["/bin/sh", "-c", "echo the db; echo >&3; exec sleep 1000"]
ready = "notify-fd 3"
EOF
# Of a package: an administrator's own file is not masked.
cat >"$T/usr/lib/coppice/services/web.toml" <<'EOF'
description = "a site"
exec = ["/bin/sh", "-c", "trap 'echo hup' HUP; trap 'echo usr1' USR1; trap 'exit 0' TERM; echo the web; while :; do sleep 1000 & wait; done"]
requires = ["db"]
reload-signal = "HUP"
EOF
unit broken <<'EOF'
exec = ["/bin/sh", "-c", "exit 3"]
restart = "no"
EOF
unit job <<'EOF'
exec = ["/bin/sh", "-c", "echo once; exec sleep 1000"]
EOF
enabled web broken
svc-compile --output "$lib" --programs "$BIN" "$T/usr/lib/coppice/services" "$etc/services" >compiled
logged
# shellcheck disable=SC2119  # no options
managed
until_ok 10 is_in web ready
until_ok 10 is_in broken failed
says() { grep -q "$2" "$T/var/log/coppice/$1/current"; }

answers 'svctl status' 0 'broken.*failed'
answers 'svctl status web' 0 'a site'
answers 'svctl is-up web' 0 '.*'
answers 'svctl is-ready web' 0 '.*'
answers 'svctl is-failed web' 1 '.*'
answers 'svctl list --failed' 0 'broken'
answers 'svctl why web' 0 'web'
until_ok 10 says web 'the web'
answers 'svctl logs web' 0 'the web'
said 'svctl logs -n 20 -f web'
svctl logs -n 20 -f web >followed &
follower=$!
until_ok 10 grep -q 'the web' followed
ok 'svctl logs -n 20 -f web prints' grep -q 'the web' followed
kill "$follower"
answers 'svctl list' 0 'job'
answers 'svctl list --enabled' 0 'web'
answers 'svctl list --enabled --json' 0 '"name":"web"'
answers 'svctl is-up --quiet web' 0 ''
answers 'svctl show --script web' 0 'svc-chain'
answers 'svctl tree web' 0 'db'
answers 'svctl tree --users db' 0 'web'
answers 'svctl cat web' 0 'a site'
answers 'svctl show web' 0 'web.toml:1'
said 'svctl events'
svctl events >happened &
listener=$!
moved() { svctl restart --quiet job >/dev/null 2>&1; grep -q job happened; }
until_ok 20 moved
ok 'svctl events prints' grep -q job happened
kill "$listener"
answers 'svctl graph' 0 '<svg'
answers 'svctl bootchart --text' 0 'db'

does 'svctl stop web' is_in web down
does 'svctl start web' is_in web ready
before=$(pid web)
does 'svctl stop --with-dependents db' is_in web down
ok 'db is down too' is_in db down
ok 'both are back' svctl start db web
before=$(pid web)
does 'svctl restart db' is_other web "$before"
does 'svctl reload web' until_ok 10 says web hup
does 'svctl kill web USR1' until_ok 10 says web usr1
ok 'down again' svctl stop web
does 'svctl start --once web' is_in web ready
does 'svctl wait web' is_in web ready
answers 'svctl reset web' 0 '.*'

does 'svctl disable web' test ! -e "$etc/enabled/web"
does 'svctl enable web' test -e "$etc/enabled/web"
ok 'stopped' svctl stop web
does 'svctl enable --now web' is_in web ready
does 'svctl mask web' test -L "$etc/services/web.toml"
does 'svctl unmask web' test ! -L "$etc/services/web.toml"

answers 'svctl check' 0 'no errors'
echo 'environment.COLOUR = "green"' >>"$etc/services/job.toml"
answers 'svctl plan' 0 'job'
does 'svctl apply' grep -q green "$lib/boot/services/job/run"
answers 'svctl generations' 0 'live'
answers 'svctl stale' 0 '.*'
does 'svctl rollback' test "$(generation)" -gt 0
ok 'it is not green any more' lacks_green
sed -i 's/green/red/' "$etc/services/job.toml"
does 'svctl apply --confirm 60' grep -q red "$lib/live/services/job/run"
does 'svctl confirm' grep -q red "$lib/boot/services/job/run"
said 'svctl edit web'
cat >editor <<'EOF'
#!/bin/sh
echo "nice = 5" >>"$1"
EOF
chmod +x editor
ok 'svctl edit web' env EDITOR="$T/editor" svctl edit web
ok '  and what it needs is kept' grep -rq 'nice = 5' "$etc/services/web.d"

said 'svctl --user status'
mkdir -p home run-user
code=0
env -u COPPICE_PREFIX HOME="$T/home" XDG_RUNTIME_DIR="$T/run-user" svctl --user status >printed 2>&1 || code=$?
is 'a user who has no tree is told so' "$code" 4
said 'svctl --root /mnt enable web'
mkdir -p mnt/usr/lib/coppice/services mnt/etc/coppice/services mnt/bin
printf '#!/bin/sh\n' >mnt/bin/web
chmod +x mnt/bin/web
echo 'exec = "/bin/web"' >mnt/usr/lib/coppice/services/web.toml
ok 'svctl --root DIR enable web' env -u COPPICE_PREFIX svctl --root "$T/mnt" enable web
ok '  and it is enabled there' test -L mnt/etc/coppice/enabled/web

sed -n 's/.*<code class="run">\([^<]*\)<\/code>.*/\1/p' "$page" | sort -u >there
is 'no command of the page was left out' "$(sort -u tried | comm -13 - there)" ''

done_testing
