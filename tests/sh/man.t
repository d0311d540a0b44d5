#!/bin/sh
# Manual pages and completions: each program has both where make install leaves them, and they are right.
. "${0%/*}/lib.sh"

ok 'the pages are made' "$root/tools/man" "$T/man"
is 'one of each page' "$(grep -rL '^\.so ' man | wc -l)" "$(find "$root/doc/html" -name '*.html' | wc -l)"
is 'programs are in section 8' "$(find man/man8 -type f ! -name 'svc*')" ''
# The others are names of these.
grep -rh '^\.so ' man | while read -r _ page; do [ -s "man/$page" ] || echo "$page"; done >lost
is 'all others lead to one' "$(cat lost)" ''
verbs=$(svctl --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
is 'every verb of svctl has one' "$(for verb in $verbs; do [ -s "man/man8/svctl-$verb.8" ] || echo "$verb"; done)" ''
texts=$(grep -rL '^\.so ' man)
ok 'formats in section 5' test -e man/man5/coppice-service-file.5
ok 'guides in section 7' test -e man/man7/coppice-writing-a-run-script.7
for name in $(cd "$BIN" && ls); do
	case $name in coppice-*) continue ;; esac
	[ -s "man/man8/$name.8" ] || echo "$name"
done >missing
is 'every program has one' "$(cat missing)" ''
for page in $texts; do
	name=${page##*/}
	sed -n '/^\.SH NAME$/{n;p;q;}' "$page" | grep -q "^${name%.*} \\\\- [A-Za-z]" || echo "$page"
	grep -q '&[a-z]*;\|</\?[a-z][a-z0-9]*>' "$page" && grep -l '&lt;\|&gt;\|&amp;\|</code>\|</td>' "$page"
done >bad
is 'each says first what it is, and no HTML is left' "$(cat bad)" ''

if has mandoc; then
	is 'mandoc finds nothing wrong with them' "$(for page in $texts; do mandoc -T lint -W warning "$page"; done)" ''
	# shown NAME - as a reader sees it, without what makes letters bold.
	shown() { mandoc -T ascii -O width=120 "man/man8/$1.8" | sed "s/.$(printf '\b')//g"; }
	for name in svc-log svc-env svc-compile; do
		shown "$name" | sed 's/^ *//; s/  *$//' | grep . >text
		"$name" --help | sed 's/^ *//; s/  *$//' >help
		is "the page of $name has its help" "$(grep -Fxf help text)" "$(cat help)"
	done
	contains 'a link to another page names it' "$(shown svc-env)" 'svc-envfile(8)'
	contains 'a table is told row by row' "$(shown svc-env | tr -s ' \n' ' ')" '127 PROG was not found'
else skip 'mandoc finds nothing wrong with them' 'no mandoc here'; fi

# What could be taken for a request, and what roff reads otherwise.
mkdir -p page/doc/html page/tools && cp "$root/tools/man" page/tools
cat >page/doc/html/index.html <<'EOF'
<!DOCTYPE html>
<h1>Odd</h1>
<p>Odd: what is odd. And more.</p>
<h2>It's <code>a \ b</code></h2>
<pre>.TH no request
'nor this
a\nb &lt;c&gt; &amp;amp;

--long `x` ^ ~
</pre>
<p>.so begins, 'so does this. <em>\fB</em>
<ol><li>one<li>two</ol>
<table><tr><td><td>empty</table>
EOF
page/tools/man odd
odd() { sed -n '4,$p' odd/man7/coppice.7; }
is 'what is odd stays what it is' "$(odd)" 'coppice \- Odd
.SH DESCRIPTION
Odd: what is odd. And more.
.SH "IT\(aqS A \e B"
.RS 2
.nf
\&.TH no request
\(aqnor this
a\enb <c> &amp;
\&
\-\-long \(gax\(ga \(ha \(ti
.fi
.RE
.PP
\&.so begins, \(aqso does this. \fI\efB\fR
.IP 1. 4
one
.IP 2. 4
two
.TP
\&
empty'

# What make install leaves.
dest=$T/dest/usr/share
ok 'the pages and completions are installed' env DESTDIR="$T/dest" PREFIX=/usr "$root/tools/install" "$BIN"
is 'the pages in share/man' "$(cd "$dest/man" && find . -type f | sort)" "$(cd man && find . -type f | sort)"
for name in $(cd "$BIN" && ls); do
	case $name in coppice-*) continue ;; esac
	for place in "bash-completion/completions/$name" "zsh/site-functions/_$name" "fish/vendor_completions.d/$name.fish"; do
		[ -s "$dest/$place" ] || echo "$place"
	done
done >missing
is 'every program has completions for three shells' "$(cat missing)" ''
is 'those of svctl are from its table' "$(cat "$dest/fish/vendor_completions.d/svctl.fish")" "$(svctl completions fish)"
is 'the schemas are with the pages' "$(ls "$dest/doc/coppice/html/schema")" "$(ls "$root/doc/html/schema")"

done_testing
