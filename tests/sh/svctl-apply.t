#!/bin/sh
# svctl check, plan, apply, confirm, rollback, generations and stale: from files to what is live.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
cd "$T" || exit 111

# says CODE TEXT DESCRIPTION ARGUMENT... - all that svctl says, on both, and its exit code.
says() {
	want="$1 $2" what=$3; shift 3
	code=0; got=$(ctl "$@" 2>&1) || code=$?
	is "$what" "$code $(echo "$got" | sed "s,$T,T,g")" "$want"
}

says 0 'none in T/var/lib/coppice/generations: svctl --prefix T apply makes one' 'there is no generation at first' generations
mv usr/lib/coppice/services elsewhere
rmdir etc/coppice/services
code=0; ctl check 2>said || code=$?
like 'neither directory is there' "$code $(cat said)" '^100 svctl: fatal: there is neither .*/etc/coppice/services nor .*: put service files into the first'
mkdir etc/coppice/services
unit db <<'EOF'
exec = ["sleep", "1000"]
EOF
enabled db
says 0 '1 service, 1 enabled: no errors
after a boot: 1 ready
boot: db
shutdown: db' 'a check, also where packages have no directory' check
says 0 'nothing is live: this is what a boot would do
1 service, 1 enabled: no errors
after a boot: 1 ready
boot: db
shutdown: db' 'a plan where nothing is live' plan
is 'writes nothing' "$(ls var/lib/coppice)" ''
code=0; ctl apply >said 2>&1 || code=$?
is 'an apply without a tree' "$code $(sed "s,$T,T,g" said)" '102 1 service, 1 enabled: generation 1
svctl: fatal: no tree runs in T/run/coppice/scan: svctl --prefix T boot --background starts it; generation 1 is what it begins with'
# shellcheck disable=SC2119  # no options
managed
ok 'what is enabled comes up' until_ok 10 is_in db ready
says 0 'nothing changed: generation 1 is live' 'nothing has changed' apply
says 0 'nothing would change' 'nothing would' plan

unit web <<'EOF'
exec = ["sleep", "1000"]
requires = ["db"]
EOF
enabled db web
says 0 'web: new
web: enabled: is started
start web' 'a plan of what is not written' plan
is 'nothing is written' "$(ls var/lib/coppice/generations)" 1
code=0; ctl apply >said 2>&1 || code=$?
is 'an apply says what it does' "$code $(sed -n '1p; /starting/p; $p' said)" '0 2 services, 2 enabled: generation 2
web: starting
web: ready'
is 'each change once' "$(grep -c '^web: new$' said)" 1
is 'it is live' "$(generation)" 2

# On trial.
printf 'environment.A = "1"\n' >>"$etc/services/web.toml"
code=0; ctl apply --confirm 600 >said 2>&1 || code=$?
is 'on trial' "$code $(tail -n 1 said | sed "s,$T,T,")" '0 svctl: hint: svctl --prefix T confirm keeps it; without it, generation 2 is back in 600 s'
boot() { readlink "$lib/boot"; }
is 'what is on trial is not what a boot takes' "$(boot)" generations/2
is 'what is on trial is not stale' "$(ctl stale | grep 'defines it otherwise')" ''
says 1 'svctl: fatal: another generation is on trial: svctl --prefix T confirm keeps it, svctl --prefix T rollback gives it up for generation 2; apply --confirm TIME tries what the files say now' 'another apply does not end the trial' apply
exits 1 'nor does one of a generation' ctl apply 3
exits 1 'nor a rollback to a third' ctl rollback 1
code=0; ctl apply --confirm 600 >said 2>&1 || code=$?
like 'a trial of the same is the same' "$code $(cat said)" '^0 nothing has changed
svctl: hint: .* generation 2 is back in [0-9]+ s$'
manager=$(manager)
if [ "$manager" -gt 1 ]; then kill -9 "$manager"; fi
is_another() { [ "$(manager)" != "$manager" ] && takes_requests; }
until_ok 10 is_another
is 'not with another manager either' "$(boot) $(generation)" 'generations/2 3'
says 0 'generation 3 is kept' 'confirmed' confirm
is 'what is confirmed is what a boot takes' "$(boot)" generations/3
ctl rollback >/dev/null 2>&1
ctl apply --confirm 600 3 >/dev/null 2>&1
ctl rollback >said 2>&1
is 'a rollback gives up what is on trial' "$(boot) $(generation)" 'generations/2 2'
exits 1 'then there is nothing to confirm' ctl confirm
says 0 'nothing changed: generation 2 is live' 'a trial of what is live is none' apply --confirm 600 2
# It was accepted before, and is not while it is tried.
compile
is 'svc-compile accepts' "$(boot)" generations/4
ok 'what svc-change tries then' change apply --confirm 600
is 'is not what a boot takes' "$(boot) $(generation)" 'generations/2 4'
exits 1 'until it is kept' change apply
ok 'with svc-change, too' change confirm
is 'which a boot takes' "$(boot)" generations/4
ctl rollback 3 >/dev/null 2>&1
rm -r "$lib/generations/4"
code=0; ctl rollback >said 2>&1 || code=$?
is 'and back' "$code $(sed -n '1p; $p' said)" '0 boot leads to generation 2, no longer to generation 3
web: ready'
is 'which is live' "$(generation)" 2
ctl rollback 3 >/dev/null 2>&1
is 'to one that is named' "$(generation)" 3
code=0; ctl rollback 99 2>said || code=$?
like 'one that there is not' "$code $(cat said)" '^100 svctl: fatal: there is no generation 99 in '
code=0; ctl apply 99 2>said || code=$?
like 'nor can it be applied' "$code $(cat said)" '^100 svctl: fatal: there is no generation 99 in '
code=0; ctl apply 1x 2>said || code=$?
like 'a number is a number' "$code $(cat said)" '^100 svctl: fatal: "1x" is no generation: '

