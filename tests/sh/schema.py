"""schema.py SCHEMA FILE - each line of FILE is an object that keeps to a JSON Schema, as far as ours use it."""
import json
import sys

TYPES = {'string': str, 'integer': int, 'boolean': bool, 'null': type(None), 'array': list, 'object': dict}


def is_of(value, name):
    return isinstance(value, TYPES[name]) and not (name == 'integer' and isinstance(value, bool))


def check(schema, value, where):
    types = schema.get('type', [])
    types = [types] if isinstance(types, str) else types
    assert not types or any(is_of(value, name) for name in types), f'{where}: {value!r} is none of {types}'
    assert 'const' not in schema or value == schema['const'], f'{where}: {value!r}'
    assert 'enum' not in schema or value in schema['enum'], f'{where}: {value!r} is none of {schema["enum"]}'
    if isinstance(value, dict):
        for key in schema.get('required', []):
            assert key in value, f'{where}: no {key}'
        for key, inner in value.items():
            assert key in schema['properties'], f'{where}: {key} is not in the schema'
            check(schema['properties'][key], inner, f'{where}.{key}')
    if isinstance(value, list):
        for inner in value:
            check(schema['items'], inner, where)


with open(sys.argv[1]) as file:
    schema = json.load(file)
with open(sys.argv[2]) as file:
    lines = file.readlines()
assert lines, 'there is no line'
for number, line in enumerate(lines, 1):
    check(schema, json.loads(line), f'line {number}')
