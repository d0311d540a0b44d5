//! svc-tai64n: put a label in front of each line.

use common::base::stamp::Wall;
use common::os::clock;
use common::prelude::*;

use super::filter::{self, Filter};

pub(super) const PROGRAM: Program = Program {
    name: "svc-tai64n",
    help: "< LINES
Copies standard input to standard output, and puts a TAI64N label and a blank
in front of each line: when its first byte was read.
",
    main,
};

fn main(mut args: Args) -> Result<Next> {
    args.no_options()?;
    args.end()?;
    filter::run(Stamper { within_line: false, now: clock::wall })
}

struct Stamper {
    within_line: bool,
    now: fn() -> Wall,
}

impl Filter for Stamper {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let label = text((self.now)());
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            if !self.within_line {
                out.extend(label);
            }
            out.extend(piece);
            self.within_line = !piece.ends_with(b"\n");
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.within_line {
            out.push(b'\n');
        }
    }
}

/// A label as text, and the blank behind it.
fn text(time: Wall) -> [u8; 26] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b' '; 26];
    text[0] = b'@';
    for (pair, byte) in text[1..25].chunks_exact_mut(2).zip(time.tai64n()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: &str = "@400000005f5e0ff300000079 ";

    fn stamped(chunks: &[&str]) -> String {
        let now = || Wall(1_599_999_977_000_000_121);
        let (mut stamper, mut out) = (Stamper { within_line: false, now }, Vec::new());
        chunks.iter().for_each(|chunk| stamper.take(chunk.as_bytes(), &mut out));
        stamper.end(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_line_has_one_label_however_it_comes() {
        let want = format!("{LABEL}ab\n{LABEL}\n{LABEL}c\n");
        assert_eq!(stamped(&["ab\n\nc\n"]), want);
        assert_eq!(stamped(&["a", "b", "\n", "\nc", "\n"]), want);
        assert_eq!(stamped(&["ab\n\nc"]), want);
        assert_eq!(stamped(&[]), "");
    }
}
