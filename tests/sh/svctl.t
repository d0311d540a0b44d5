#!/bin/sh
# svctl: the command line, and what all its verbs share.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111

code=0; svctl 2>err >out || code=$?
is 'without a verb it says what is missing' "$code $(head -n 1 err)" '100 svctl: fatal: missing verb: svctl --help lists them'
is 'and nothing else' "$(wc -l <err)" 1
is 'the help, however it is asked for' "$(for way in help --help -h '--user --help' '--color never -h'; do
	# shellcheck disable=SC2086  # words
	svctl $way; done | sort | uniq -c | grep -vc '^ *5 ')" 0
is 'and the version' "$(for way in version --version -V '--prefix / --version' '--user -V'; do
	# shellcheck disable=SC2086  # words
	svctl $way; done | sort -u | wc -l)" 1
is 'and of a verb' "$(svctl help logs)" "$(svctl logs -h)"
code=0; svctl help lgos 2>err || code=$?
is 'if there is one' "$code $(cat err)" '100 svctl: fatal: no verb lgos: did you mean logs?'
code=0; svctl satrt 2>err || code=$?
is 'a verb that there is not' "$code" 100
like 'is named' "$(head -n 1 err)" '^svctl: fatal: no verb satrt: '
code=0; svctl logs --sinc x 2>err || code=$?
is 'an option that the verb has not' "$code $(head -n 1 err)" '100 svctl: fatal: logs has no option --sinc (did you mean --since?)'
code=0; svctl --since x logs 2>err || code=$?
is 'an option in front of its verb' "$code $(head -n 1 err)" '100 svctl: fatal: --since belongs behind its verb'
code=0; svctl --user --prefix / version 2>err || code=$?
is 'two trees at once' "$code $(head -n 1 err)" '100 svctl: fatal: only one of --user, --prefix and --root can be meant'
code=0; svctl version more 2>err || code=$?
is 'an argument too many' "$code $(head -n 1 err)" '100 svctl: fatal: version takes no argument more'
like 'a verb has a help of its own' "$(svctl logs --help)" '^usage: svctl logs \[OPTION...\] \[NAME...\]'
code=0; env -u XDG_RUNTIME_DIR svctl --user version 2>err || code=$?
like 'a user without a directory for what runs is told which is missing' "$code $(head -n 1 err)" '^100 svctl: fatal: XDG_RUNTIME_DIR is not set'
like 'the version' "$(svctl version)" '^svctl \(coppice\) [0-9.]*$'
is 'as JSON' "$(svctl version --json | sed 's/[0-9.]*"}$/V"}/')" '{"schema":"svctl-version-1","version":"V"}'

unit talk <<'EOF'
exec = ["/bin/sh", "-c", "echo hello; exec sleep 1000"]
EOF
enabled talk
compile
logged
# shellcheck disable=SC2119  # no options
managed
until_ok 10 grep -q hello var/log/coppice/talk/current
is 'the logs of a tree' "$(ctl logs talk --stamp none -n 1)" hello

if [ -c /dev/full ]; then
	code=0; svctl version 2>err >/dev/full || code=$?
	like 'what can not be written is told' "$code $(cat err)" '^111 svctl: fatal: unable to write to standard output: '
else skip 'what can not be written is told' 'no /dev/full here'; fi
code=0; svctl --jsno version 2>err || code=$?
is 'an option in front of a verb that there is not' "$code $(cat err)" '100 svctl: fatal: invalid option --jsno (did you mean --json?)'
is 'of a name as others write it' "$(ctl logs talk.service --stamp none -n 1)" hello
mkdir empty
code=0; ctl check empty 2>err || code=$?
is 'what has no service file can not be checked' "$code $(cat err)" '100 svctl: fatal: there are no service files in empty'
code=0; ctl check /etc/passwd 2>err || code=$?
is 'nor what is none' "$code $(cat err)" '100 svctl: fatal: /etc/passwd is no service file: these are called NAME.toml'
code=0; env XDG_RUNTIME_DIR=near svctl --user status 2>err || code=$?
like 'a directory depends on no other' "$code $(cat err)" '^100 svctl: fatal: XDG_RUNTIME_DIR is near, which is no absolute path: '
ctl graph --json --output picture
is 'objects go to a file, too' "$(cut -c 1-40 picture)" '{"schema":"svctl-graph-1","name":"talk",'

done_testing
