//! Places in a file of lines: where a time begins, and where the last lines do. Both look at a few
//! windows of the file, whatever its size.
//!
//! Where stamps ascend, as they do unless a clock was set back, the place of a time is that of the
//! first line that is not before it. Where they do not, it is one of the places where they pass it;
//! a line there is not before the time (or it is the end of the file), and the stamped line ahead of
//! it is.

use common::base::stamp::Wall;
use common::format::logline::{Reader, Stamp};
use common::prelude::*;

use super::lines::{Bytes, Lines, Rest};

/// How much is looked at, at a time.
const WINDOW: u64 = 64 * 1024;

/// A file: reads some bytes at an offset.
pub(super) type ReadAt<'a> = dyn FnMut(u64, &mut [u8]) -> Result<usize> + 'a;

/// The bytes from one place to another.
struct Range<'a, 'b> {
    file: &'a mut ReadAt<'b>,
    from: u64,
    to: u64,
}

impl Bytes for Range<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = usize::try_from(self.to.saturating_sub(self.from)).unwrap_or(usize::MAX);
        let n = buffer.len().min(left);
        let done = if n > 0 { (self.file)(self.from, &mut buffer[..n])? } else { 0 };
        self.from += done as u64;
        Ok(done)
    }
}

/// The offset of the first line that is not before `since`: `size` if all are. Lines without a stamp
/// are as old as the one ahead of them, the first ones as the first that has one; a file without
/// stamps in its first 64 kB is all new.
pub(super) fn of_time(file: &mut ReadAt<'_>, size: u64, since: Wall) -> Result<u64> {
    let mut stamps = Reader::default();
    match first_stamped(file, 0, size.min(WINDOW), &mut stamps)? {
        Some((_, first)) if first.time < since => {}
        Some(_) | None => return Ok(0),
    }
    // The line at `low` is before `since`; what is sought is not behind the first one after `high`.
    let (mut low, mut high) = (0, size);
    while high - low > WINDOW {
        let middle = low + (high - low) / 2;
        match first_stamped(file, middle, high.min(middle + WINDOW), &mut stamps)? {
            Some((at, stamp)) if stamp.time < since => low = at,
            Some(_) | None => high = middle,
        }
    }
    let mut range = Range { file, from: low, to: size };
    let mut lines = Lines::at(low);
    while lines.advance(&mut range, Rest::Line)? {
        let stamp = if lines.goes_on() { None } else { stamps.read(lines.text()) };
        if stamp.is_some_and(|stamp| stamp.time >= since) {
            return Ok(lines.offset());
        }
    }
    Ok(size)
}

/// The first line with a stamp that begins between the two.
fn first_stamped(
    file: &mut ReadAt<'_>,
    from: u64,
    to: u64,
    stamps: &mut Reader,
) -> Result<Option<(u64, Stamp)>> {
    let begin = from.saturating_sub(1);
    let mut range = Range { file, from: begin, to };
    let mut lines = Lines::at(begin);
    while lines.advance(&mut range, Rest::Line)? {
        let starts = (lines.offset() >= from || from == 0) && !lines.goes_on();
        if let Some(stamp) = stamps.read(lines.text()).filter(|_| starts) {
            return Ok(Some((lines.offset(), stamp)));
        }
    }
    Ok(None)
}

/// What was found of the last lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    /// Where they begin.
    pub(super) offset: u64,
    /// How many they are.
    pub(super) count: u64,
}

