//! A script in a file: s6-log's directives, one or several a line, and options on lines of their own.

use std::path::Path;

use common::base::error::exit;
use common::prelude::*;

use super::Script;
use super::directives::{Builder, Checked};
use super::options::{Takes, takes};
use super::quantity::shown;
use super::settings::Settings;

/// Where the script of a file starts from.
pub(crate) struct Before<'a> {
    pub(crate) settings: &'a Settings,
    /// Of the command line.
    pub(crate) directives: &'a [Vec<u8>],
}

/// Reads a script; `name` is the file's, for complaints. Where nothing in it says what becomes of
/// the lines in the end, they go to the directory `own`.
pub(crate) fn read(name: &str, text: &[u8], before: &Before<'_>, own: &Path) -> Result<Script> {
    let mut builder = Builder::new(before.settings.clone());
    for (number, word) in (1..).zip(before.directives) {
        let read = builder.word(word);
        read.map_err(|complaint| directive(number, word, &complaint))?;
    }
    for (number, line) in (1..).zip(text.split(|b| *b == b'\n')) {
        let read = self::line(&mut builder, line.trim_ascii());
        read.map_err(|complaint| at(name, number, &complaint))?;
    }
    if !builder.is_complete() {
        builder.directory(own.to_path_buf()).map_err(|complaint| at(name, 1, &complaint))?;
    }
    let (script, _) = builder.finish().ok_or_else(|| at(name, 1, "no action"))?;
    Ok(script)
}

/// The complaint about a directive of the command line.
pub(super) fn directive(number: usize, word: &[u8], complaint: &str) -> Error {
    let word = shown(word);
    Error::new(exit::USAGE, format_args!("directive {number}: {word}: {complaint}"))
}

fn at(name: &str, line: usize, complaint: &str) -> Error {
    Error::new(exit::USAGE, format_args!("{name}:{line}: {complaint}"))
}

fn line(builder: &mut Builder, line: &[u8]) -> Checked<()> {
    if line.contains(&0) {
        return Err("a NUL byte".to_owned());
    }
    if let Some(option) = line.strip_prefix(b"--") {
        return self::option(builder, option);
    }
    let mut rest = line;
    while let Some((word, after)) = next_word(rest) {
        builder.word(word).map_err(|complaint| format!("{}: {complaint}", shown(word)))?;
        rest = after;
    }
    Ok(())
}

/// The next directive and what follows it; `None` at the end and at a comment. One that ends in any
/// text goes to the end of the line.
fn next_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let (first, second) = (text.first()?, text.get(1).is_none_or(u8::is_ascii_whitespace));
    let end = match first {
        b'#' => return None,
        b'+' | b'-' | b'p' | b'!' | b'?' if !second => text.len(),
        _ => text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len()),
    };
    Some(text.split_at(end))
}

/// `NAME`, `NAME VALUE` or `NAME=VALUE`.
fn option(builder: &mut Builder, text: &[u8]) -> Checked<()> {
    let end = text.iter().position(|b| *b == b'=' || b.is_ascii_whitespace());
    let (name, value) = text.split_at(end.unwrap_or(text.len()));
    let value = value.get(1..).map(<[u8]>::trim_ascii_start).filter(|v| !v.is_empty());
    let shown = shown(name);
    let known = std::str::from_utf8(name).ok().and_then(|name| Some((name, takes(name)?)));
    let (name, takes) = known.ok_or_else(|| {
        format!("--{shown}: no such option (to deselect lines with -{shown} in them: -[-]{shown})")
    })?;
    match (takes, value) {
        (Takes::Value, None) => return Err(format!("--{name}: a value is missing")),
        (Takes::Nothing, Some(_)) => return Err(format!("--{name}: it has no value")),
        (Takes::Value | Takes::MaybeValue, Some(_))
        | (Takes::MaybeValue | Takes::Nothing, None) => {}
    }
    builder.option(name, value).map_err(|complaint| format!("--{name}: {complaint}"))
}

#[cfg(test)]
mod tests {
    use super::super::directives::pattern;
    use super::super::{Rule, Stamp, Target};
    use super::*;

    fn script(text: &str) -> Result<Script> {
        let before = Before { settings: &Settings::default(), directives: &[] };
        read("f", text.as_bytes(), &before, Path::new("/own"))
    }

    fn to(script: &Script) -> Vec<String> {
        let to = |target: &Target| match target {
            Target::Stdout => "1".to_owned(),
            Target::Alert(n) => format!("2 {n}"),
            Target::Status(path, n) => format!("={} {n}", path.display()),
            Target::Dir(dir) => format!("{} {} {}", dir.path.display(), dir.keep, dir.size),
        };
        script.actions.iter().map(|a| to(&a.to)).collect()
    }

    #[test]
    fn lines_hold_directives_comments_and_options() {
        let text = "# two actions\n\n--rotate-size 1M\n n5 E9 # five\n-\n+fatal error: # not one\n2\nf t /a/b\r\n";
        let script = script(text).unwrap();
        assert_eq!(to(&script), ["2 9", "/a/b 5 1048576"]);
        let fatal = pattern(b"fatal error: # not one").unwrap();
        assert_eq!(script.actions[0].rules[1], Rule::Select(fatal));
        assert_eq!(script.actions[1].stamp, Stamp::Tai64n);
    }

    #[test]
    fn what_is_left_goes_to_the_own_directory() {
        assert_eq!(script("").map(|s| to(&s)), Ok(vec!["/own 10 99999".to_owned()]));
        assert_eq!(script("n2").map(|s| to(&s)), Ok(vec!["/own 2 99999".to_owned()]));
        let both = vec!["2 200".to_owned(), "/own 2 99999".to_owned()];
        assert_eq!(script("+x\n2\nn2").map(|s| to(&s)), Ok(both.clone()));
        assert_eq!(script("+x\n2\n--keep=2").map(|s| to(&s)), Ok(both));
        assert_eq!(script("t /x").map(|s| to(&s)), Ok(vec!["/x 10 99999".to_owned()]));
    }

    #[test]
    fn the_example_of_the_page() {
        let text = "# x\n--rotate-size 10M\n--compress=zstd\nn30\n-\n+error: disk\n2\n+\nt\n";
        let script = script(text).unwrap();
        assert_eq!(to(&script), ["2 200", "/own 30 10485760"]);
        let stamps: Vec<_> = script.actions.iter().map(|a| a.stamp).collect();
        assert_eq!(stamps, [Stamp::None, Stamp::Tai64n]);
        assert_eq!(script.actions[1].rules, [Rule::Select(pattern(b"").unwrap())]);
    }

    #[test]
    fn mistakes_are_told_with_file_and_line() {
        let complaint = |text: &str| script(text).map_or_else(|e| e.message, |_| String::new());
        assert!(complaint("t\nn3 x99").starts_with("f:2: x99: no such directive ("));
        assert!(complaint("! gzip").starts_with("f:1: gzip: no such directive ("));
        assert_eq!(complaint("--keep"), "f:1: --keep: a value is missing");
        assert_eq!(complaint("--sync yes"), "f:1: --sync: it has no value");
        assert_eq!(complaint("--stamp utc"), "f:1: --stamp: utc: not iso, tai64n, both or none");
        assert!(complaint("--debug").starts_with("f:1: --debug: no such option (to deselect"));
        assert_eq!(complaint("\n+a\0b"), "f:2: a NUL byte");
    }
}
