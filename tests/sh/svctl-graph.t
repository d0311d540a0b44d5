#!/bin/sh
# svctl graph and bootchart: pictures of what there is, and of how the boot went.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
cd "$T" || exit 111

# well_formed FILE - it is XML, with this as its root.
cat >picture.py <<'END'
import sys, xml.etree.ElementTree as tree
for path in sys.argv[1:]:
    root = tree.parse(path).getroot()
    assert root.tag == '{http://www.w3.org/2000/svg}svg', root.tag
    assert root.get('viewBox'), path
    assert not root.findall('.//{http://www.w3.org/2000/svg}script'), path
END
# xml DESCRIPTION FILE... - they are pictures.
xml() {
	what=$1; shift
	if has python3; then ok "$what" python3 picture.py "$@"; else skip "$what" 'no python3 here'; fi
}
# lines FILE CLASS - how many lines of that look are in the picture, besides that of the legend.
lines() { echo $(($(grep -c "<path class=\"[a-z]* $2\"" "$1") - 1)); }

# --- before there is anything
exits 102 'without a tree there is nothing to draw' ctl graph
like 'which says what would be' "$(cat err)" '^svctl: fatal: no tree runs in .*; svctl --prefix .* graph --generation boot draws what a boot brings up$'
exits 102 'nor a boot' ctl bootchart
like 'which is said' "$(cat err)" '^svctl: fatal: there is no .*/manager/record.boot: no svc-managerd has recorded a boot there$'
compile
ok 'no services are a picture' ctl graph --generation boot --output empty.svg
xml 'which is one' empty.svg

# --- a graph, of which nothing runs
unit disk <<'EOF'
description = "<disks> & \"more\""
type = "oneshot"
start = "true"
EOF
unit database <<'EOF'
exec = "sleep 1000"
requires = ["disk"]
EOF
unit cache <<'EOF'
exec = "sleep 1000"
EOF
unit old-web <<'EOF'
exec = "sleep 1000"
conflicts = ["web"]
EOF
unit web <<'EOF'
exec = "sleep 1000"
requires = ["database", "disk"]
wants = ["cache"]
after = ["cache"]
on-loss.database = "restart"
EOF
unit log <<'EOF'
exec = "sleep 1000"
EOF
unit all <<'EOF'
type = "group"
requires = ["web", "database", "disk"]
EOF
enabled all
ok 'a generation' compile
ctl graph --generation boot >graph.svg
xml 'it is a picture, whatever is in a description' graph.svg
contains 'the description is where a pointer rests' "$(cat graph.svg)" '<title>disk (oneshot): &lt;disks&gt; &amp; &quot;more&quot;</title>'
contains 'of a generation nobody knows states' "$(cat graph.svg)" '<title>7 services of generation 2</title>'
ctl graph --generation 2 >again.svg
ok 'the same services are the same picture' cmp graph.svg again.svg
is 'what is done on a loss is told where it is not what usually is' "$(grep -c 'class="label".*>restart<' graph.svg)" 1
is 'what others imply is not drawn' "$(lines graph.svg requires)" 5
ctl graph --generation boot --all --output all.svg
is 'unless it is asked for' "$(lines all.svg requires)" 6
is 'who is enabled has a thick line' "$(grep -c '<ellipse class="node plain enabled"\|<ellipse .*class="node plain enabled"' graph.svg)" 1
ctl graph database --generation boot --json >part
is 'a part of it is what that needs' "$(grep -o '"name":"[a-z-]*","type"' part | tr '\n' ' ')" '"name":"database","type" "name":"disk","type" '
is 'and with --users who needs it' "$(ctl graph database --users --generation boot --json | wc -l)" 4
exits 100 'of all there are no users' ctl graph --users --generation boot
exits 100 'a name that there is not' ctl graph databse --generation boot
like 'is told with one that is near' "$(cat err)" 'there is no service databse \(did you mean database\?\)'
is 'graphviz gets what svc-db says' "$(ctl graph --dot --generation boot)" "$(svc-db --generations "$lib" dot --generation boot)"
is 'also a part of it' "$(ctl graph disk --dot --generation boot | grep -c -e '->' -e '\[shape=')" 1
ctl graph --generation boot --json >json
is 'as JSON' "$(cat json)" "$(cat "$root/tests/golden/svctl/graph.txt")"
as_schemas_say json "what svctl graph --json prints keeps to its schema"
mkdir -p image/var/lib && cp -a "$lib" image/var/lib/coppice
svctl --root image graph >image.svg
ok 'of an image it is that of its generation' cmp graph.svg image.svg
exits 100 'an image has no boot' svctl --root image bootchart
exits 111 'a place that there is not' ctl graph --generation boot --output none/graph.svg
like 'is told' "$(cat err)" 'unable to write none/graph.svg'
if has python3; then
	cat >typed.py <<'END'
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
END
	timeout 60 python3 typed.py svctl --prefix "$T" graph --generation boot >typed </dev/null
	contains 'a terminal gets no picture' "$(cat typed)" "a picture is not for a terminal: svctl --prefix $T graph --output graph.svg"
