#!/bin/sh
# svc-compile: service files become a generation.
. "${0%/*}/lib.sh"

img=$T/img
package=$img/usr/lib/coppice/services admin=$img/etc/coppice/services
enabled=$img/etc/coppice/enabled state=$img/var/lib/coppice
mkdir -p "$package" "$admin" "$enabled" "$img/bin"
printf 'root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n' >"$img/etc/passwd"
printf 'root:x:0:\nadm:x:4:\nwww-data:x:33:\n' >"$img/etc/group"
printf '#!/bin/sh\n' >"$img/bin/real" && chmod 755 "$img/bin/real"
# An absolute link is one of the image.
ln -s /bin/real "$img/bin/daemon"

compile() { svc-compile --root "$img" --programs "$BIN" "$@"; }
# file DIR/NAME - a service file from standard input.
file() { mkdir -p "${1%/*}" && cat >"$1"; }
boots() { ln -s anywhere "$enabled/$1"; }
boot() { cat "$state/boot/$1"; }
# Every byte and mode of what there is. The file stamps is about what was read, not what was written.
picture() {
	(cd "$img/var/lib/coppice" && find . ! -name stamps -printf '%p %m %i %l\n' | sort
		find . ! -name stamps -type f -exec cksum {} + | sort)
}

ok 'no service file at all is fine' compile --check
is 'and is said' "$(sed 1q out)" '0 services, 0 enabled: no errors'
is 'nothing is written by --check' "$(ls "$img/var" 2>/dev/null)" ''

file "$package/web.toml" <<'EOF'
description = "HTTP server"
exec = ["/bin/daemon", "-g", "daemon off;"]
user = "www-data"
groups = ["adm"]
ready = "notify-fd 3"
requires = ["network"]
wants = ["getty@tty1"]
restart = "on-failure"
restart-delay = "1min 500ms"
timeout-stop = "10s"
kill-signal = "QUIT"
runtime-directory = ["web", "web-cache"]
before-start = "/bin/daemon -t"
working-directory = "/run/web"
[limits]
nofile = 65536
[environment]
LANG = "C.UTF-8"
WORDS = "two words"
[log]
rotate-size = "10M"
EOF
file "$package/network.toml" <<'EOF'
type = "oneshot"
start = [["/bin/daemon", "up"], ["/bin/daemon", "it's up"]]
stop = "/bin/daemon down"
timeout-start = "30s"
EOF
file "$package/getty@.toml" <<'EOF'
exec = "/bin/daemon %i %%i"
tty = "/dev/%i"
log.own = true
EOF
file "$package/all.toml" <<'EOF'
type = "group"
requires = ["web"]
EOF
boots all

ok 'a set is compiled' compile
is 'what came of it is said' "$(cat out)" '4 services, 1 enabled: generation 1
after a boot: 4 ready'
is 'boot leads to it' "$(readlink "$state/boot")" generations/1
is 'a daemon is a chain file' "$(boot services/web/run)" "#!$BIN/svc-chain
# HTTP server
svc-fdmove -c 2 1
svc-limit nofile=65536
svc-mkdir -p -m 0755 -o www-data /run/web
svc-mkdir -p -m 0755 -o www-data /run/web-cache
svc-env RUNTIME_DIRECTORY=/run/web:/run/web-cache LANG=C.UTF-8 'WORDS=two words'
svc-setuid -s adm www-data
svc-cd /run/web
svc-if -m 'before-start failed: /bin/daemon' { /bin/daemon -t }
/bin/daemon -g 'daemon off;'"
is 'so is its finish' "$(boot services/web/finish)" "#!$BIN/svc-chain
# HTTP server
svc-fdmove -c 2 1
rm -rf -- /run/web /run/web-cache"
is 'its test has what is in front of it there' "$(boot services/web/before-start.1 | sed "s,^/bin/daemon -t$,svc-if -m 'before-start failed: /bin/daemon' { & },")" \
	"$(boot services/web/run | sed '$d')"
