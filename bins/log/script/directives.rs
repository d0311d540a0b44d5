//! Directives, word by word, as s6-log reads them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::pattern::Matcher;
use super::quantity::number;
use super::settings::{MAX_SIZE, MIN_SIZE, Settings};
use super::{Action, Pattern, Processor, Rule, Script, Stamp, Target};

/// s6-log reads most numbers into 32 bits.
const MAX: u64 = u32::MAX as u64;

/// Or what is wrong with a word; whoever read the word says where it stands.
pub(super) type Checked<T> = std::result::Result<T, String>;

/// A script being put together.
pub(super) struct Builder {
    settings: Settings,
    /// `t` and `T` since the last action.
    label: bool,
    date: bool,
    rules: Vec<Rule>,
    actions: Vec<Action>,
    /// The first word since the last action: no action uses it yet.
    unused: Option<Vec<u8>>,
}

impl Builder {
    /// Nothing yet; the directives start from these settings.
    pub(super) fn new(settings: Settings) -> Self {
        let (rules, actions) = (Vec::new(), Vec::new());
        Builder { settings, label: false, date: false, rules, actions, unused: None }
    }

    /// Takes the next directive.
    pub(super) fn word(&mut self, word: &[u8]) -> Checked<()> {
        if self.take(word)? == Kind::Modifier {
            self.unused.get_or_insert_with(|| word.to_vec());
        }
        Ok(())
    }

    fn take(&mut self, word: &[u8]) -> Checked<Kind> {
        let (letter, rest) = word.split_first().ok_or("an empty word is no directive")?;
        let settings = &mut self.settings;
        match letter {
            b't' | b'T' | b'f' | b'1' | b'2' if !rest.is_empty() => return Err(unknown()),
            b't' => self.label = true,
            b'T' => self.date = true,
            b'f' => self.rules.push(Rule::Rest),
            b'+' => self.rules.push(Rule::Select(pattern(rest)?)),
            b'-' => self.rules.push(Rule::Deselect(pattern(rest)?)),
            b'n' => settings.keep = value(rest, "n takes a number of archives")?,
            b's' => {
                let size: u64 = value(rest, "s takes a number of bytes")?;
                settings.size = size.clamp(MIN_SIZE, MAX_SIZE);
            }
            b'S' => {
                settings.total =
                    number(rest, u64::MAX).ok_or_else(|| bad("S takes a number of bytes"))?;
            }
            b'l' => settings.tolerance = tolerance(rest, settings.size)?,
            b'r' => settings.retry = value(rest, "r takes a number of milliseconds")?,
            b'R' => settings.period = value(rest, "R takes a number of seconds")?,
            b'E' => settings.alert = value(rest, "E takes a number of bytes")?,
            b'^' => settings.status = value(rest, "^ takes a number of bytes")?,
            b'p' => settings.set_prefix(rest),
            b'!' => settings.processor = command(rest).map(Processor::Execline),
            b'?' => settings.processor = command(rest).map(Processor::Shell),
            b'1' => return Ok(self.act(Target::Stdout)),
            b'2' => return Ok(self.act(Target::Alert(self.settings.alert))),
            b'=' if rest.is_empty() => return Err("= takes the name of a file".to_owned()),
            b'=' => return Ok(self.act(Target::Status(path(rest), self.settings.status))),
            b'/' | b'.' => return self.directory(path(word)),
            _ => return Err(unknown()),
        }
        Ok(Kind::Modifier)
    }

    /// A log directory, with the settings as they are now. One that is there already has its logger.
    pub(super) fn directory(&mut self, path: PathBuf) -> Checked<Kind> {
        let same = |action: &Action| matches!(&action.to, Target::Dir(d) if names(&d.path).eq(names(&path)));
        if self.actions.iter().any(same) {
            return Err("this directory was named before: each has one place".to_owned());
        }
        Ok(self.act(Target::Dir(self.settings.directory(path))))
    }

    /// A rule of an option.
    pub(super) fn rule(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Takes an option that stands between directives.
    pub(super) fn option(&mut self, name: &str, value: Option<&[u8]>) -> Checked<()> {
        self.settings.option(name, value)?;
        self.unused.get_or_insert_with(|| name.as_bytes().to_vec());
        Ok(())
    }

    fn act(&mut self, to: Target) -> Kind {
        let stamp = match (self.label, self.date) {
            (false, false) => self.settings.stamp,
            (true, false) => Stamp::Tai64n,
            (false, true) => Stamp::Iso,
            (true, true) => Stamp::Both,
        };
        (self.label, self.date, self.unused) = (false, false, None);
        let rules = std::mem::take(&mut self.rules);
        self.actions.push(Action { rules, stamp, prefix: self.settings.prefix.clone(), to });
        Kind::Action
    }

    /// Whether there is an action, and nothing that another one would need.
    pub(super) fn is_complete(&self) -> bool {
        !self.actions.is_empty() && self.unused.is_none() && self.rules.is_empty()
    }

    /// The script, if it does anything, and the first word that no action uses.
    pub(super) fn finish(self) -> Option<(Script, Option<Vec<u8>>)> {
        let script = Script { actions: self.actions, rate: self.settings.rate };
        (!script.actions.is_empty()).then_some((script, self.unused))
    }
}

/// A path without what makes no difference.
fn names(path: &Path) -> impl Iterator<Item = Component<'_>> {
    path.components().filter(|part| *part != Component::CurDir)
}

/// What became of a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It selects lines or sets something for the actions that follow.
    Modifier,
    /// It does something with the lines.
    Action,
}

fn unknown() -> String {
    "no such directive (t T nN sN SN lN rN RN EN ^N pTEXT !COMMAND ?COMMAND +RE -RE f 1 2 =FILE, \
     or a directory with / or ./)"
        .to_owned()
}

