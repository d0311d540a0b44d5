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

# runs - runs the command in $command: what it says is in $T/said.
runs() {
	eval "$command" >"$T/out" 2>"$T/err" </dev/null && got=yes || got=no
	plain <"$T/out" >"$T/said"
	plain <"$T/err" >>"$T/said"
}
# says_it - so it does, and says all that it is to say.
says_it() {
	runs
	plain <"$T/expected" >"$T/parts"
	while IFS= read -r part; do grep -qF -e "$part" "$T/said" || return; done <"$T/parts"
}
# tried - the command in $command has run: what was to be in its output is there.
tried() {
	[ "$command" ] || return 0
	first=$(printf '%s\n' "$command" | head -n 1)
	case $first in *'# refused') wanted=no ;; *) wanted=yes ;; esac
	# What a service says is in its log a moment later.
	case $first in 'svctl why '* | 'svctl logs '*) until_ok 20 says_it ;; *) runs ;; esac
	what=$first
	if [ "$got" = "$wanted" ]; then pass; else fail "it said $got"; shown out err; fi
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