is 'its small files' "$(cd "$state/boot/services/web" && grep . -- * | grep -v '^run\|^finish\|^before')" 'down-signal:QUIT
notification-fd:3
restart:on-failure
restart-delay:60500
timeout-kill:10000'
is 'what its logger is told' "$(boot log/web)" '--rotate-size 10485760'
is 'a oneshot' "$(boot services/network/run)" "#!$BIN/svc-chain
svc-fdmove -c 2 1
svc-timeout 30000ms
svc-if { /bin/daemon up }
/bin/daemon 'it'\\''s up'"
is 'and its stop' "$(boot services/network/stop)" "#!$BIN/svc-chain
svc-fdmove -c 2 1
svc-timeout 90000ms
/bin/daemon down"
is 'an instance has its parameter' "$(boot services/getty@tty1/run)" "#!$BIN/svc-chain
svc-fdmove -c 2 1
svc-tty /dev/tty1
/bin/daemon tty1 %i"
is 'and a logger of its own' "$(boot services/getty@tty1/log/run)" "#!$BIN/svc-chain
svc-mkdir -p /var/log/coppice/getty@tty1
$BIN/svc-log -d 3 --dir /var/log/coppice/getty@tty1 --stamp=tai64n"
like 'with --logs it logs there' "$(compile --logs /srv/log --show getty@tty1)" '--dir /srv/log/getty@tty1 '
is 'a group has no directory' "$(ls "$state/boot/services")" 'getty@tty1
network
web'
is 'the graph' "$(boot graph)" 'version 1
boot all
service all group
 requires web stop
service getty@tty1 daemon
 start-timeout 90000
 ready-timeout 90000
 stop-timeout 90000
service network oneshot
 start-timeout 30000
 stop-timeout 90000
service web daemon
 description HTTP server
 readiness
 start-timeout 90000
 ready-timeout 90000
 stop-timeout 10000
 requires network stop
 wants getty@tty1 ignore'

ok 'a boot and a shutdown are simulated' compile --check
is 'their orders are told' "$(cat out)" '4 services, 1 enabled: no errors
after a boot: 4 ready
boot: network getty@tty1 web
shutdown: web getty@tty1 network'

# Elsewhere in the image.
ln -s /real "$img/elsewhere-too"

picture >before
ok 'again' compile
is 'nothing has changed' "$(cat out)" '4 services, 1 enabled: nothing changed since generation 1'
picture >after
ok 'and nothing was written' cmp before after
ok 'with another --output' compile --output /elsewhere
ok 'the same input makes the same bytes' diff -r "$state/boot/" "$img/elsewhere/boot/"
ok 'a link in the image leads to a place in it' compile --output /elsewhere-too
ok 'where a generation is' test -f "$img/real/boot/graph"

echo 'requires = ["netwrok"]' >"$admin/bad.toml"
exits 100 'a set with a mistake is refused' compile
like 'and the mistake is named' "$(cat err)" 'bad.toml:1:13: error\[E030\]: requires: there is no service netwrok'
like 'with what was meant' "$(cat err)" 'did you mean "network"'
picture >after
ok 'nothing was written' cmp before after
rm "$admin/bad.toml"

# What overrides what.
file "$admin/network.toml" <<'EOF'
type = "group"
EOF
file "$package/web.d/10-less.toml" <<'EOF'
nice = 5
limits.nofile = 5
EOF
file "$admin/web.d/20-more.toml" <<'EOF'
nice = 6
wants = []
[environment]
LANG = "C"
EOF
ok 'with an override and drop-ins' compile
is 'it is a new generation' "$(sed 1q out)" '3 services, 1 enabled: generation 2'
is 'boot leads there' "$(readlink "$state/boot")" generations/2
ok 'the old one is as it was' diff -r "$img/elsewhere/boot/" "$state/generations/1/"
is 'a file overrides one of a package' "$(boot graph | grep network)" 'service network group
 requires network stop'
