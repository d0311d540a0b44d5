//! A service file: what it may say, and what is wrong with one.

mod check;
pub(crate) mod conditions;
pub mod diagnostic;
pub mod keys;
pub(crate) mod kinds;
pub(crate) mod parameter;
pub(crate) mod read;
pub(crate) mod ready;
pub(crate) mod schema;
pub(crate) mod source;
mod systemd;
mod units;
pub(crate) mod value;
mod words;

use diagnostic::Diagnostic;
use source::Sources;

/// All that is wrong with a text, as it is shown; with a parameter, that of a template: for the fuzz
/// target.
pub fn complaints(text: &str, parameter: Option<&str>) -> Vec<String> {
    let mut sources = Sources::default();
    let file = sources.add("file".to_owned(), text.to_owned());
    let mut found: Vec<Diagnostic> = Vec::new();
    read::read(&sources, file, parameter, &mut found);
    found.iter().map(|diagnostic| diagnostic.shown(&sources)).collect()
}