else
	skip 'a terminal gets no picture' 'no python3 here'
fi

# records - the names of the record of the boot.
records() { for record in run/coppice/manager/record.boot*; do echo "${record##*/}"; done; }

# --- a boot, in the middle of which the manager is killed
mkfifo go
unit disk <<EOF
description = "<disks> & \"more\""
type = "oneshot"
start = ["/bin/sh", "-c", "read -r line <'$T/go'"]
EOF
unit broken <<'EOF'
exec = "false"
ready = "notify-fd 3"
restart = "no"
requires = ["cache"]
EOF
unit all <<'EOF'
type = "group"
requires = ["web", "database", "disk"]
wants = ["broken"]
after = ["broken"]
EOF
ok 'another generation' compile
# shellcheck disable=SC2119  # no options
managed
until_ok 10 is_in broken failed
until_ok 10 is_in disk starting
ok 'a chart of a boot that is not over' ctl bootchart --output early.svg
xml 'is a picture' early.svg
like 'and says so' "$(ctl bootchart --text)" '; not over yet$'
is 'its record has not got its name' "$(records)" record.boot.new
first=$(manager)
kill -9 "$first"
another() { [ "$(manager)" != "$first" ] && takes_requests; }
until_ok 20 another
# Half a line, as a death in the middle of a write leaves it.
second=$(manager)
kill -STOP "$second"
printf '123 rea' >>run/coppice/manager/record.boot.new
kill -9 "$second"
another() { [ "$(manager)" != "$first" ] && [ "$(manager)" != "$second" ] && takes_requests; }
until_ok 20 another
echo >go
until_ok 20 is_in all ready
until_ok 10 test -e run/coppice/manager/record.boot
is 'the record has one name' "$(records)" record.boot
is 'three managers have written it' "$(grep -c '^segment ' run/coppice/manager/record.boot)" 3
# masked - times are not the same twice.
masked() { sed -E 's/ *[0-9]+\.[0-9]{3}/ T/g'; }
ctl bootchart --text >chart
masked <chart >chart.masked
# Who started at the same time may be in either order.
is 'how the boot went' "$(sort chart.masked)" "$(sort "$root/tests/golden/svctl/bootchart.txt")"
is 'its critical path is in order' "$(sed -n '/^Critical/,$p' chart.masked | sed '1d;$d; s/ .*//' | tr '\n' ' ')" 'disk database web all '
ctl bootchart >boot.svg
xml 'the chart' boot.svg
contains 'says where a manager began anew' "$(cat boot.svg)" '>svc-managerd anew<'
is 'it marks who failed with a letter' "$(grep -c '>F<' boot.svg)" 2
ctl bootchart --json >json
as_schemas_say json "what svctl bootchart --json prints keeps to its schema"
like 'svc-db tells the same boot' "$(svc-db --generations "$lib" replay run/coppice/manager/record.boot)" '^[0-9.]* web: ready$'
is 'as JSON' "$(grep '"name":"web"' json | sed 's/-ms":[0-9]*/-ms":N/g')" \
	'{"schema":"svctl-bootchart-1","name":"web","begin-ms":N,"wanted-ms":N,"started-ms":N,"up-ms":N,"ready-ms":N,"after":"database","critical":true,"failures":0,"restarts":0,"ready-later":false,"over":true}'

