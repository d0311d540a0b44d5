//! The command line of a logger: options, then directives.

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use common::prelude::*;

use super::directives::{Builder, pattern};
use super::file::directive;
use super::options::{bad, takes};
use super::quantity::{number, shown, size};
use super::settings::Settings;
use super::{Pattern, Rule, Script};

/// What `svc-log --help` says.
pub(crate) const HELP: &str = "[OPTION...] [DIRECTIVE...]
Reads lines from standard input and does with them what the directives say.
A DIRECTIVE is one of s6-log's, in order:
  +RE -RE f      select, deselect the lines that match RE; select the rest
  t T            stamp lines with a TAI64N label, with local time: next action only
  pTEXT          put TEXT and a blank in front of lines
  sN lN RN       rotate at N bytes, from N bytes before that, after N seconds
  nN SN          keep N archives, of N bytes together
  !CMD ?CMD      put archives through CMD, run by execlineb, by sh
  rN EN ^N       retry after N ms; size of alerts; size of status files
  /DIR ./DIR     action: write to the log directory DIR
  1 2 =FILE      action: to standard output; as an alert; as the content of FILE
Options come first; these set what the directives start from:
  --rotate-size SIZE    rotate at SIZE bytes; K, M and G are known
  --rotate-every TIME   rotate after TIME, such as 30m, 12h or 1d
  --keep N              keep N archives in each directory
  --max-total SIZE      keep archives of SIZE bytes together
  --compress[=PROGRAM]  compress archives with gzip, zstd or xz; gzip by default
  --stamp KIND          iso, tai64n, both or none
  --prefix TEXT         put TEXT and a blank in front of lines
  --rate LINES          log at most so many lines a second, and how many more there were
  --when-full ACTION    wait, or drop-oldest, when the disk is full
  --sync                what is written is on the disk before it counts as written
These act:
  --select RE           only lines that match RE; again: or this one
  --deselect RE         not the lines that match RE
  --dir DIR             write to the log directory DIR, after the directives
And:
  -l, --line-max N      split lines after N bytes (8192), 48 to 131072; 0: as late as that
  -t MS                 at TERM, wait MS milliseconds for the end of a line (2000)
  -d FD                 write a newline to FD when ready
  -p                    ignore TERM
  -q | -v               say less | more on standard error
  -b                    nothing: it is always so
  --journal FILE        keep the journal in FILE, not in the first log directory
  --rotate DIR          nothing but this: make the logger that writes to DIR rotate it now
";

/// A command line that makes sense.
#[derive(Debug, PartialEq)]
pub(crate) struct CommandLine {
    pub(crate) script: Script,
    /// `-d`: where to say that the logger is ready.
    pub(crate) notify: Option<RawFd>,
    /// `-l`: where a line is split; `None` is nowhere.
    pub(crate) line_max: Option<usize>,
    /// `-p`
    pub(crate) ignore_term: bool,
    /// `-q` and `-v`: 0 is errors only, 1 warnings too.
    pub(crate) verbosity: u32,
    /// `-t`: how long TERM waits for the end of a line; `None` is for ever.
    pub(crate) tail_ms: Option<u64>,
    /// `--journal`
    pub(crate) journal: Option<PathBuf>,
    /// `--rotate`: the directories whose loggers are to rotate them; nothing else is done then.
    pub(crate) rotate: Vec<PathBuf>,
    /// What makes sense, but can't have been meant.
    pub(crate) warnings: Vec<String>,
}

/// What the options say.
struct Options {
    settings: Settings,
    rules: Vec<Rule>,
    dirs: Vec<PathBuf>,
    line: CommandLine,
}

/// Reads the command line.
#[inline(never)] // What it needs is not to be in the frame of main, which stays.
pub(crate) fn parse(mut args: Args) -> Result<CommandLine> {
    let Options { settings, rules, dirs, mut line } = options(&mut args)?;
    if !line.rotate.is_empty() {
        args.end()?;
        return Ok(line);
    }
    let mut builder = Builder::new(settings);
    rules.into_iter().for_each(|rule| builder.rule(rule));
    let mut number = 0;
    while let Some(word) = args.next_operand() {
        number += 1;
        let read = builder.word(word.as_bytes());
        read.map_err(|complaint| directive(number, word.as_bytes(), &complaint))?;
        line.warnings.extend(late_option(number, word.as_bytes()));
    }
    for dir in dirs {
        let shown = dir.display().to_string();
        builder
            .directory(dir)
            .map_err(|complaint| bad("--dir", &format!("{shown}: {complaint}")))?;
    }
    let (script, unused) = builder.finish().ok_or_else(no_action)?;
    line.warnings.extend(unused.map(|word| {
        format!("ignoring {} and what follows: no action comes after it", shown(&word))
    }));
    Ok(CommandLine { script, ..line })
}

