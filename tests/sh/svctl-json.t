#!/bin/sh
# svctl --json: each verb prints objects that keep to their schema in doc/html/schema.
# limit: 240
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"
cd "$T" || exit 111
has python3 || skip_all 'no python3 here'

# keeps VERB WORD... - its objects are of its own schema, or of that of one that it calls, and keep to them.
keeps() {
	echo "$1" >>verbs
	timeout 300 svctl --prefix "$T" --json "$@" >json 2>json.err
	as_schemas_say json "svctl --json $*"
	like 'of that verb' "$(head -n 1 json)" "^{\"schema\":\"svctl-$1(-tree)?-1\""
}

unit db <<'EOF'
exec = ["/bin/sh", "-c", "echo the db; echo >&3; exec sleep 1000"]
ready = "notify-fd 3"
EOF
unit web <<'EOF'
description = "a \"site\" <é>"
exec = ["sleep", "1000"]
requires = ["db"]
EOF
unit broken <<'EOF'
exec = ["/bin/sh", "-c", "exit 3"]
restart = "no"
EOF
unit needy <<'EOF'
exec = ["sleep", "1000"]
requires = ["broken"]
EOF
unit group <<'EOF'
type = "group"
wants = ["web", "db"]
EOF
unit job <<'EOF'
type = "oneshot"
start = ["true"]
EOF
enabled group needy job
printf 'exec = ["sleep", "1000"]\n' >"$T/usr/lib/coppice/services/spare.toml"
rm -rf "$run"

keeps check
keeps help
keeps halt
keeps boot --background
keeps boot --background
until_ok 10 is_in web ready
until_ok 10 is_in broken failed
keeps version
keeps completions services
keeps status
keeps status web broken group job
keeps list
keeps list --enabled
keeps tree
mkdir -p "$T/var/log/coppice/web"
printf '@400000006920b23a00000000 a line\nanother\n' >"$T/var/log/coppice/web/current"
keeps logs web
keeps why
keeps why web needy
keeps is-up web
keeps is-ready web
keeps is-failed broken
keeps graph
keeps bootchart
timeout 600 svctl --prefix "$T" --json events >heard &
events=$!
# is_heard - it tells what happens.
is_heard() { ctl kill web CONT --quiet; ctl look --quiet; [ -s heard ]; }
becomes 10 'events are told' is_heard
kill "$events"
as_schemas_say heard 'svctl --json events'
echo events >>verbs
touch "$etc/services/web.toml"
cp "$etc/services/web.toml" was
echo 'nice = 1' >>"$etc/services/web.toml"
keeps stale
cp was "$etc/services/web.toml"
keeps cat web
keeps show web
keeps show --script db
keeps start web
keeps start nobody
keeps stop db
keeps restart web
keeps reload web
keeps stop --with-dependents db
keeps start db web
keeps kill web CONT
keeps wait web
keeps wait --timeout 0 broken
keeps reset broken
keeps look
keeps enable db
keeps disable db
keeps mask spare
keeps mask spare
keeps unmask spare
cat >editor <<'EOF'
#!/bin/sh
echo 'nice = 5' >>"$1"
EOF
chmod 755 editor
export VISUAL="$T/editor" EDITOR="$T/editor"
keeps edit web
echo 'environment.COLOUR = "red"' >>"$etc/services/job.toml"
keeps plan
keeps apply --confirm 600
keeps confirm
keeps apply
keeps generations
keeps rollback
ln -sf /nowhere "$etc/enabled/nobody"
printf 'exec = 1\n' >"$etc/services/bad.toml"
keeps check
keeps list
keeps help
keeps halt
ok 'each file of schemas has a schema' python3 "$here/schema.py" "$root/doc/html/schema"

svctl --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | sort -u >all
is 'no verb was forgotten' "$(sort -u verbs | comm -3 - all)" ''

done_testing