like 'the later drop-in counts' "$(boot services/web/run)" '^svc-nice =6$'
like 'the earlier as well' "$(boot services/web/run)" '^svc-limit nofile=5$'
like 'a table is put together' "$(boot services/web/run)" "LANG=C 'WORDS=two words'$"
ln -s /dev/null "$admin/web.d/10-less.toml"
ok 'a drop-in can be masked' compile
like 'and is gone' "$(boot services/web/run)" '^svc-limit nofile=65536$'
echo 'exec = "/bin/daemon alone"' | file "$admin/getty@tty1.toml"
rm -r "$admin/web.d"
ok 'an instance can have a file of its own' compile
like 'which is used' "$(boot services/getty@tty1/run)" '^/bin/daemon alone$'
printf 'exec = "/bin/daemon"\nuser = "%%i"\n' | file "$admin/of@.toml"
ok 'a template that a number does not fit may be there without an instance' compile
printf 'exec = "/bin/daemon"\nuser = "%%i"\nnice = "%%i"\n' | file "$admin/of@.toml"
exits 100 'not one that nothing fits' compile
like 'which is said' "$(cat err)" 'of@.toml:3:8: error\[E004\]'
rm "$admin/of@.toml"
ln -s /dev/null "$admin/all.toml"
ok 'who is enabled can be masked' compile
like 'which is said' "$(cat err)" 'warning\[W001\]: all is enabled, and masked'
is 'and is gone' "$(boot graph | grep -c '^service all')" 0
rm "$enabled/all"

# In a block a word is not what it is outside: each command is expanded for itself.
file "$admin/words.toml" <<'EOF'
exec = "/bin/daemon $OPTIONS"
before-start = [["/bin/daemon", "-t", "$OPTIONS"], ["-/bin/daemon", "$OPTIONS"]]
ready = "check /bin/daemon -c $OPTIONS"
expand = true
EOF
ok 'one with variables' compile --show words
is 'has them replaced in each command, and in one that may fail' "$(grep -v '^# ' out)" "#!$BIN/svc-chain
svc-fdmove -c 2 1
svc-if -m 'before-start failed: /bin/daemon' { svc-expand /bin/daemon -t \$OPTIONS }
svc-if -m 'before-start failed: /bin/daemon' { svc-foreground { svc-expand /bin/daemon \$OPTIONS } true }
svc-readycheck -n 0 -w 100 -c { svc-expand /bin/daemon -c \$OPTIONS }
svc-expand /bin/daemon \$OPTIONS"
sed -i /^ready/d "$admin/words.toml"
ok 'one that can not tell when it is ready' compile --show words
# shellcheck disable=SC2016 # as it is written
is 'is announced when all is done that comes before it' "$(grep announce out)" 'svc-expand svc-announce 3 /bin/daemon $OPTIONS'
cat >"$admin/words.toml" <<'EOF'
type = "oneshot"
start = [["-/bin/daemon", "1"], ["-daemon", "2"]]
EOF
ok 'one whose commands may fail' compile --show words
is 'goes on when they do' "$(grep -v '^# ' out)" "#!$BIN/svc-chain
svc-fdmove -c 2 1
svc-if { svc-foreground { /bin/daemon 1 } true }
svc-foreground { daemon 2 } true"
rm "$admin/words.toml"

# What a boot would not bring up, and why.
echo 'type = "group"
when.all = ["net/eth0 = up", "power > 5"]
when.none = ["cmdline/single"]' >"$admin/online.toml"
echo 'type = "group"
requires = ["online"]
when.all = ["net/eth0 = down"]' >"$admin/offline.toml"
boots offline
ok 'facts are assumed' compile --check
is 'and named, with what is not ready all the same' "$(sed -n '2,4p' out)" 'after a boot: 0 ready
if these facts hold: net/eth0 = down, power > 5
not ready: offline: offline needs online; the condition of online does not hold'
rm "$admin/online.toml" "$admin/offline.toml" "$enabled/offline"