fn no_action() -> Error {
    Error::user("no action: where do the lines go? (/DIR, ./DIR, 1, 2, =FILE or --dir DIR)")
}

fn options(args: &mut Args) -> Result<Options> {
    let line = CommandLine {
        script: Script { actions: Vec::new(), rate: 0 },
        notify: None,
        line_max: Some(8192),
        ignore_term: false,
        verbosity: 1,
        tail_ms: Some(2000),
        journal: None,
        rotate: Vec::new(),
        warnings: Vec::new(),
    };
    let (settings, rules, dirs) = (Settings::default(), Vec::new(), Vec::new());
    let mut options = Options { settings, rules, dirs, line };
    while let Some(option) = args.option()? {
        options.take(&option, args)?;
    }
    Ok(options)
}

impl Options {
    fn take(&mut self, option: &str, args: &mut Args) -> Result<()> {
        let line = &mut self.line;
        match option {
            "-b" => {}
            "-p" => line.ignore_term = true,
            "-q" => line.verbosity = line.verbosity.saturating_sub(1),
            "-v" => line.verbosity = line.verbosity.saturating_add(1),
            "-d" => line.notify = Some(notify(&args.raw_value()?)?),
            "-l" | "--line-max" => line.line_max = line_max(option, &args.raw_value()?)?,
            "-t" => line.tail_ms = tail(&args.raw_value()?)?,
            "--journal" => line.journal = Some(not_empty(option, args.raw_value()?)?),
            "--rotate" => line.rotate.push(not_empty(option, args.raw_value()?)?),
            "--dir" => self.dirs.push(not_empty(option, args.raw_value()?)?),
            "--select" => self.select(&args.raw_value()?)?,
            "--deselect" => self.rules.push(Rule::Deselect(re(option, &args.raw_value()?)?)),
            option => self.settings.take(option, args)?,
        }
        Ok(())
    }

    /// All lines are selected to begin with: so that `--select` means something, none are if it
    /// comes first.
    fn select(&mut self, text: &OsStr) -> Result<()> {
        if self.rules.is_empty() {
            self.rules.push(Rule::Deselect(Pattern { text: Vec::new() }));
        }
        self.rules.push(Rule::Select(re("--select", text)?));
        Ok(())
    }
}

fn re(option: &str, text: &OsStr) -> Result<Pattern> {
    let text = text.as_bytes();
    pattern(text).map_err(|complaint| bad(option, &format!("{}: {complaint}", shown(text))))
}

fn not_empty(option: &str, path: OsString) -> Result<PathBuf> {
    if path.is_empty() {
        return Err(bad(option, "an empty name"));
    }
    Ok(PathBuf::from(path))
}

fn notify(text: &OsStr) -> Result<RawFd> {
    let fd = number(text.as_bytes(), i32::MAX as u64).and_then(|n| RawFd::try_from(n).ok());
    let fd = fd.filter(|fd| *fd >= 3).ok_or_else(|| {
        bad("-d", &format!("{}: not a descriptor, 3 or more", shown(text.as_bytes())))
    })?;
    Ok(fd)
}

/// What is less than 48 is 48, as in s6-log.
fn line_max(option: &str, text: &OsStr) -> Result<Option<usize>> {
    const MIN: usize = 48;
    let max = size(text.as_bytes()).and_then(|n| usize::try_from(n).ok());
    let max = max.ok_or_else(|| {
        bad(option, &format!("{}: not a number of bytes", shown(text.as_bytes())))
    })?;
    Ok((max != 0).then_some(max.max(MIN)))
}

fn tail(text: &OsStr) -> Result<Option<u64>> {
    let ms = number(text.as_bytes(), u32::MAX.into()).ok_or_else(|| {
        bad("-t", &format!("{}: not a number of milliseconds", shown(text.as_bytes())))
    })?;
    Ok((ms != 0).then_some(ms))
}

