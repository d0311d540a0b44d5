//! Configuration tests: the commands of `before-start`, tried before what is up is taken down, and the
//! program that is to be run then. Here is where a generation has them, and what is told of them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use common::base::future::Future;
use common::os::exec;
use common::program::cannot_run;

/// So much of what a test writes is kept, bytes: the end.
const KEPT: usize = 4096;
/// So many lines of it are told.
const TOLD: usize = 20;
/// As much of a command as is told, characters: it may be a script.
const LONGEST: usize = 200;

/// The chain file of the command of this number, from 1, in a service directory.
pub fn file(number: usize) -> String {
    format!("before-start.{number}")
}

/// The command of such a chain file, as it was in the service file.
pub fn command(chain: &[u8]) -> String {
    let mut lines = chainload::lines_of_chain(chain).unwrap_or_default();
    let words: Vec<String> = lines.pop().unwrap_or_default().iter().map(shown).collect();
    let words = match words.as_slice() {
        // Of one that may fail. In a block a blank stands in front of each word.
        [link, block @ .., end, last] if (&**link, &**end, &**last) == (FOREGROUND, "", "true") => {
            block.iter().map(|word| word.strip_prefix(' ').unwrap_or(word)).collect()
        }
        words => words.iter().map(String::as_str).collect::<Vec<_>>(),
    };
    let text = words.strip_prefix(&["svc-expand"]).unwrap_or(&words).join(" ");
    let text = text.replace(char::is_control, " ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// The program that a chain file becomes, with the environment in which it is sought. None: what it is
/// shows only when the chain runs.
fn program(chain: &[u8]) -> Option<Future> {
    let lines = chainload::lines_of_chain(chain).ok()?;
    let (last, links) = lines.split_last()?;
    let (is_expanded, words) = match last.strip_prefix(&[OsString::from("svc-expand")]) {
        Some(words) => (true, words),
        None => (false, last.as_slice()),
    };
    let words = if words.first()? == "svc-announce" { words.get(2..)? } else { words };
    let program = words.first()?;
    let name = program.as_bytes();
    let is_known = name.starts_with(b"/")
        || !name.contains(&b'/') && links_of(links, "svc-envfile").count() == 0;
    let is_link = chainload::LINKS.iter().any(|link| program == link.name);
    if !is_known || is_link || is_expanded && name.contains(&b'$') {
        return None;
    }
    let mut future = Future::new(vec![program.clone()]);
    let path = links_of(links, "svc-env")
        .flatten()
        .filter_map(|word| word.as_bytes().strip_prefix(b"PATH="));
    path.for_each(|path| future.set(OsStr::new("PATH"), OsStr::from_bytes(path)));
    Some(future)
}

fn links_of<'a>(lines: &'a [Vec<OsString>], link: &str) -> impl Iterator<Item = &'a Vec<OsString>> {
    lines.iter().filter(move |words| words.first().is_some_and(|word| word == link))
}

/// Why the program of a service directory can't be run now, as far as one can see from outside.
pub fn unable(definition: &Path) -> Option<String> {
    let chain = std::fs::read(definition.join("run")).ok()?;
    let future = program(&chain)?;
    Some(cannot_run(&future, exec::look(&future).err()?).message)
}

const FOREGROUND: &str = "svc-foreground";

fn shown(word: &OsString) -> String {
    word.to_string_lossy().into_owned()
}

/// The end of what a test has written.
#[derive(Debug, Default)]
pub struct Tail {
    bytes: Vec<u8>,
    /// Something went before it.
    cut: bool,
}

impl Tail {
    /// There is more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let surplus = self.bytes.len().saturating_sub(KEPT);
        self.cut |= surplus > 0;
        self.bytes.drain(..surplus);
    }

    /// Its last lines, without empty ones, nor half a line unless that is all.
    pub fn lines(&self) -> Vec<String> {
        let newline = self.bytes.iter().position(|byte| *byte == b'\n');
        let whole = newline.filter(|at| self.cut && at + 1 < self.bytes.len());
        let text = &self.bytes[whole.map_or(0, |at| at + 1)..];
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let mut lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        lines.drain(..lines.len().saturating_sub(TOLD));
        lines.into_iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_as_the_service_file_has_it() {
        for (chain, told) in [
            ("svc-setuid web\n/bin/daemon -t 'a b'\n", "/bin/daemon -t a b"),
            ("svc-expand /bin/daemon $A\n", "/bin/daemon $A"),
            ("svc-foreground { /bin/daemon -t } true\n", "/bin/daemon -t"),
            ("svc-foreground { svc-expand /bin/daemon $A } true\n", "/bin/daemon $A"),
            ("/bin/sh -c 'a\nb'", "/bin/sh -c a b"),
            ("", ""),
        ] {
            assert_eq!(command(format!("#!/bin/svc-chain\n{chain}").as_bytes()), told);
        }
        let script = format!("/bin/sh -c '{}'", "ä".repeat(1000));
        assert_eq!(command(script.as_bytes()).chars().count(), LONGEST + 3);
    }

    #[test]
    fn the_program_is_what_stands_behind_all_links() {
        let found = |chain: &str| {
            let future = program(format!("#!/bin/svc-chain\n{chain}").as_bytes())?;
            let path = future.environment().ok()?.and_then(|_| future.get(OsStr::new("PATH")));
            Some((future.argv[0].clone().into_string().ok()?, path?.into_string().ok()?))
        };
        let env = "svc-env PATH=/x\n";
        let is = |name: &str| Some((name.to_owned(), "/x".to_owned()));
        assert_eq!(found(&format!("{env}/bin/a b\n")), is("/bin/a"));
        assert_eq!(found(&format!("{env}svc-if {{ /bin/t }}\na\n")), is("a"));
        assert_eq!(found(&format!("{env}svc-expand svc-announce 3 /bin/a $B\n")), is("/bin/a"));
        for unknown in ["svc-expand $A\n", "svc-cd / ./a\n", "./a\n", "svc-envfile /e\na\n", ""] {
            assert_eq!(found(&format!("{env}{unknown}")), None, "{unknown}");
        }
    }

    fn lines(parts: &[&[u8]]) -> Vec<String> {
        let mut tail = Tail::default();
        parts.iter().for_each(|part| tail.push(part));
        tail.lines()
    }

    #[test]
    fn the_last_lines_are_kept() {
        assert_eq!(lines(&[]), [] as [&str; 0]);
        assert_eq!(lines(&[b"a\r\n\nb", b"c"]), ["a", "bc"]);
        let many = lines(&["a line\n".repeat(10_000).as_bytes(), b"last\n"]);
        assert_eq!(
            (many.len(), many[0].as_str(), many[TOLD - 1].as_str()),
            (TOLD, "a line", "last")
        );
    }

    #[test]
    fn half_a_line_is_told_only_if_it_is_all() {
        let long = "x".repeat(10_000);
        assert_eq!(lines(&[long.as_bytes(), b"\nb\n"]), ["b"]);
        assert_eq!(lines(&[long.as_bytes()]), [&long[..KEPT]]);
        assert_eq!(lines(&[long.as_bytes(), b"\n"]), [&long[..KEPT - 1]]);
    }
}
