#!/bin/sh
# svctl status: by which sign a service is known to be ready, and which is waited for.
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111
rm -rf "${T:?}"/*
mkdir -p "$etc/services" "$etc/enabled"

# sign NAME - the end of its state.
sign() { ctl status "$1" | sed -n 's/^ *State: [a-z]* since [^)]*)//p'; }
signed() { [ "$(sign "$1")" = "$2" ]; }

printf 'exec = ["sleep", "1000"]\n' | unit plain
printf 'exec = ["sh", "-c", "echo >&3; exec sleep 1000"]\nready = "notify-fd 3"\n' | unit with-words
printf 'exec = ["sleep", "1000"]\nready = "notify-fd 3"\n' | unit with-no-words
printf 'exec = ["sleep", "1000"]\nready = "file %s"\n' "$T/flag" | unit with-file
printf 'exec = ["sleep", "1000"]\nready = "check test -e %s"\n' "$T/flag" | unit with-check
printf 'exec = ["sleep", "1000"]\nready = "listen unix:%s"\n' "$T/socket" | unit with-socket
enabled plain with-words with-no-words with-file with-check with-socket
ok 'a tree is booted' ctl boot --background
becomes 10 'it runs' signed plain ', as it runs: it has no other way to say so'
becomes 10 'it has said so' signed with-words ', and has said so'
becomes 10 'it has not said so' signed with-no-words ': it runs, and has not said yet that it is ready'
becomes 10 'its file is not there' signed with-file ': it runs, and its file is not there'
becomes 10 'its check fails' signed with-check ': it runs, and its check fails'
becomes 10 'its socket is silent' signed with-socket ': it runs, and its socket is silent'
: >"$T/flag"
becomes 10 'its file is there' signed with-file ', as its file is there'
becomes 10 'its check succeeds' signed with-check ', as its check succeeds'
ok 'halt' ctl halt
done_testing