/// Among directives `--sync` deselects lines with "-sync" in them, as it does in s6-log.
fn late_option(position: usize, word: &[u8]) -> Option<String> {
    let name = word.strip_prefix(b"--")?.split(|b| *b == b'=').next()?;
    let name = std::str::from_utf8(name).ok()?;
    let known = takes(name).is_some()
        || ["dir", "select", "deselect", "line-max", "journal"].contains(&name);
    known.then(|| {
        format!(
            "directive {position}: {}: taken as a pattern, options come before the directives \
             (if it is one, say -[-]...)",
            shown(word)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Full, Processor, Stamp, Target};
    use super::*;

    fn line(words: &[&str]) -> Result<CommandLine> {
        parse(Args::new(words.iter().map(OsString::from)))
    }

    fn message(words: &[&str]) -> String {
        line(words).map_or_else(|e| format!("{} {}", e.code, e.message), |_| String::new())
    }

    #[test]
    fn the_options_of_s6_log() {
        let read = line(&["-bpqd3", "-l", "10", "-t0", "--", "-x", "t", "./d"]).unwrap();
        assert_eq!((read.notify, read.line_max, read.tail_ms), (Some(3), Some(48), None));
        assert_eq!((read.ignore_term, read.verbosity), (true, 0));
        assert_eq!(read.script.actions[0].rules, [Rule::Deselect(Pattern { text: b"x".to_vec() })]);
        let plain = line(&["1"]).unwrap();
        assert_eq!((plain.line_max, plain.tail_ms), (Some(8192), Some(2000)));
        assert_eq!(line(&["-l0", "1"]).map(|l| l.line_max), Ok(None));
    }

    #[test]
    fn long_options_are_what_directives_start_from() {
        let words = "--dir=/a --rotate-size 10M --keep 3 --stamp iso --when-full drop-oldest --sync \
                     --compress=xz --prefix x: 1 t n5 ./b T";
        let read = line(&words.split_whitespace().collect::<Vec<_>>()).unwrap();
        let [one, b, a] = &read.script.actions[..] else { panic!("{read:?}") };
        assert_eq!((one.stamp, &one.to), (Stamp::Iso, &Target::Stdout));
        let (Target::Dir(dir), Target::Dir(last)) = (&b.to, &a.to) else { panic!("{read:?}") };
        assert_eq!((b.stamp, dir.keep, dir.size, dir.sync), (Stamp::Tai64n, 5, 10 << 20, true));
        assert_eq!((dir.full, &b.prefix[..]), (Full::DropOldest, &b"x: "[..]));
        assert_eq!(dir.processor, Some(Processor::Compress { program: "xz", suffix: ".xz" }));
        // As if the directory were the last directive.
        assert_eq!((last.path.to_str(), last.keep, a.stamp), (Some("/a"), 5, Stamp::Iso));
        assert!(read.warnings.is_empty());
    }

    #[test]
    fn select_selects_from_nothing_and_deselect_from_all() {
        let text = |t: &str| Pattern { text: t.as_bytes().to_vec() };
        let read = line(&["--select", "a", "--deselect", "ab", "--dir", "d"]).unwrap();
        let rules = [Rule::Deselect(text("")), Rule::Select(text("a")), Rule::Deselect(text("ab"))];
        assert_eq!(read.script.actions[0].rules, rules);
        let read = line(&["--deselect", "b", "--dir", "d"]).unwrap();
        assert_eq!(read.script.actions[0].rules, [Rule::Deselect(text("b"))]);
    }

    #[test]
    fn a_typo_is_one_line_that_names_the_word() {
        let typo = message(&["t", "n3", "x99", "./d"]);
        assert!(typo.starts_with("100 directive 3: x99: no such directive (t T n"), "{typo}");
        for words in [
            &["s10M", "./d"][..],
            &["main"],
            &["-l", "x", "1"],
            &["-d2", "1"],
            &["-t-1", "1"],
            &["--keep", "many", "1"],
            &["--rotate-size=1K", "1"],
            &["--compress=lha", "1"],
            &["--stamp", "utc", "1"],
            &["--select", "(", "1"],
            &["--dir="],
            &["t"],
            &[],
            &["+a\nb(", "1"],
        ] {
            let message = message(words);
            assert!(message.starts_with("100 ") && !message.contains('\n'), "{words:?} {message}");
        }
    }

    #[test]
    fn what_cannot_have_been_meant_is_told() {
        assert_eq!(line(&["1", "n3"]).unwrap().warnings.len(), 1);
        assert_eq!(line(&["t", "--sync", "1"]).unwrap().warnings.len(), 1);
        assert_eq!(line(&["t", "--syncs", "1"]).unwrap().warnings.len(), 0);
        assert!(message(&["t", "--dir=/x"]).starts_with("100 no action"));
    }
}
