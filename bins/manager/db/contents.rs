//! The files of a service.

use common::prelude::*;

use super::Query;
use crate::json::{Object, Value};
use crate::manager::files::{self, short};
use crate::manager::generations;

pub(super) fn answer(query: &Query, text: &mut String) -> Result<u8> {
    let view = query.view()?;
    for id in view.named(&query.names)? {
        let name = view.name(id);
        // One that is on its way out has its files in the generation that it is of.
        let gone = view.rows.as_ref().and_then(|rows| rows.get(id as usize)?.gone);
        let path = gone
            .map_or(view.path.clone(), |gone| generations::path(&query.sources.generations, gone));
        let files = files::read(&path, name);
        let files = files.unable(format_args!("read the files of {name} in {}", path.display()))?;
        if !query.json {
            *text += &files::shown(name, files);
            continue;
        }
        for (path, file) in files {
            let mut object = Object::default();
            object.put("file", &Value::text(short(&path, name)));
            object.put("program", &Value::Bool(file.is_program));
            object.put("text", &Value::text(file.text));
            *text += &object.line();
        }
    }
    Ok(0)
}
