#!/bin/sh
# svctl: the directories that are made for services are where everything of the tree is.
# limit: 180
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111
rm -rf "${T:?}"/*
mkdir -p "$etc/services" "$etc/enabled"
own=coppice-test-$$

unit made <<UNIT
exec = ["/bin/sh", "-c", "echo \$RUNTIME_DIRECTORY \$STATE_DIRECTORY \$CACHE_DIRECTORY \$LOGS_DIRECTORY >$T/said; exec sleep 1000"]
runtime-directory = ["$own"]
state-directory = ["$own"]
cache-directory = ["$own"]
logs-directory = ["$own"]
working-directory = "$T/var/lib/$own"
UNIT
ok 'directories below a prefix that are not there yet are no mistake' ctl check
is 'all paths of its scripts are below it' "$(ctl show --script made | sed 's/^# *//' | grep -E '^(svc-mkdir|rm) ' | sort)" \
	"$(printf 'rm -rf -- %s\n' "$T/run/$own"
	for dir in run var/cache var/lib var/log; do echo "svc-mkdir -p -m 0755 $T/$dir/$own"; done)"
enabled made
ok 'a tree is booted' ctl boot --background
ok 'it comes up' ctl wait --timeout 60s made
becomes 10 'its variables name them' \
	grep -qx "$T/run/$own $T/var/lib/$own $T/var/cache/$own $T/var/log/$own" "$T/said"
is 'its definition is what the files say' "$(ctl stale)" 'nothing is stale'
ok 'halt' ctl halt
is 'that of run is gone, the others stay' "$(ls -d run/"$own" var/*/"$own" 2>/dev/null)" \
	"$(printf '%s\n' var/cache/"$own" var/lib/"$own" var/log/"$own")"
is 'of the system nothing was touched' "$(ls -d /run/"$own" /var/*/"$own" 2>/dev/null)" ''
is 'those of an image are as it has them' \
	"$(svctl --root "$T" show --script made | grep '^svc-mkdir' | sed 's/.* //' | sort)" \
	"$(printf '%s\n' "/run/$own" "/var/cache/$own" "/var/lib/$own" "/var/log/$own")"

# Those of a user.
user=$(id -u)
if is_root; then
	has setpriv || skip_all 'setpriv is not installed'
	user=65433
	chmod 711 "$T"
fi
home=$T/home config=$T/home/.config/coppice
mkdir -p "$home/run" "$config/services"
as() {
	if is_root; then set -- setpriv --reuid "$user" --regid "$user" --groups "$user" "$@"; fi
	(cd "$home" && timeout 60 env -i PATH="$PATH" COPPICE_TEST="$COPPICE_TEST" LC_ALL=C HOME="$home" \
		XDG_RUNTIME_DIR="$home/run" "$@")
}
chmod 700 "$home" "$home/run"
cat >"$config/services/made.toml" <<UNIT
exec = ["sleep", "1000"]
runtime-directory = ["$own"]
state-directory = ["$own"]
cache-directory = ["$own"]
logs-directory = ["$own"]
UNIT
if has redis-server; then
	sed -n '/<pre class="service" data-name="redis">/,/<\/pre>/p' "$root/doc/html/svctl-boot.html" |
		sed 's/<[^>]*>//g' >"$config/services/redis.toml"
fi
if is_root; then chown -R "$user:$user" "$home"; fi
is "those of a user are the user's" \
	"$(as svctl --user show --script made | grep '^svc-mkdir' | sed 's/.* //' | sort)" \
	"$(for dir in .cache .local/state .local/state/log run; do echo "$home/$dir/$own"; done)"
is 'and no mistakes' "$(as svctl --user check 2>&1 | grep -Ec '(warning|error)\[')" 0

if is_root; then
	printf 'exec = "sleep 1000"\nuser = "root"\nnice = -5\n' >"$config/services/rooted.toml"
	ok 'what only root can do is no error' as svctl --user check
	is 'but a warning' "$(sed -n 's/.*warning\[W007\]: \([a-z]*\):.*/\1/p' err)" "$(printf 'user\nnice')"
	printf 'exec = "sleep 1000"\nuser = "%s:%s"\nnice = 5\n' "$user" "$user" >"$config/services/rooted.toml"
	is 'what is so already needs no rights' "$(as svctl --user check 2>&1 | grep -c W007)" 0
else
	skip 'what only root can do' 'not root'
fi

ok 'a user boots' as svctl --user boot --background
ok 'a service with directories starts' as svctl --user start made
if is_root; then
	ok 'so does one that is to be who the user is' as svctl --user start rooted
fi
if has redis-server && has redis-cli; then
	ok 'the redis of the page starts' as svctl --user start redis
	is 'on its socket' "$(as redis-cli -s "$home/run/redis/socket" ping)" PONG
	ok 'it saves' as redis-cli -s "$home/run/redis/socket" save
	ok "where the user's data is" test -s "$home/.local/state/redis/dump.rdb"
	like 'it has said that it is ready' "$(as svctl --user status redis | grep State:)" 'and has said so$'
else
	skip 'the redis of the page' 'redis is not installed'
fi
ok 'the user halts' as svctl --user halt
done_testing
