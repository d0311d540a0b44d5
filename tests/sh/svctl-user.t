#!/bin/sh
# svctl --user: a tree of one's own, several of them at once, and nothing of root.
# limit: 180
. "${0%/*}/lib.sh"

if is_root; then
	has setpriv || skip_all 'setpriv is not installed'
	users='65431 65432'
	# Who is nobody must get here.
	chmod 711 "$T"
	setpriv --reuid 65431 --regid 65431 --clear-groups "$BIN/svc-ok" --version >/dev/null ||
		skip_all 'other users may not run the programs where they are'
else
	users=$(id -u)
fi
one=${users%% *} two=${users##* }

# as USER COMMAND... - with nothing in its environment but what a login makes, in the user's home.
as() {
	user=$1; shift
	if is_root; then set -- setpriv --reuid "$user" --regid "$user" --clear-groups "$@"; fi
	(cd "$T/$user" && timeout 60 env -i PATH="$PATH" COPPICE_TEST="$COPPICE_TEST" LC_ALL=C HOME="$T/$user" \
		XDG_RUNTIME_DIR="$T/$user/run" "$@")
}
of() { for dir in /proc/[0-9]*; do
	[ "$(stat -c %u "$dir" 2>/dev/null)" = "$1" ] || continue
	case $(readlink "$dir/cwd") in "$T/$1"/*) echo "${dir#/proc/}" ;; esac
done; }
said() { grep -qs "$2" "$T/$1/.local/state/coppice/log/tick/current"; }

for user in $users; do
	mkdir -p "$T/$user/run"
	chmod 700 "$T/$user" "$T/$user/run"
	is_root && chown -R "$user:$user" "$T/$user"
	as "$user" mkdir -p .config/coppice/services .config/coppice/enabled
	as "$user" sh -c "cat >.config/coppice/services/tick.toml" <<-EOF
	exec = ["/bin/sh", "-c", "echo I am $user; exec sleep 1000"]
	EOF
	as "$user" touch .config/coppice/enabled/tick
done
for user in $users; do
	ok "$user boots a tree" as "$user" svctl --user boot --background
done
for user in $users; do
	ok "what $user has enabled comes up" as "$user" svc-change --dir "$T/$user/run/coppice" \
		--generations "$T/$user/.local/state/coppice" --timeout 20s wait tick
	becomes 10 "and is logged in $user's home" said "$user" "I am $user"
	like "svctl shows $user's logs" "$(as "$user" svctl --user logs tick --stamp none)" "^I am $user\$"
	is "all that is live is for $user alone" "$(stat -c %a "$T/$user/run/coppice")" 700
	like "$user has the whole tree" "$(of "$user" | wc -l)" '^[7-9]|^[1-9][0-9]'
done

if is_root && [ ! -e /run/coppice ]; then
	as "$one" svctl status >out 2>&1
	is 'who forgets --user is told of his tree' "$(cat out)" \
		'svctl: fatal: no tree runs in /run/coppice/scan: your own tree runs: svctl --user status (svctl list shows what is installed)'
else
	skip 'who forgets --user is told of his tree' 'not root, or the system has a tree'
fi
exits 100 'the directory of another user is refused' as "$one" env XDG_RUNTIME_DIR=/ svctl --user boot
if is_root; then
	like 'with the reason' "$(cat err)" "XDG_RUNTIME_DIR is /, which belongs to uid 0, and you are $one"
	exits 100 'by all verbs' as "$one" env XDG_RUNTIME_DIR=/ svctl --user halt
	exits 111 "another user's tree is out of reach" as "$one" svctl --prefix "$T/$two" halt
	contains 'which is said' "$(cat err)" 'Permission denied'
else
	skip 'users that may not reach each other' 'not root'
fi
if is_root; then
	ok 'a user halts his own' as "$one" svctl --user halt
	is 'and has nothing left' "$(of "$one")" ''
	like "$two's goes on" "$(of "$two" | wc -l)" '^[7-9]|^[1-9][0-9]'
fi
ok 'the last one halts' as "$two" svctl --user halt
is 'and has nothing left, too' "$(of "$two")" ''

# As the system's tree would run it.
mkdir -p "$T/sys/services" "$T/sys/enabled"
sed "s,/usr/bin/svctl,$BIN/svctl," "$root/examples/services/user@.toml" >"$T/sys/services/user@.toml"
: >"$T/sys/enabled/user@$(id -un)"
ok 'the example of a template compiles' svc-compile --output "$T/sys/lib" --programs "$BIN" "$T/sys/services"
done_testing
