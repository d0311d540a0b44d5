//! Configuration tests: the commands of `before-start`, tried before what is up is taken down. Here is
//! where a generation has them, and what is told of them.

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

const FOREGROUND: &str = "svc-foreground";

fn shown(word: &std::ffi::OsString) -> String {
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
