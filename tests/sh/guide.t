#!/bin/sh
# The guide: what it shows can be typed, in this order, and comes to what it says.
# limit: 180
#
# A line of <pre class="try"> that begins with "$ " is a command, with its here-document; one that ends in
# "# refused" exits with another code than 0. The other lines are in its output, whatever the numbers are.
. "${0%/*}/lib.sh"

HOME=$T/home LC_ALL=C.UTF-8
export HOME LC_ALL
mkdir "$HOME"
cd "$HOME" || exit 111

sed -n '/<pre class="try">/,/<\/pre>/p' "$root/doc/html/guide.html" |
	sed 's/.*<pre class="try">//; /^<\/pre>/d; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' >"$T/try"

# plain - standard input without what differs each time.
plain() { sed 's/[0-9][0-9]*/N/g; s/  */ /g'; }

# tried - the command in $command has run: what was to be in its output is there.
tried() {
	[ "$command" ] || return 0
	first=$(printf '%s\n' "$command" | head -n 1)
	case $first in *'# refused') wanted=no ;; *) wanted=yes ;; esac
	eval "$command" >"$T/out" 2>"$T/err" </dev/null && got=yes || got=no
	what=$first
	if [ "$got" = "$wanted" ]; then pass; else fail "it said $got"; shown out err; fi
	plain <"$T/out" >"$T/said"
	plain <"$T/err" >>"$T/said"
	while read -r part; do
		contains "it says: $part" "$(cat "$T/said")" "$(printf "%s\n" "$part" | plain)"
	done <"$T/expected"
}

command='' inside=''
: >"$T/expected"
while IFS= read -r row <&5; do
	if [ "$inside" ]; then
		command=$(printf '%s\n%s' "$command" "$row")
		[ "$row" != END ] || inside=''
		continue
	fi
	case $row in
	'$ '*)
		tried
		command=${row#??}
		: >"$T/expected"
		case $row in *"<<'END'") inside=yes ;; esac ;;
	*) printf '%s\n' "$row" >>"$T/expected" ;;
	esac
done 5<"$T/try"
tried
ok 'the guide has commands' test "$count" -gt 40
done_testing
