#!/bin/sh
# The page "Writing a run script" shows what is in examples/run.
. "${0%/*}/lib.sh"
page=$root/doc/html/writing-a-run-script.html

# shown_of NAME - the text of its <pre> in the page.
shown_of() {
	sed -n "/<pre id=\"$1\">/,/<\/pre>/p" "$page" | sed 's/<pre id="[a-z]*">//; s/<\/pre>.*//
		s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
}
# told_of NAME - what the page says below it.
told_of() { sed -n "/<pre id=\"$1\">/,/<h2/p" "$page"; }

for dir in "$root"/examples/run/*/; do
	name=$(basename "$dir")
	is "the page shows the run script of $name" "$(shown_of "$name")" "$(cat "$dir/run")"
	ok 'which can be run' test -x "$dir/run"
	contains 'and the README names it' "$(cat "$dir/../README.md")" "[$name]($name/run)"
	is 'the page names the files beside it, and no others' \
		"$(told_of "$name" | grep -o '<code>[^<]*</code> in <code>[a-z-]*</code>' | sed 's/<[^>]*>//g' | sort)" \
		"$(cd "$dir" && for file in *; do [ "$file" = run ] || echo "$(cat "$file") in $file"; done | sort)"
done
is 'the page shows no others' "$(grep -c '<pre id=' "$page")" "$(find "$root/examples/run" -type f -name run | wc -l)"
done_testing
