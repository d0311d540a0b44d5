//! What goes in front of each line.

use common::base::stamp::Wall;
use common::base::text::Text;
use common::sys::time::local;

use crate::log::script::{Action, Stamp};

/// Digits of a date and of a label; enough for all kinds.
type Digits = Text<64>;

/// The stamp of one moment, of one kind.
fn text(kind: Stamp, time: Wall) -> Digits {
    let mut digits = Digits::new();
    match kind {
        Stamp::None => {}
        Stamp::Tai64n => put_label(&mut digits, time),
        Stamp::Iso => put_date(&mut digits, time),
        Stamp::Both => {
            put_label(&mut digits, time);
            put_date(&mut digits, time);
        }
    }
    digits
}

/// `@`, 24 hexadecimal digits.
pub(super) fn label(time: Wall) -> [u8; 25] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut label = [b'@'; 25];
    for (digits, byte) in label[1..].chunks_exact_mut(2).zip(time.tai64n()) {
        digits[0] = HEX[usize::from(byte >> 4)];
        digits[1] = HEX[usize::from(byte & 15)];
    }
    label
}

fn put_label(digits: &mut Digits, time: Wall) {
    digits.push(&label(time));
    digits.push(b" ");
}

fn put_date(digits: &mut Digits, time: Wall) {
    let date = local(i64::try_from(time.seconds()).unwrap_or(0));
    let mut put = |value: u64, width: usize, after: &[u8]| {
        let mut number = [b'0'; 9];
        let mut rest = value;
        for digit in number[..width].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        digits.push(&number[..width]);
        digits.push(after);
    };
    // Its length must not depend on when it is made: see the journal.
    put(date.year.unsigned_abs() % 10_000, 4, b"-");
    put(date.month.into(), 2, b"-");
    put(date.day.into(), 2, b" ");
    put(date.hour.into(), 2, b":");
    put(date.minute.into(), 2, b":");
    put(date.second.into(), 2, b".");
    put(time.nanos().into(), 9, b"  ");
}

/// What is written before each line of an action: stamp and prefix.
pub(super) fn head(action: &Action, time: Wall, head: &mut Vec<u8>) {
    head.clear();
    head.extend_from_slice(text(action.stamp, time).bytes());
    head.extend_from_slice(&action.prefix);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_have_their_length() {
        let time = Wall(1_732_174_879_123_456_789);
        assert_eq!(text(Stamp::Tai64n, time).bytes(), b"@40000000673ee429075bcd15 ");
        assert_eq!(text(Stamp::Iso, time).bytes().len(), 31);
        assert!(text(Stamp::Iso, time).bytes().ends_with(b".123456789  "));
        assert_eq!(text(Stamp::Both, time).bytes().len(), 57);
        assert!(text(Stamp::None, time).bytes().is_empty());
    }
}
