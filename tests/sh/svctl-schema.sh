# shellcheck shell=sh
# svctl-schema.sh - what svctl prints with --json is as the schema files say; sourced after svctl.sh.

# shellcheck disable=SC2154  # root is from lib.sh
# keeps_schemas FILE - each line of it is an object that its schema allows.
keeps_schemas() {
	python3 - "$root/doc/html/schema" "$1" <<'EOF'
import json, os, sys
import jsonschema
lines = open(sys.argv[2]).read().splitlines()
for line in lines:
    value = json.loads(line)
    with open(os.path.join(sys.argv[1], value["schema"] + ".json")) as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema, jsonschema.Draft202012Validator)
sys.exit(not lines)
EOF
}

# as_schemas_say FILE - the assertion, if it can be made here.
as_schemas_say() {
	if python3 -c 'from jsonschema import Draft202012Validator' 2>/dev/null; then
		ok 'each object is as its schema says' keeps_schemas "$1"
	else
		skip 'each object is as its schema says' 'no python3 with jsonschema'
	fi
}
