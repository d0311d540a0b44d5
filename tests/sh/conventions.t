#!/bin/sh
# What every part of the project keeps to.
. "${0%/*}/lib.sh"
cd "$root" || exit 111

# Files of the project: what git knows or would add, or everything outside of target.
files() {
	git ls-files -co --exclude-standard 2>/dev/null | grep . ||
		find . \( -name target -o -name .git \) -prune -o -type f -print | sed 's,^\./,,'
}
files | while read -r file; do [ -f "$file" ] && echo "$file"; done >"$T/files"
rust() { grep '\.rs$' "$T/files"; }
# Without comments: they may say what code may not.
code() { sed 's,//.*,,' "$@"; }

# Layers of common, each using only itself and those below it.
below=' '
for layer in sys base os format program; do
	below="$below$layer "
	used=$(rust | grep "^common/${layer}[/.]" | xargs sed 's,//.*,,' | grep -o 'crate::[a-z_{]*' | sort -u)
	above=
	for use in $used; do case $below in *" ${use#crate::} "*) ;; *) above="$above $use" ;; esac; done
	is "common/$layer uses nothing above it" "$above" ''
done
is 'common uses nothing of the programs' \
	"$(rust | grep '^common/' | xargs grep -nE '\b(bins|chainload)::'; grep -nE '^(coppice|bins|chainload)\b' common/Cargo.toml)" ''
is 'links use nothing of the other programs' \
	"$(rust | grep '^chainload/' | xargs grep -nE '\bbins::'; grep -nE '^(coppice|bins)\b' chainload/Cargo.toml)" ''
is 'no use climbs out of its layer by super' \
	"$(rust | grep -E '^common/[a-z]+/[a-z_]+\.rs$' | xargs grep -n 'super::super')" ''

# No I/O, no clock, no randomness; its tests catch panics.
is 'the dependency engine and its graph are pure' \
	"$(rust | grep -E '^bins/manager/(engine/|(graph|relation|condition|cycles)\.rs$)' | xargs sed 's,//.*,,' |
		grep -oE '\b(std|common|crate|rustix|libc|chainload)::[a-z_]+(::[a-z_]+)?' | sort -u |
		grep -vE '^(std::(collections|rc|fmt|ops|mem|iter|vec|panic)|common::base::(death|sort)|crate::manager::(graph|condition))' )" ''

outside_sys=$(rust | grep -v '^common/sys/')
for word in unsafe 'libc::'; do
	is "no $word outside of common/sys" "$(for file in $outside_sys; do
		code "$file" | grep -n "\b$word" | grep -v 'unsafe_code' | sed "s,^,$file:,"
	done)" ''
done
is 'no crate but common depends on libc' "$(grep -l '^libc' bins/Cargo.toml chainload/Cargo.toml 2>/dev/null)" ''
is 'no threads, no Command, no printing' "$(for file in $(rust | grep -E '^(common|bins|chainload)/'); do
	code "$file" | grep -nE 'thread::(spawn|Builder|scope|sleep)|process::Command|\be?println!|\bdbg!' | sed "s,^,$file:,"
done)" ''

is 'no file is longer than 500 lines' "$(grep -vE '(^|/)Cargo\.lock$|^fuzz/corpus/' "$T/files" | xargs wc -l | awk '$2 != "total" && $1 > 500')" ''
# In two halves, so that this file does not find itself.
is 'nothing is left to be done' "$(xargs grep -nIE '\b(TO''DO|FIX''ME|X''XX)\b|\b(to''do|unimple''mented)!' <"$T/files")" ''
is 'nothing names what is outside of the repository' "$(xargs grep -nIE '\.\./sha''red\b|/wo''rk/' <"$T/files")" ''
is 'each Rust file says in one sentence what it is' "$(for file in $(rust); do
	head -n 1 "$file" | grep -q '^//! ' || echo "$file"; done)" ''

programs=$(cd "$BIN" && for name in *; do case $name in coppice-*) ;; *) echo "$name" ;; esac; done)
contains 'the programs are in the build' "$programs" svc-ok

