//! The JSON Schema of service files, for editors: printed from the table of keys.

use super::keys::{KEYS, Key};
use super::kinds::{Shape, Type};

/// The whole schema.
pub(crate) fn schema() -> String {
    let mut members: Vec<String> = Vec::new();
    let mut table = "";
    for key in KEYS {
        match key.name.split_once('.') {
            None => members.push(member(key.name, key)),
            Some((of, _)) if of == table => {}
            Some((of, _)) => {
                table = of;
                members.push(self::table(of));
            }
        }
    }
    format!(
        "{{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \
         \"title\": \"Coppice service file\",\n  \"type\": \"object\",\n  \
         \"additionalProperties\": false,\n  \"properties\": {{\n{}\n  }}\n}}\n",
        members.join(",\n")
    )
}

fn table(name: &str) -> String {
    let keys = KEYS.iter().filter_map(|key| Some((key, key.name.split_once('.')?)));
    let keys: Vec<_> = keys.filter(|(_, (of, _))| *of == name).collect();
    let others = match keys.first() {
        Some((key, (_, "*"))) => shape(key),
        _ => "false".to_owned(),
    };
    let named = keys.iter().filter(|(_, (_, rest))| *rest != "*");
    let named: Vec<_> = named.map(|(key, (_, rest))| format!("  {}", member(rest, key))).collect();
    let properties = match named.is_empty() {
        true => String::new(),
        false => format!(", \"properties\": {{\n{}\n    }}", named.join(",\n")),
    };
    format!(
        "    \"{name}\": {{\"type\": \"object\", \"additionalProperties\": {others}{properties}}}"
    )
}

fn member(name: &str, key: &Key) -> String {
    let text = format!("{} Default: {}.", key.text, key.default);
    let shape = shape(key);
    let shape = shape.strip_prefix('{').unwrap_or(&shape);
    format!("    \"{name}\": {{\"description\": {}, {shape}", quoted(&text))
}

fn shape(key: &Key) -> String {
    const LIST: &str = "\"type\": \"array\", \"items\": {\"type\": \"string\"}";
    let inner = match (key.value, key.value.shape()) {
        (Type::Choice(words), _) => {
            let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
            format!("\"enum\": [{}]", words.join(", "))
        }
        (Type::Integer(from, to), _) => {
            format!("\"type\": \"integer\", \"minimum\": {from}, \"maximum\": {to}")
        }
        (Type::Mode, _) => "\"type\": \"string\", \"pattern\": \"^[0-7]{1,5}$\"".to_owned(),
        (Type::Path, _) => "\"type\": \"string\", \"pattern\": \"^/\"".to_owned(),
        (_, Shape::Text) => "\"type\": \"string\"".to_owned(),
        (_, Shape::Bool) => "\"type\": \"boolean\"".to_owned(),
        (_, Shape::Integer) => "\"type\": \"integer\"".to_owned(),
        (_, Shape::TextOrInteger) => "\"type\": [\"string\", \"integer\"]".to_owned(),
        (_, Shape::List) => LIST.to_owned(),
        (_, Shape::TextOrList) => {
            format!("\"anyOf\": [{{\"type\": \"string\"}}, {{{LIST}}}]")
        }
        (_, Shape::Lists) => format!(
            "\"anyOf\": [{{\"type\": \"string\"}}, {{{LIST}}}, {{\"type\": \"array\", \
             \"items\": {{{LIST}}}}}]"
        ),
    };
    format!("{{{inner}}}")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
