//! `svctl cat`: service files as they are on disk.

use common::base::error::{exit, reason};
use common::prelude::*;
use common::program::{print, warn};

use super::{names, read};
use crate::json::{Object, Value};
use crate::svctl::call::{ANY, Call, Operand, Verb};
use crate::svctl::plain::{plain, plain_lines};
use crate::svctl::terminal::Ink;

pub(in crate::svctl) const VERB: Verb = Verb {
    word: "cat",
    arguments: "NAME...",
    count: 1..=ANY,
    operand: Operand::Service,
    summary: "print service files and their drop-ins as they are on disk",
    options: &[],
    run,
};

fn run(call: &Call) -> Result<Next> {
    let whole = read(&call.site)?;
    let (mut text, mut code) = (String::new(), exit::OK);
    for name in names(call, &whole)? {
        let parts = whole.parts(&name);
        if parts.is_empty() {
            return Err(whole.missing(&name));
        }
        for part in parts {
            let path = whole.shown_path(&part.path);
            let read = if part.is_masked { Ok(Vec::new()) } else { whole.text(&part.path) };
            let (bytes, failed) = match read {
                Ok(bytes) => (bytes, None),
                Err(e) => (Vec::new(), Some(reason(e))),
            };
            if let Some(why) = &failed {
                warn(&"svctl", &format_args!("unable to read {path}: {why}"));
                code = exit::SYSTEM;
            }
            let own = String::from_utf8_lossy(&bytes);
            if call.json {
                let mut object = Object::of("cat");
                object.put("name", &Value::text(&name));
                object.put("path", &Value::text(&path));
                object.put("masked", &Value::Bool(part.is_masked));
                object.put("text", &Value::Text(failed.is_none().then(|| own.into_owned())));
                object.put("error", &Value::Text(failed));
                text += &object.line();
                continue;
            }
            if failed.is_some() {
                continue;
            }
            let note = if part.is_masked { ": masked, a link to /dev/null" } else { "" };
            let blank = if text.is_empty() { "" } else { "\n" };
            let head = call.terminal.paint(Ink::Strong, &plain(&format!("# {path}{note}")));
            text += &format!("{blank}{head}\n{}", plain_lines(&own));
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
    }
    Ok(Next::Exit(print(&text).max(code)))
}