# help_of PAGE - the text of its <pre class="help">.
help_of() {
	sed -n '/<pre class="help">/,/<\/pre>/p' "$1" | sed 's/.*<pre class="help">//; s/<\/pre>.*//
		s/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g'
}
for name in $programs; do
	page=doc/html/$name.html
	ok "$name has a page" test -f "$page"
	ok "$name has a test" test -f "tests/sh/$name.t"
	[ -f "$page" ] || continue
	is "the page of $name quotes its --help" "$(help_of "$page")" "$("$name" --help)"
	ok "the index names $name" grep -q "href=\"$name.html\"" doc/html/index.html
	like "$name has a version" "$("$name" --version)" "^$name \(coppice\) [0-9]+\.[0-9]+\.[0-9]+$"
	like "$name says first how it is called" "$("$name" --help)" "^usage: $name( |\$)"
done
is 'each page of a program has its program' "$(for page in doc/html/svc-*.html; do
	name=${page##*/}; [ -e "$BIN/${name%.html}" ] || echo "$page"; done)" ''

# Links within the pages, to files and to places in them.
broken=
for page in doc/html/*.html; do
	# shellcheck disable=SC2013  # links are words
	for link in $(grep -o '\(href\|src\)="[^"]*"' "$page" | sed 's/^[a-z]*="//; s/"$//' | grep -v '^[a-z]*:'); do
		file=${link%%#*} place=
		case $link in *'#'*) place=${link#*#} ;; esac
		target=doc/html/${file:-${page##*/}}
		if [ ! -e "$target" ]; then broken="$broken $page:$link"
		elif [ "$place" ] && ! grep -q "id=\"$place\"" "$target"; then broken="$broken $page:$link"; fi
	done
done
is 'the links of the pages lead somewhere' "$broken" ''
is 'the pages run no scripts and fetch nothing' "$(grep -nE '<script|src="http|<link[^>]*http|@import' doc/html/*.html doc/html/coppice.css)" ''
is 'each page is HTML 5 with the common style' "$(for page in doc/html/*.html; do
	head -n 1 "$page" | grep -qi '^<!doctype html>' && grep -q 'href="coppice.css"' "$page" || echo "$page"; done)" ''

if [ -e "$BIN/coppice-core" ]; then
	is 'coppice-core carries no parser of configuration' \
		"$(grep -aoE '(serde|toml)(_[a-z]+)?(-[0-9]+\.[0-9]+|::|/src/)' "$BIN/coppice-core" | sort -u)" ''
else
	skip 'coppice-core carries no parser of configuration' 'this build has an executable for each program'
fi

# What make install leaves.
dest=$T/dest
ok 'the programs can be installed' env DESTDIR="$dest" PREFIX=/usr tools/install "$BIN"
ok 'and again, over themselves' env DESTDIR="$dest" PREFIX=/usr tools/install "$BIN"
is 'all of them are there' "$(ls "$dest/usr/bin")" "$(ls "$BIN")"
is 'and run' "$("$dest/usr/bin/svc-ok" --version)" "$(svc-ok --version)"
is 'the pages are there' "$(ls "$dest/usr/share/doc/coppice/html")" "$(ls doc/html)"
if [ -e "$BIN/svc-sv" ]; then
	ok "runit's sv is there" cmp "$dest/usr/libexec/coppice/runit/sv" "$dest/usr/bin/svc-sv"
fi
if [ -e "$BIN/coppice-core" ]; then
	is 'as links to one file' "$(find "$dest/usr/bin/svc-ok" -samefile "$dest/usr/bin/coppice-core")" "$dest/usr/bin/svc-ok"
fi
# Where there are no hard links.
mkdir "$T/fake" && printf '#!/bin/sh\nexit 1\n' >"$T/fake/ln" && chmod 755 "$T/fake/ln"
ok 'they can be installed without hard links' \
	env PATH="$T/fake:$PATH" DESTDIR="$dest" PREFIX=/opt tools/install "$BIN"
is 'all of them are there as well' "$(ls "$dest/opt/bin")" "$(ls "$BIN")"
is 'and are whole' "$("$dest/opt/bin/svc-ok" --version)" "$(svc-ok --version)"
cd "$T" || exit 111

# What others have written into a name makes no line of its own.
svc-cd "$(printf 'x\nsvc-cd: fatal: no\033[31m\r')" true 2>said
is 'a message is one line, whatever is in it' "$(cat said)" \
	'svc-cd: fatal: unable to change directory to x\nsvc-cd: fatal: no\u{1b}[31m\r: No such file or directory'

done_testing
