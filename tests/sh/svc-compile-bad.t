#!/bin/sh
# svc-compile: each kind of mistake in service files, with exactly what is said of it.
. "${0%/*}/lib.sh"

# An image with a few programs and accounts.
mkdir -p img/etc/coppice/enabled img/bin img/var/log
printf 'root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n' >img/etc/passwd
printf 'root:x:0:\nadm:x:4:\nwww-data:x:33:\n' >img/etc/group
printf 'UUID=1 / ext4 defaults 0 1\nUUID=2 /mnt/data ext4 noauto 0 2\n' >img/etc/fstab
printf '#!/bin/sh\n' >img/bin/daemon
chmod 755 img/bin/daemon
services=$T/img/etc/coppice/services

# What is said of a case, without the way to the files, and the exit code.
said() {
	options=
	rm -rf "$services" img/etc/coppice/enabled
	cp -R "$1" "$services"
	rm -f "$services/expected" "$services/enabled" "$services/options"
	mkdir img/etc/coppice/enabled
	# shellcheck disable=SC2013  # names are words
	[ ! -f "$1/enabled" ] || for name in $(cat "$1/enabled"); do
		ln -s "../services/$name.toml" "img/etc/coppice/enabled/$name"
	done
	[ ! -f "$1/options" ] || read -r options <"$1/options"
	# shellcheck disable=SC2086  # options are words
	svc-compile --root img ${options:-} >said 2>&1 </dev/null && code=0 || code=$?
	sed 's,img/etc/coppice/services/,,g; s,img/etc/coppice/,,g' said
	echo "exit code $code"
}

for case in "$root"/tests/golden/service-file/*/; do
	case=${case%/} name=${case##*/}
	found=$(said "$case")
	# UPDATE=1 in the environment: what is said now is right. Read the difference.
	[ -z "${UPDATE:-}" ] || printf '%s\n' "$found" >"$case/expected"
	is "$name" "$found" "$(cat "$case/expected")"
	case $found in
	*'exit code 0') ;;
	*) is "$name writes nothing" "$(find img/var/lib 2>/dev/null)" '' ;;
	esac
	rm -rf img/var/lib
done

# A code that no case has is not tested.
is 'every code is in a case' "$(grep -o '<code>[EW][0-9]*</code>' "$root/doc/html/svc-compile.html" |
	sed 's/<[^>]*>//g' | while read -r code; do
	grep -qF "[$code]" "$root"/tests/golden/service-file/*/expected || echo "$code"; done)" ''

done_testing