# Half of one, as a crash leaves it.
mkdir -p "$state/generations/99.new/services"
ln -s nowhere "$state/boot.new"
echo 'exec = "/bin/daemon again"' >"$admin/getty@tty1.toml"
ok 'what a crash left is no hindrance' compile
is 'and is removed' "$(find "$state" -name '*.new')" ''

ok 'a service can be looked at' compile --show web
like 'as what would run' "$(cat out)" "^/bin/daemon -g 'daemon off;'$"
like 'with its small files' "$(cat out)" '^# timeout-kill: 10000$'
mv out shown
ok 'which is a chain file' svc-chain --show shown
exits 100 'one that there is not' compile --show wbe
is 'is said' "$(cat err)" 'svc-compile: fatal: there is no service wbe (did you mean web?)'
exits 100 'an option that there is not' compile --chek
ok 'directories can be named' compile --check /usr/lib/coppice/services
is 'instead of the usual ones' "$(sed 1q out)" '4 services, 0 enabled: no errors'

ok 'the schema is printed' svc-compile --schema
mv out schema
if has python3; then
	ok 'it is JSON' python3 -m json.tool schema
	is 'with every key' "$(python3 -c 'import json,sys
def keys(s, at=""):
    for name, value in s.get("properties", {}).items():
        if "properties" in value: yield from keys(value, at + name + ".")
        elif value.get("type") == "object": yield at + name + ".*"
        else: yield at + name
print("\n".join(sorted(keys(json.load(open("schema"))))))')" "$(sed -n '/<table id="keys">/,/<\/table>/s/^<tr><td><code>\([^<]*\)<.*/\1/p' "$root/doc/html/service-file.html" | LC_ALL=C sort)"
else
	skip 'it is JSON' 'no python3 here'
	skip 'with every key' 'no python3 here'
fi

# On this system, run.
mkdir -p own/services own/enabled
cat >own/services/talker.toml <<EOF
exec = ["sh", "-c", "echo \$# \$1; echo error >&2; echo >&3; exec sleep 1000", "sh", "it's"]
ready = "notify-fd 3"
umask = "0027"
log = { own = true, directory = "$T/log", stamp = "none", prefix = "talker:" }
[environment]
GREETING = "hello world"
EOF
cat >own/services/once.toml <<EOF
type = "oneshot"
start = [["test", "-d", "/"], ["sh", "-c", "echo \$GREETING >'$T/once'"]]
environment.GREETING = "hello"
EOF
ok 'a set of this system' svc-compile --programs "$BIN" --output "$T/made" own/services
for run in made/boot/services/*/run; do ok "$run has no mistakes" svc-chain --check "$run"; done
for _ in 1 2 3 4; do svc-compile --output "$T/together" own/services >>together.out & done
wait
is 'who compile at the same time make one generation' "$(grep -c ': generation 1$' together.out) $(ls together/generations)" '1 1'
cp -R made/boot/services/talker talker
# Its output is what is looked at.
rm -r talker/log
background svc-supervise talker
supervisor=$pid
becomes 10 'it runs under a supervisor, and is ready' svc-wait -t 5000 -U talker
is 'with its words and no others; errors are with the output' "$(cat "$supervisor.out")" "1 it's
error"
like 'as it was told' "$(tr '\0' '\n' <"/proc/$(svc-stat -o pid talker)/environ")" '^GREETING=hello world$'
ok 'it is stopped' timeout 100 svc-ctl -wd down talker
kill "$pid"
echo hello | made/boot/services/talker/log/run 3>ready
is 'its logger runs' "$(cat log/current)" 'talker: hello'
is 'and is ready' "$(wc -c <ready)" 1
ok 'a oneshot runs' made/boot/services/once/run
is 'and does what it is for' "$(cat once)" hello

done_testing