ctl generations | sed 's/20[-0-9]* [0-9:]*/TIME/; s/ [0-9]* \(s\|min\) ago/ AGE/' >table
is 'the table of generations' "$(cat table)" "$(cat "$root/tests/golden/svctl/generations.txt")"
ctl generations --json | sed 's/"made":"[^"]*"/"made":"TIME"/; s/"good":[a-z]*/"good":G/' >objects
is 'as objects' "$(sed -n 2p objects)" '{"schema":"svctl-generations-1","generation":2,"made":"TIME","services":2,"live":false,"boot":false,"good":G,"changes":["+web","enabled"]}'

# What differs in nothing that runs, and what is gone.
unit idle <<'EOF'
exec = ["sleep", "1000"]
EOF
ctl apply --confirm 5min >said 2>&1
like 'a time may have a unit' "$(tail -n 1 said)" 'generation 3 is back in 300 s$'
ok 'kept' ctl confirm
echo 'description = "Nothing"' >>"$etc/services/idle.toml"
ctl apply >said 2>&1
is 'a description' "$(tail -n 1 said)" 'generation 5 is live, and no service is touched'
ok 'up' ctl start idle
ok 'killed' ctl kill idle KILL
ok 'it is waited for' ctl wait idle
ok 'what runs already can be asked for once' ctl start --once idle
ok 'then killed' ctl kill idle KILL
becomes 10 'it stays down' is_in idle down
ok 'up again' ctl start idle
rm "$etc/services/idle.toml"
is 'what is up and gone is stopped' "$(ctl plan)" 'idle: gone: is stopped
stop idle'
ok 'and applied' ctl apply
is 'what is gone is not listed' "$(ctl status | grep idle)" ''
like 'when it is asked for, that is said' "$(ctl why idle 2>&1)" 'idle is gone: it is not in generation 6, which is live'
ctl rollback 3 >/dev/null 2>&1
like 'that service files say more is said' "$(ctl status)" '! generation 3 is one that somebody went back to: '
rm -r "$lib/generations/4" "$lib/generations/5" "$lib/generations/6"