/// A directory whose name begins with a letter looks like a number gone wrong.
fn bad(what: &str) -> String {
    format!("{what}, in digits (a directory begins with / or ./)")
}

fn value<T: TryFrom<u64>>(digits: &[u8], what: &str) -> Checked<T> {
    number(digits, MAX).and_then(|n| T::try_from(n).ok()).ok_or_else(|| bad(what))
}

fn tolerance(digits: &[u8], size: u64) -> Checked<u64> {
    let tolerance = value(digits, "l takes a number of bytes")?;
    if tolerance > size / 2 {
        return Err(format!("more than half of s{size}, the size that is in force here"));
    }
    Ok(tolerance)
}

/// A pattern that the matcher accepts.
pub(super) fn pattern(text: &[u8]) -> Checked<Pattern> {
    Matcher::new(text).map_err(|reason| format!("not a regular expression: {reason}"))?;
    Ok(Pattern { text: text.to_vec() })
}

fn command(text: &[u8]) -> Option<Vec<u8>> {
    (!text.is_empty()).then(|| text.to_vec())
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::super::{Directory, Full};
    use super::*;

    fn read(words: &[&str]) -> Checked<(Script, Option<Vec<u8>>)> {
        let mut builder = Builder::new(Settings::default());
        words.iter().try_for_each(|word| builder.word(word.as_bytes()))?;
        builder.finish().ok_or_else(|| "no action".to_owned())
    }

    fn actions(words: &[&str]) -> Vec<Action> {
        read(words).map(|(script, _)| script.actions).unwrap_or_default()
    }

    fn dir(action: &Action) -> &Directory {
        let Target::Dir(dir) = &action.to else { panic!("{action:?}") };
        dir
    }

    fn re(text: &str) -> Pattern {
        Pattern { text: text.as_bytes().to_vec() }
    }

    #[test]
    fn the_first_example_of_the_page() {
        let actions = actions(&["n20", "s1000000", "t", "/var/log/services/stuff"]);
        let expected = Directory {
            path: "/var/log/services/stuff".into(),
            size: 1_000_000,
            tolerance: 2000,
            keep: 20,
            total: 0,
            period: 0,
            retry: 2000,
            full: Full::Wait,
            sync: false,
            processor: None,
        };
        let to = Target::Dir(expected);
        assert_eq!(actions, [Action { rules: vec![], stamp: Stamp::Tai64n, prefix: vec![], to }]);
    }

    #[test]
    fn the_second_example_of_the_page() {
        let words =
            "n30 E500 - +fatal: 2 - +^STAT =/var/log/foobard/status f s10000000 S15000000 T";
        let mut words: Vec<&str> = words.split(' ').collect();
        words.extend(["!gzip -nq9", "/var/log/foobard"]);
        let actions = actions(&words);
        assert_eq!(actions[0].rules, [Rule::Deselect(re("")), Rule::Select(re("fatal:"))]);
        assert_eq!(actions[0].to, Target::Alert(500));
        assert_eq!(actions[1].rules, [Rule::Deselect(re("")), Rule::Select(re("^STAT"))]);
        assert_eq!(actions[1].to, Target::Status("/var/log/foobard/status".into(), 1001));
        assert_eq!((&actions[2].rules[..], actions[2].stamp), (&[Rule::Rest][..], Stamp::Iso));
        assert_eq!((dir(&actions[2]).keep, dir(&actions[2]).total), (30, 15_000_000));
        assert_eq!(dir(&actions[2]).processor, Some(Processor::Execline(b"gzip -nq9".to_vec())));
    }

    #[test]
    fn stamps_are_for_one_action_and_all_else_sticks() {
        let actions = actions(&["t", "T", "pa:", "n3", "./x", "1", "p", "T", "./y"]);
        let stamps: Vec<_> = actions.iter().map(|a| a.stamp).collect();
        assert_eq!(stamps, [Stamp::Both, Stamp::None, Stamp::Iso]);
        let prefixes: Vec<_> = actions.iter().map(|a| a.prefix.as_slice()).collect();
        assert_eq!(prefixes, [&b"a: "[..], b"a: ", b""]);
        assert_eq!(dir(&actions[2]).keep, 3);
    }

    #[test]
    fn the_size_is_kept_within_its_limits_and_the_tolerance_within_the_size() {
        let actions =
            actions(&["s1", "l2048", "./a", "s999999999", "l99999", "./b", "s5000", "./c"]);
        let sizes: Vec<_> = actions.iter().map(|a| (dir(a).size, dir(a).tolerance)).collect();
        assert_eq!(sizes, [(4096, 2048), (268_435_455, 99_999), (5000, 2500)]);
    }

    #[test]
    fn a_processor_is_taken_away_by_an_empty_one() {
        let actions = actions(&["?cat", "./a", "!", "./b"]);
        assert_eq!(dir(&actions[0]).processor, Some(Processor::Shell(b"cat".to_vec())));
        assert_eq!(dir(&actions[1]).processor, None);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for word in [
            "",
            "x",
            "tt",
            "T1",
            "fa",
            "10",
            "22",
            "n",
            "n-1",
            "n+1",
            "s10M",
            "l50000",
            "S",
            "r1s",
            "R1d",
            "E",
            "^x",
            "=",
            "+(",
            "-[a",
            "main",
            "logs",
            "n4294967296",
        ] {
            assert!(read(&[word, "./x"]).is_err(), "{word}");
        }
    }

    #[test]
    fn words_after_the_last_action_are_told() {
        assert_eq!(read(&["./x"]).map(|r| r.1), Ok(None));
        assert_eq!(read(&["./x", "n3", "+a"]).map(|r| r.1), Ok(Some(b"n3".to_vec())));
        assert!(read(&["n3"]).is_err());
    }
}
