#!/bin/sh
# What each link says of bad input, and its exit code: the table of the page is run, row by row.
. "${0%/*}/lib.sh"
. "$here/link.sh"
page=$root/doc/html/exitcodes.html

# The rows of the table: what is wrong, the command, the code, the line, with tabs between them.
sed -n '/<table id="links-table">/,/<\/table>/s/^<tr><td>//p' "$page" |
	sed 's/<td>/	/g; s/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' >rows
is 'each row has four cells' "$(awk -F '\t' 'NF != 4' rows)" ''
is 'each link has one' "$(cd "$BIN" && for name in svc-*; do
	case $("./$name" --help) in *PROG...*) grep -q "	${name}[ 	]" "$T/rows" || echo "$name" ;; esac
done)" ''

# What the page says there is. Programs have relative names: what leads to them need not be open to
# everybody.
echo word >plain
printf "svc-cd /\nsvc-env 'A=1\ntrue\n" >bad
printf 'svc-cd\ntrue\n' >short
mkdir closed bin && : >closed/file && chmod 0 closed
for program in "$BIN"/svc-*; do ln "$program" bin 2>/dev/null || cp "$program" bin; done
chmod 755 .
PATH=./bin:/usr/bin:/bin
tab=$(printf '\t')
while IFS=$tab read -r what command code line; do
	# To the end of what is said: a block may still say it when the program has ended.
	{
		case $what in
		*'you may not'*) unprivileged svc-env sh -c "$command" ;;
		*) sh -c "$command" ;;
		esac 2>&1 >said 3>&- && found=0 || found=$?
		echo "$found" >&3
	} 3>found </dev/null | cat >complaint
	found=$(cat found)
	is "$what: $command" "$found $(sed 1q complaint)" "$code $line"
	is 'and no more than a line on how it should be' "$(sed 1d complaint | grep -v "^${command%% *}: usage: ")" ''
done <rows

done_testing
