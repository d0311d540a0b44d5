# shellcheck shell=sh
# svctl-schema.sh - what svctl prints with --json is as the schema files say; sourced after lib.sh.

# as_schemas_say FILE [DESCRIPTION] - the assertion, if it can be made here.
as_schemas_say() {
	what=${2:-each object is as its schema says}
	# shellcheck disable=SC2154  # root and here are from lib.sh
	if has python3; then ok "$what" python3 "$here/schema.py" "$root/doc/html/schema" "$1"
	else skip "$what" 'no python3 here'; fi
}
