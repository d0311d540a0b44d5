//! What arrives on the control fifo: a letter is a command, `=NAME\n` the service's new name,
//! anything else is ignored.

use common::base::name;
use common::format::letters::{Command, NAME_FOLLOWS};

/// One thing said on the fifo.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Command(Command),
    Name(Vec<u8>),
}

/// Reads byte by byte; a line may come in pieces.
#[derive(Default)]
pub(super) struct Reader {
    name: Option<Vec<u8>>,
}

/// A name of ours, with "/log".
const MAX: usize = name::MAX + 4;

impl Reader {
    /// Takes one byte.
    pub(super) fn take(&mut self, byte: u8) -> Option<Said> {
        match (&mut self.name, byte) {
            (None, NAME_FOLLOWS) => self.name = Some(Vec::new()),
            (None, letter) => return Command::from_letter(letter).map(Said::Command),
            (Some(_), b'\n') => return self.name.take().filter(|n| !n.is_empty()).map(Said::Name),
            (Some(name), byte) if name.len() < MAX && !byte.is_ascii_control() => name.push(byte),
            // No name of ours: what follows is commands again.
            (Some(_), _) => self.name = None,
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Said> {
        let mut reader = Reader::default();
        bytes.iter().filter_map(|byte| reader.take(*byte)).collect()
    }

    #[test]
    fn letters_and_names_mix() {
        let said = [
            Said::Command(Command::Down),
            Said::Name(b"web/log".to_vec()),
            Said::Command(Command::Up),
        ];
        assert_eq!(read(b"d=web/log\nu"), said);
    }

    #[test]
    fn garbage_is_ignored_and_swallows_nothing_for_long() {
        assert_eq!(read(b"\0\xff?=\n\n"), []);
        let mut flood = vec![b'='];
        flood.extend([b'x'; 1000]);
        flood.push(b'\n');
        assert_eq!(read(b"=a\x07u"), [Said::Command(Command::Up)]);
        // After the longest name the rest is letters: 745 times exit, and the fifo is in step again.
        assert!(read(&flood).iter().all(|said| *said == Said::Command(Command::Exit)));
    }
}