# Mistakes.
printf 'exce = ["true"]\n' >"$etc/services/bad.toml"
before=$(ls var/lib/coppice/generations)
code=0; ctl apply >said 2>&1 || code=$?
like 'a mistake is shown' "$(cat said)" 'bad.toml:1:1: error.E003.: unknown key "exce"'
is 'and changes nothing' "$code $(ls var/lib/coppice/generations)" "100 $before"
says 0 'no errors' 'a file of its own' check etc/coppice/services/web.toml
code=0; ctl check etc/coppice/services/bad.toml >said 2>&1 || code=$?
is 'one with a mistake' "$code $(tail -n 1 said)" '100 svctl: fatal: 1 error'
mkdir other; cp etc/coppice/services/bad.toml other
exits 100 'a directory' ctl check other
exits 100 'a file elsewhere' ctl check other/bad.toml
code=0; ctl check --json >said || code=$?
is 'the last object has the exit code' "$code $(tail -n 1 said)" '100 {"schema":"svctl-check-1","exit":100,"text":"1 error"}'
is 'the others tell where' "$(head -n 1 said | sed 's/"file":"[^"]*"/"file":"F"/; s/,"text".*//')" '{"schema":"svctl-check-1","severity":"error","code":"E003","file":"F","line":1,"column":1'
code=0; ctl check none 2>said || code=$?
is 'nothing of that name' "$code $(head -n 1 said)" '100 svctl: fatal: there is no none'
rm "$etc/services/bad.toml"

# Images.
mkdir -p image/etc/coppice/services image/etc/coppice/enabled image/bin
cp /bin/true image/bin/true
echo 'exec = ["/bin/true"]' >image/etc/coppice/services/a.toml
is 'an image is checked' "$(svctl --root image check | head -n 1)" '1 service, 0 enabled: no errors'
is 'and compiled' "$(svctl --root image apply | head -n 1)" '1 service, 0 enabled: generation 1'
ok 'inside' test -e image/var/lib/coppice/boot/graph
like 'its generations' "$(svctl --root image generations | tail -n 1)" '^1  .* boot$'
exits 100 'nothing of it is planned' svctl --root image plan

# What is stale.
says 0 'nothing is stale' 'nothing is stale' stale
cp "$(command -v sleep)" "$T/nap"
echo 'A=1' >"$T/variables"
unit old <<EOF
exec = ["$T/nap", "1000"]
environment-file = ["$T/variables"]
EOF
enabled db web old
ctl apply >/dev/null 2>&1
ok 'it runs' until_ok 10 is_in old ready
says 0 'nothing is stale' 'what has just started is not' stale
cp "$T/nap" "$T/nap.new"; mv "$T/nap.new" "$T/nap"
touch "$T/variables"
says 1 'old: T/nap was replaced
old: T/variables has changed since its start
try: svctl --prefix T restart old' 'an executable and variables that were replaced' stale
is 'as an object' "$(ctl stale --json | sed "s/\"pid\":[0-9]*/\"pid\":1/; s,$T,T,g")" '{"schema":"svctl-stale-1","name":"old","pid":1,"reasons":["T/nap was replaced","T/variables has changed since its start"],"restart":true,"apply":false,"looked":true}'
mv "$T/nap" "$T/nap.away"
says 1 "old: unable to run T/nap: No such file or directory: a restart would fail
old: T/nap was removed
old: T/variables has changed since its start" 'what is gone is not to be restarted' stale
contains 'nor as an object' "$(ctl stale --json)" '"restart":false'
mv "$T/nap.away" "$T/nap"
ctl restart old >/dev/null
says 0 'nothing is stale' 'after a restart' stale
touch "$etc/services/web.toml"
says 0 'nothing is stale' 'nor is a file that was only touched' stale
printf 'environment.C = "1"\n' >>"$etc/services/web.toml"
says 1 'web: T/etc/coppice/services/web.toml has changed since generation 4
try: svctl --prefix T apply' 'a file that has changed' stale
ctl apply >/dev/null
printf 'environment.B = "2"\n' >>"$etc/services/web.toml"
svc-compile --output "$lib" --programs "$BIN" "$T/usr/lib/coppice/services" "$etc/services" >/dev/null 2>&1 || compile
like 'a generation that is not live' "$(ctl stale)" 'web: generation 6 defines it otherwise'

# What is broken, and who may not.
mkdir "$lib/generations/90"
like 'a generation that is none' "$(ctl generations | sed -n 2p)" '^90  -  +damaged$'
rmdir "$lib/generations/90"
if is_root && grep -q '^nobody:' /etc/passwd; then
	chmod 755 "$T"
	code=0; su nobody -s /bin/sh -c "PATH=$PATH svctl --prefix '$T' apply" >said 2>&1 || code=$?
	like 'who may not write generations' "$code $(cat said)" '^111 svctl: fatal: you may not write in .*/var/lib/coppice, root may: '
	code=0; su nobody -s /bin/sh -c "PATH=$PATH svctl --prefix '$T' plan" >said 2>&1 || code=$?
	is 'may see what would be' "$code" 0
	code=0; su nobody -s /bin/sh -c "PATH=$PATH svctl --prefix '$T' stale" >said 2>&1 || code=$?
	like 'and what could not be looked at' "$(cat said)" 'svctl: note: not looked at, as you may not: db'
else
	skip 'who may not write generations' 'not root, or nobody is not there'
fi

# Objects.
for words in plan 'apply --confirm 60' confirm apply rollback generations check; do
	# shellcheck disable=SC2086  # words
	ctl --json $words >>all 2>/dev/null
done
echo 'exce = 1' >"$etc/services/bad.toml"
ctl --json check >>all
svctl --root image apply --json >>all
as_schemas_say all

done_testing
