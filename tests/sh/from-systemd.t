#!/bin/sh
# The pages on systemd's units: their service files have no mistakes, and each key is one.
. "${0%/*}/lib.sh"
page=$root/doc/html/from-systemd.html examples=$root/doc/html/from-systemd-units.html

# blocks CLASS - the names of the examples' <pre> of a class.
blocks() { sed -n "s/^<pre class=\"$1\" data-name=\"\([^\"]*\)\">.*/\1/p" "$examples"; }
# block CLASS NAME - the text of one of them.
block() {
	sed -n "/^<pre class=\"$1\" data-name=\"$2\">/,/<\/pre>/p" "$examples" | sed 's/^<pre [^>]*>//; s/<\/pre>.*//
		s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g'
}
# keys_of TABLE - the keys of units that a table of the page has.
keys_of() { sed -n "/<table id=\"$1\">/,/<\/table>/p" "$page" | sed -n 's/^<tr><td>\(.*\)<td>.*/\1/p' | grep -o '[A-Za-z]*='; }

# An image with the programs and the users that the units of Debian have.
img=$T/img
services=$img/etc/coppice/services enabled=$img/etc/coppice/enabled
mkdir -p "$services" "$enabled" "$img/etc/default"
for program in bin/bash bin/sh sbin/agetty sbin/ip usr/bin/dbus-daemon usr/bin/dbus-send usr/bin/dbus-uuidgen \
	usr/bin/pg_ctlcluster usr/bin/redis-server usr/bin/wg-quick usr/sbin/cron usr/sbin/knotc \
	usr/sbin/knotd usr/sbin/munged usr/sbin/nft usr/sbin/nginx usr/sbin/sshd usr/share/dnsmasq/systemd-helper; do
	mkdir -p "$img/${program%/*}" && : >"$img/$program" && chmod 755 "$img/$program"
done
: >"$img/etc/default/knot"
for user in root knot munge redis; do
	echo "$user:x:1:1::/:/bin/sh" >>"$img/etc/passwd"
	echo "$user:x:1:" >>"$img/etc/group"
done
compile() { svc-compile --root "$img" "$@"; }

units=$(blocks unit) files=$(blocks service)
for name in $files; do block service "$name" >"$services/$name.toml"; done
# A cluster is a part of postgresql, which is; and a parameter for each template.
for name in $files; do
	case $name in
	postgresql@) ;;
	getty@) ln -s x "$enabled/getty@tty1" ;;
	wg-quick@) ln -s x "$enabled/wg-quick@wg0" ;;
	*@) what='each template is enabled' && fail "$name is not" ;;
	*) ln -s x "$enabled/$name" ;;
	esac
done

ok 'the service files have no mistakes' compile --check
is 'and nothing to warn of' "$(cat err)" ''
like 'each of them is looked at' "$(cat out)" "^$(echo "$files" | grep -c .) services, .*: no errors\$"
like 'a boot has all that is enabled ready' "$(cat out)" "^after a boot: $(echo "$files" | grep -c .) ready\$"
like 'nftables starts before the network' "$(cat out)" '^boot: .*nftables.* network '
like 'and the resolver is told after dnsmasq is there' "$(cat out)" '^boot: .* dnsmasq .*dnsmasq-resolvconf'
like 'and again before it is gone' "$(cat out)" '^shutdown: .*dnsmasq-resolvconf .*dnsmasq '

for name in $units; do
	ok "$name has its service file beside it" test -s "$services/${name%.service}.toml"
	like "$name is a unit" "$(block unit "$name")" '^ExecStart='
done
is 'there are at least twelve of them' "$([ "$(echo "$units" | grep -c .)" -ge 12 ] && echo yes)" yes

keys_of unit-keys >keys && keys_of sandbox-keys >>keys
is 'each key of these units is in a table' \
	"$(for name in $units; do block unit "$name"; done | grep -o '^[A-Z][A-Za-z]*=' | sort -u | grep -vxFf keys)" ''
is 'each key has one row' "$(sort keys | uniq -d)" ''
is 'our keys in the tables are keys' "$(grep -o '<code class="key">[^<]*' "$page" | sed 's/.*>//' | sort -u |
	while read -r key; do grep -qF "<tr><td><code>$key</code>" "$root/doc/html/service-file.html" || echo "$key"; done)" ''

# The test can fail.
echo 'Restart = "always"' >>"$services/cron.toml"
exits 100 "a key of systemd's is a mistake" compile --check
contains 'and is named' "$(cat err)" 'cron.toml'
done_testing
