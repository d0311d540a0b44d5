//! A number for a script: whether the one that a predecessor worked by is the one of today.

use std::os::unix::ffi::OsStrExt;

use super::{Action, Directory, Full, Pattern, Processor, Rule, Script, Stamp, Target};

/// FNV-1a, 64 bits (draft-eastlake-fnv): the same in every build and on every machine.
struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn number(&mut self, n: u64) {
        self.bytes(&n.to_le_bytes());
    }

    /// With its length, so that two texts can't be taken for two others.
    fn text(&mut self, text: &[u8]) {
        self.number(text.len() as u64);
        self.bytes(text);
    }
}

/// The same for the same script, in whatever words it was written.
pub(crate) fn hash(script: &Script) -> u64 {
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    // The rate says how many lines, not which bytes.
    let Script { actions, rate: _ } = script;
    actions.iter().for_each(|a| action(&mut fnv, a));
    fnv.0
}

fn action(fnv: &mut Fnv, Action { rules, stamp, prefix, to }: &Action) {
    fnv.number(rules.len() as u64);
    rules.iter().for_each(|r| rule(fnv, r));
    fnv.bytes(match stamp {
        Stamp::None => b"-",
        Stamp::Tai64n => b"t",
        Stamp::Iso => b"T",
        Stamp::Both => b"b",
    });
    fnv.text(prefix);
    match to {
        Target::Stdout => fnv.bytes(b"1"),
        Target::Alert(max) => {
            fnv.bytes(b"2");
            fnv.number(*max as u64);
        }
        Target::Status(path, size) => {
            fnv.bytes(b"=");
            fnv.text(path.as_os_str().as_bytes());
            fnv.number(*size as u64);
        }
        Target::Dir(dir) => {
            fnv.bytes(b"/");
            directory(fnv, dir);
        }
    }
}

fn rule(fnv: &mut Fnv, rule: &Rule) {
    match rule {
        Rule::Select(Pattern { text }) => {
            fnv.bytes(b"+");
            fnv.text(text);
        }
        Rule::Deselect(Pattern { text }) => {
            fnv.bytes(b"-");
            fnv.text(text);
        }
        Rule::Rest => fnv.bytes(b"f"),
    }
}

fn directory(fnv: &mut Fnv, directory: &Directory) {
    // Field by field, so that the compiler asks about a new one.
    let Directory { path, size, tolerance, keep, total, period, retry, full, sync, processor } =
        directory;
    fnv.text(path.as_os_str().as_bytes());
    for n in [*size, *tolerance, *keep as u64, *total, *period, *retry, u64::from(*sync)] {
        fnv.number(n);
    }
    fnv.bytes(match full {
        Full::Wait => b"w",
        Full::DropOldest => b"d",
    });
    match processor {
        None => fnv.bytes(b"-"),
        Some(Processor::Execline(command)) => {
            fnv.bytes(b"!");
            fnv.text(command);
        }
        Some(Processor::Shell(command)) => {
            fnv.bytes(b"?");
            fnv.text(command);
        }
        Some(Processor::Compress { program, suffix: _ }) => {
            fnv.bytes(b"z");
            fnv.text(program.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::directives::Builder;
    use super::super::settings::Settings;
    use super::*;

    fn of(words: &str) -> u64 {
        let mut builder = Builder::new(Settings::default());
        words.split(' ').for_each(|word| assert_eq!(builder.word(word.as_bytes()), Ok(())));
        builder.finish().map_or(0, |(script, _)| hash(&script))
    }

    #[test]
    fn fnv_is_the_published_one() {
        let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
        fnv.bytes(b"foobar");
        assert_eq!(fnv.0, 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_script_has_the_same_number_in_every_run() {
        assert_eq!(of("t /a"), 0x9905_7c60_a34f_6920);
    }

    #[test]
    fn each_part_of_a_script_counts() {
        let same = [of("n3 t /a"), of("t n3 /a"), of("n4 t n3 /a")];
        assert!(same.iter().all(|h| *h == same[0]));
        let others = [
            "t /a",
            "n3 /a",
            "n3 T /a",
            "n3 t /b",
            "n3 t pa /a",
            "n3 t +a /a",
            "n3 t -a /a",
            "n3 t f /a",
            "n3 t 1",
            "n3 t 2",
            "n3 t =/a",
            "n3 t ?a /a",
            "n3 t !a /a",
            "n3 t /a 1",
            "n3 t E1 2",
            "n3 t ^1 =/a",
            "n3 t R1 /a",
            "n3 t r1 /a",
            "n3 t S1 /a",
            "n3 t l1 /a",
            "n3 t s5000 /a",
        ];
        let mut all: Vec<u64> = others.iter().map(|words| of(words)).collect();
        all.push(same[0]);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), others.len() + 1);
    }
}