# --- what comes later is no part of it
cp run/coppice/manager/record.boot kept
change --timeout 60s restart cache >said
change --timeout 60s up log >said
third=$(manager)
kill -9 "$third"
another() { [ "$(manager)" != "$third" ] && takes_requests; }
until_ok 20 another
ok 'the record of the boot is never written again' cmp kept run/coppice/manager/record.boot
is 'nor is there another' "$(records)" record.boot

# --- states
ctl graph >live.svg
xml 'what is live' live.svg
contains 'has its states counted' "$(cat live.svg)" '<title>8 services: 1 failed, 6 ready, 1 down</title>'
contains 'and written into it' "$(cat live.svg)" '>failed</text>'
contains 'with the reason' "$(cat live.svg)" 'failed: broken failed: exit code 1'
# rest WORD - how many services stand so, in the table and in the picture.
rest() { echo "$(ctl status | grep -Ec "^. [a-z-]+ +$1( |\$)") $(grep -c "^<text class=\"small\" .*>$1</text>" live.svg)"; }
is 'in the words of the table' "$(rest failed) $(rest ready) $(rest down) $(rest blocked)" '1 1 6 6 1 1 0 0'
# A line of the table is damaged while nobody writes it.
kill -STOP "$(manager)"
svc-ctl -wd -d "$run/scan/cache"
like 'what its process shows counts, as everywhere' "$(ctl graph --json | grep '"name":"cache","type"')" '"state":"waiting"'
cp run/coppice/manager/state state.whole
sed 's/^disk state=ready/disk state=ruady/' state.whole >run/coppice/manager/state
ok 'a damaged line is no reason to draw nothing' ctl graph --output torn.svg
like 'but is told' "$(cat err)" '^svctl: warning: .*damaged'
contains 'and nobody knows that state' "$(cat torn.svg)" '>unknown</text>'
cat state.whole >run/coppice/manager/state
cp kept run/coppice/manager/record.boot
sed '3s/.*/nonsense/' kept >run/coppice/manager/record.boot
exits 111 'a damaged record' ctl bootchart --text
like 'is told' "$(cat err)" '^svctl: fatal: the record of the boot is damaged: line 3'
cat kept >run/coppice/manager/record.boot
kill -CONT "$(manager)"

unit broken <<'EOF'
exec = ["sleep", "1000"]
EOF
compile && change --quiet apply
until_ok 10 is_in broken ready
like 'who is ready when the boot is over is not said to be not ready' "$(ctl bootchart --text)" '^broken .* failed at [0-9.]*, ready later$'

# --- many
mkdir many many/services many/enabled
awk 'BEGIN { for (n = 0; n < 1000; n++) {
	file = "many/services/s" n ".toml"
	print "exec = \"sleep 1000\"" >file
	if (n >= 10) printf "requires = [\"s%d\", \"s%d\"]\n", n % 10, int(n / 3) >file
	close(file)
} }'
ok 'a thousand services' svc-compile --output many/lib --programs "$BIN" many/services
mkdir -p large/var/lib && ln -s "$T/many/lib" large/var/lib/coppice
ok 'are a picture' svctl --root large graph --output many.svg
xml 'which is one' many.svg
is 'and has all of them' "$(grep -c 'class="node ' many.svg)" 1001

done_testing
