//! Writing JSON: objects of plain values, one a line.

use std::fmt::Write;

/// A value, for people (in `svc-stat -o`) and as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Yes or no.
    Bool(bool),
    /// A number, or that there is none: null.
    Number(Option<i64>),
    /// A text, or that there is none: null.
    Text(Option<String>),
}

impl Value {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Value {
        Value::Text(Some(text.into()))
    }

    /// A number; one that is too large is the largest.
    pub(crate) fn number(number: u64) -> Value {
        Value::Number(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

/// An object in the making.
#[derive(Default)]
pub(crate) struct Object(String);

impl Object {
    /// One of those that svctl prints: it says first which schema it keeps to.
    pub(crate) fn of(verb: &str) -> Object {
        let mut object = Object::default();
        object.put("schema", &Value::text(format!("svctl-{verb}-1")));
        object
    }

    /// Adds a member that is a list of objects.
    pub(crate) fn put_objects(&mut self, key: &str, inner: Vec<Object>) {
        self.begin(key);
        self.0.push('[');
        for (number, object) in inner.into_iter().enumerate() {
            self.0.push_str(if number == 0 { "" } else { "," });
            self.0.push_str(object.line().trim_end());
        }
        self.0.push(']');
    }

    fn begin(&mut self, key: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.quote(key);
        self.0.push(':');
    }

    /// Adds a member.
    pub(crate) fn put(&mut self, key: &str, value: &Value) {
        self.begin(key);
        match value {
            Value::Bool(yes) => self.0.push_str(if *yes { "true" } else { "false" }),
            // Writing to a String can't fail.
            Value::Number(Some(number)) => drop(write!(self.0, "{number}")),
            Value::Text(Some(text)) => self.quote(text),
            Value::Number(None) | Value::Text(None) => self.0.push_str("null"),
        }
    }

    /// Adds a member that is a list of texts.
    pub(crate) fn put_texts(&mut self, key: &str, texts: &[String]) {
        self.begin(key);
        self.0.push('[');
        for (number, text) in texts.iter().enumerate() {
            self.0.push_str(if number == 0 { "" } else { "," });
            self.quote(text);
        }
        self.0.push(']');
    }

    /// The object as a line.
    pub(crate) fn line(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}\n" } else { "}\n" });
        self.0
    }

    fn quote(&mut self, text: &str) {
        self.0.push('"');
        // RFC 8259 asks for the first 32; DEL and the rest of the controls upset terminals.
        let special = |c: char| matches!(c, '"' | '\\') || c.is_control();
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| special(*c)) {
            self.0.push_str(&rest[..at]);
            match c {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                c => drop(write!(self.0, "\\u{:04x}", u32::from(c))),
            }
            rest = &rest[at + c.len_utf8()..];
        }
        self.0.push_str(rest);
        self.0.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden() {
        let mut object = Object::default();
        object.put("name", &Value::text("a\"b\\c\n\u{7f}é"));
        object.put("pid", &Value::number(12));
        object.put("up", &Value::Bool(true));
        object.put("exit", &Value::Number(None));
        object.put("note", &Value::Text(None));
        let line = "{\"name\":\"a\\\"b\\\\c\\u000a\\u007fé\",\"pid\":12,\"up\":true,\
                    \"exit\":null,\"note\":null}\n";
        assert_eq!(object.line(), line);
        let mut object = Object::default();
        object.put_texts("none", &[]);
        object.put_texts("two", &["a".to_owned(), "\"".to_owned()]);
        assert_eq!(object.line(), "{\"none\":[],\"two\":[\"a\",\"\\\"\"]}\n");
        assert_eq!(Object::default().line(), "{}\n");
        let mut object = Object::of("list");
        object.put_objects("all", vec![Object::default(), Object::of("x")]);
        let line = "{\"schema\":\"svctl-list-1\",\"all\":[{},{\"schema\":\"svctl-x-1\"}]}\n";
        assert_eq!(object.line(), line);
    }
}