/// The last `wanted` lines that are `wanted_line`s between two places where lines begin.
pub(super) fn of_last(
    file: &mut ReadAt<'_>,
    (from, to): (u64, u64),
    wanted: u64,
    wanted_line: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<Last> {
    let (mut end, mut count) = (to, 0);
    while end > from && count < wanted {
        let start = line_start(file, from, end)?;
        let here = nth(file, (start, end), u64::MAX, wanted_line)?.count;
        if count + here >= wanted {
            let surplus = count + here - wanted;
            let offset = nth(file, (start, end), surplus, wanted_line)?.offset;
            return Ok(Last { offset, count: wanted });
        }
        (end, count) = (start, count + here);
    }
    Ok(Last { offset: end, count })
}

/// Where a line begins, about a window ahead of `end`.
fn line_start(file: &mut ReadAt<'_>, from: u64, end: u64) -> Result<u64> {
    let mut start = end;
    loop {
        start = start.saturating_sub(WINDOW);
        if start <= from {
            return Ok(from);
        }
        let mut range = Range { file, from: start - 1, to: end };
        let mut lines = Lines::at(start - 1);
        // The first one is the end of what began before.
        while lines.advance(&mut range, Rest::Line)? {
            if lines.offset() >= start && !lines.goes_on() {
                return Ok(lines.offset());
            }
        }
    }
}

/// Where the line of this number begins, counted from 0, and how many are ahead of it.
fn nth(
    file: &mut ReadAt<'_>,
    (from, to): (u64, u64),
    number: u64,
    wanted_line: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<Last> {
    let mut range = Range { file, from, to };
    let mut lines = Lines::at(from);
    let mut count = 0;
    while lines.advance(&mut range, Rest::Line)? {
        if !lines.goes_on() && wanted_line(lines.text()) {
            if count == number {
                return Ok(Last { offset: lines.offset(), count });
            }
            count += 1;
        }
    }
    Ok(Last { offset: to, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> impl FnMut(u64, &mut [u8]) -> Result<usize> {
        move |at, buffer| {
            let rest = &text[usize::try_from(at).unwrap().min(text.len())..];
            // Not all at once, as the kernel may.
            let n = rest.len().min(buffer.len()).min(5000);
            buffer[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        }
    }

    fn stamped(second: u64, text: &str) -> String {
        format!("@{:016x}00000000 {text}\n", (1_u64 << 62) + 10 + second)
    }

    fn place(text: &str, second: u64) -> usize {
        let size = text.len() as u64;
        let since = Wall(second * 1_000_000_000);
        of_time(&mut file(text.as_bytes()), size, since).unwrap() as usize
    }

    #[test]
    fn a_time_is_found_wherever_it_is() {
        let text: String = (0..20_000).map(|i| stamped(i / 3 * 2, "something happened")).collect();
        let line = text.len() / 20_000;
        for second in [0, 1, 2, 3, 999, 1000, 6000, 13_331, 13_332] {
            let want = (second as usize).div_ceil(2) * 3 * line;
            assert_eq!(place(&text, second), want, "{second}");
        }
        assert_eq!(place(&text, 13_333), text.len());
        assert_eq!(place("", 5), 0);
    }

    #[test]
    fn lines_without_a_stamp_are_as_old_as_the_one_ahead() {
        let text = stamped(1, "a") + "b\n" + &stamped(3, "c") + "d\n";
        assert_eq!(place(&text, 2), stamped(1, "a").len() + 2);
        assert_eq!(place(&format!("x\n{text}"), 1), 0);
        assert_eq!(place("no stamps\nat all\n", 7), 0);
        let long = "y\n".repeat(200_000) + &text;
        let begin = stamped(1, "x");
        let want = begin.len() + 400_000 + stamped(1, "a").len() + 2;
        assert_eq!(place(&(begin + &long), 2), want);
    }

    #[test]
    fn a_clock_set_back_leaves_a_place_where_the_time_is_passed() {
        let up = |from: u64| (from..from + 5000).map(|i| stamped(i, "x")).collect::<String>();
        let text = up(10_000) + &up(1000) + &up(9000);
        for second in [1, 1500, 6500, 9500, 12_000, 14_999] {
            let at = place(&text, second);
            let time =
                |line: &str| Reader::default().read(line.as_bytes()).map(|s| s.time.seconds());
            assert!(time(&text[at..]).is_none_or(|time| time >= second));
            let before = text[..at].lines().last().and_then(time);
            assert!(before.is_none_or(|before| before < second), "{second}");
        }
    }

    fn last(text: &str, n: u64, word: &str) -> (usize, u64) {
        let range = (0, text.len() as u64);
        let mut wanted = |line: &[u8]| String::from_utf8_lossy(line).contains(word);
        let last = of_last(&mut file(text.as_bytes()), range, n, &mut wanted).unwrap();
        (last.offset as usize, last.count)
    }

    #[test]
    fn the_last_lines_are_counted_from_the_end() {
        let text: String = (100_000..150_000).map(|i| format!("{i}\n")).collect();
        assert_eq!(last(&text, 0, ""), (text.len(), 0));
        assert_eq!(last(&text, 1, ""), (text.len() - 7, 1));
        assert_eq!(last(&text, 30_000, ""), (text.len() - 210_000, 30_000));
        assert_eq!(last(&text, 50_000, ""), (0, 50_000));
        assert_eq!(last(&text, 50_001, ""), (0, 50_000));
        assert_eq!(last(&text, 2, "100000"), (0, 1));
        assert_eq!(last(&text, 2, "9999"), (39_999 * 7, 2));
        assert_eq!(last("a\nb", 1, ""), (2, 1));
        let long = format!("a\n{}\nb\n", "x".repeat(300_000));
        assert_eq!(last(&long, 2, ""), (2, 2));
        assert_eq!(last(&long, 3, ""), (0, 3));
    }
}
