"""schema.py DIR [FILE] - each line of FILE is an object, and keeps to the JSON Schema in DIR that it names.
Without FILE: each file in DIR is a schema. Of JSON Schema there is what ours use, and a word that is not
known is a mistake; so is a member that no schema mentions."""
import json
import pathlib
import sys

TYPES = {'string': str, 'integer': int, 'boolean': bool, 'null': type(None), 'array': list, 'object': dict}
# What says nothing of values.
NOTES = {'$schema', '$id', 'title', 'description', 'examples'}
WORDS = {'type', 'const', 'enum', 'minimum', 'maximum', 'required', 'properties', 'additionalProperties', 'items',
         'allOf', 'if', 'then', 'else'}


def is_of(value, name):
    return isinstance(value, TYPES[name]) and not (name == 'integer' and isinstance(value, bool))


def inner(schema):
    """The schemas in a schema."""
    yield from schema.get('properties', {}).values()
    yield from schema.get('allOf', [])
    yield from (schema[word] for word in ('items', 'if', 'then', 'else') if word in schema)


def vet(schema):
    strange = set(schema) - WORDS - NOTES
    assert not strange, f'{strange} in a schema'
    types = schema.get('type', [])
    assert all(name in TYPES for name in ([types] if isinstance(types, str) else types)), types
    for part in inner(schema):
        vet(part)


def mistake(schema, value, where, is_whole=True):
    """What is wrong with a value, or None; is_whole: the schema mentions all members that there may be."""
    types = schema.get('type', [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_of(value, name) for name in types):
        return f'{where}: {value!r} is none of {types}'
    if 'const' in schema and value != schema['const']:
        return f'{where}: {value!r} is not {schema["const"]!r}'
    if 'enum' in schema and value not in schema['enum']:
        return f'{where}: {value!r} is none of {schema["enum"]}'
    if is_of(value, 'integer') and not schema.get('minimum', value) <= value <= schema.get('maximum', value):
        return f'{where}: {value} is out of bounds'
    found = []
    if isinstance(value, dict):
        properties = schema.get('properties', {})
        found += [f'{where}: no {key}' for key in schema.get('required', []) if key not in value]
        found += [f'{where}: {key} is not in the schema' for key in value if is_whole and key not in properties]
        found += [mistake(properties[key], value[key], f'{where}.{key}') for key in value if key in properties]
    if isinstance(value, list):
        found += [mistake(schema['items'], item, where) for item in value]
    found += [mistake(part, value, where, False) for part in schema.get('allOf', [])]
    if 'if' in schema:
        branch = 'else' if mistake(schema['if'], value, where, False) else 'then'
        found.append(mistake(schema.get(branch, {}), value, where, False))
    return next(filter(None, found), None)


schemas = {}
for path in pathlib.Path(sys.argv[1]).glob('*.json'):
    schemas[path.stem] = json.loads(path.read_text())
    vet(schemas[path.stem])
assert schemas, 'there is no schema'
if len(sys.argv) > 2:
    lines = pathlib.Path(sys.argv[2]).read_text().splitlines()
    assert lines, 'there is no line'
    for number, line in enumerate(lines, 1):
        value = json.loads(line)
        wrong = mistake(schemas[value['schema']], value, f'line {number}')
        assert not wrong, wrong
