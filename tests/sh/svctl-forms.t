#!/bin/sh
# svctl's views in all forms: narrow and wide, ASCII and Unicode, on a terminal and into a pipe.
# limit: 120
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-scene.sh"
cd "$T" || exit 111
has script stty || skip_all 'no script or stty'
ok 'services are in all states' scene

# forms WORD... - a view in each form. Lines with paths are as long as the path of this test.
forms() {
	for columns in 80 200; do for locale in C C.UTF-8; do
		echo "== $columns columns, $locale, a pipe"
		COLUMNS=$columns LC_ALL=$locale ctl "$@" 2>&1
		echo "== $columns columns, $locale, a terminal"
		LC_ALL=$locale on_terminal "$columns" "$@"
	done; done | grep -Eiv '^[^ -~]*( *)(try|file|log):' | same_each_time
}

golden forms-table "$(forms status)"
golden forms-status "$(forms status web crash files)"
golden forms-why "$(forms why web files crash)"
golden forms-tree "$(forms tree app files)"
golden forms-list "$(forms list | sed 's, /.*, FILE,; s,TREE.*,FILE,')"

done_testing
