//! A log directory that was taken from a disk, and what a logger has to make of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::prelude::*;

use super::numbered;

/// Its files with lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct LogDirectory {
    /// Name and contents, oldest first.
    archives: Vec<(String, Vec<u8>)>,
    current: Vec<u8>,
    /// It ended in order.
    is_clean: bool,
}

impl LogDirectory {
    /// None there: no lines.
    pub(crate) fn read(dir: &Path) -> Result<LogDirectory> {
        let mut found = LogDirectory::default();
        let Ok(entries) = std::fs::read_dir(dir) else { return Ok(found) };
        for entry in entries {
            let entry = entry.unable("read the log directory")?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let read = || std::fs::read(entry.path()).unable(format_args!("read {name}"));
            if name == "current" {
                let stat = entry.metadata().unable("look at current")?;
                found.current = read()?;
                found.is_clean = stat.permissions().mode() & 0o100 != 0;
            } else if name.starts_with('@') {
                found.archives.push((name.clone(), read()?));
            }
        }
        found.archives.sort();
        Ok(found)
    }

    /// How many lines there are; or what else there is than all from the first on, each once, whole
    /// and in order. Only the last of all may be the beginning of one.
    pub(crate) fn lines(&self) -> std::result::Result<usize, String> {
        let mut lines = 0;
        for (name, text) in &self.archives {
            let (found, rest) = numbered::count(text, lines);
            lines += found;
            if !rest.is_empty() {
                return Err(not_next(name, lines, rest));
            }
        }
        let (found, rest) = numbered::count(&self.current, lines);
        lines += found;
        if numbered::line(lines + 1).as_bytes().starts_with(rest) {
            Ok(lines)
        } else {
            Err(not_next("current", lines, rest))
        }
    }

    /// What is wrong if this became `after` when a logger was started and got one more line.
    pub(crate) fn went_on(
        &self,
        line: &str,
        after: &LogDirectory,
    ) -> std::result::Result<(), String> {
        let mut want = self.clone();
        // What ended in disorder is put away, whatever the name: .u.
        if !self.current.is_empty() && !self.is_clean {
            let name = after.archives.last().map_or("", |archive| &archive.0);
            if !name.ends_with(".u") {
                return Err(format!("a logger that goes on makes no .u, but {name:?}"));
            }
            want.archives.push((name.to_owned(), std::mem::take(&mut want.current)));
        }
        want.current.extend_from_slice(line.as_bytes());
        want.is_clean = after.is_clean;
        if want == *after { Ok(()) } else { Err("a logger that goes on changes it".to_owned()) }
    }
}

fn not_next(name: &str, lines: usize, rest: &[u8]) -> String {
    let start = &rest[..rest.len().min(40)];
    format!("{name}: after line {lines} comes {:?}", String::from_utf8_lossy(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(archives: &[(&str, &str)], current: &str) -> LogDirectory {
        let archives = archives.iter().map(|(name, text)| ((*name).to_owned(), (*text).into()));
        LogDirectory { archives: archives.collect(), current: current.into(), is_clean: false }
    }

    #[test]
    fn only_the_end_of_current_may_be_torn() {
        let [one, two] = [1, 2].map(numbered::line);
        assert_eq!(directory(&[], "").lines(), Ok(0));
        assert_eq!(directory(&[("@1.s", &one)], &two[..9]).lines(), Ok(1));
        assert!(directory(&[("@1.s", &one[..5])], "").lines().is_err());
        assert!(directory(&[("@1.s", &one)], &one).lines().is_err());
        assert!(directory(&[("@1.s", &one)], &two[1..]).lines().is_err());
    }

    #[test]
    fn a_logger_puts_away_what_it_finds_and_begins_anew() {
        let [one, two] = [1, 2].map(numbered::line);
        let before = directory(&[], &one);
        assert_eq!(before.went_on(&two, &directory(&[("@1.u", &one)], &two)), Ok(()));
        assert!(before.went_on(&two, &directory(&[("@1.s", &one)], &two)).is_err());
        assert!(before.went_on(&two, &directory(&[("@1.u", "")], &two)).is_err());
        assert!(before.went_on(&two, &directory(&[], &(one.clone() + &two))).is_err());
        assert_eq!(directory(&[], "").went_on(&one, &directory(&[], &one)), Ok(()));
    }
}
