//! The fast way from input to output, for lines that are plain and all go to one place: the time goes
//! into copying, so copies have a fixed size and run over the end of the line, into what the next one
//! overwrites.

use super::newlines::Newlines;

/// The piece that is copied at a time.
const PIECE: usize = 32;
/// Longer ones are left to the C library.
const LONG: usize = 8 * PIECE;
/// How much room a copy wants.
pub(super) const SLACK: usize = LONG;

/// How far a file may be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// The line with which this is reached is the last.
    pub(super) soft: usize,
    /// No line goes beyond this.
    pub(super) hard: usize,
}

/// How much input was used, and how much output it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) input: usize,
    pub(super) output: usize,
}

/// How much of `input`, which is lines, a file has room for as it is.
pub(super) fn unchanged(input: &[u8], room: Room) -> Used {
    let before = room.soft.saturating_sub(1);
    let end = match input.get(before..).map(|rest| memchr::memchr(b'\n', rest)) {
        Some(Some(newline)) => before + newline + 1,
        Some(None) | None => input.len(),
    };
    let end = if end <= room.hard {
        end
    } else {
        let fits = &input[..before.min(input.len())];
        memchr::memrchr(b'\n', fits).map_or(0, |newline| newline + 1)
    };
    Used { input: end, output: end }
}

/// Puts `head` in front of each line of `input` while there is room; `output` has [`SLACK`] more bytes
/// than the room.
pub(super) fn with_head(input: &[u8], head: &[u8], output: &mut [u8], room: Room) -> Used {
    let mut padded = [0; LONG];
    let short = head.len() <= LONG;
    if short {
        padded[..head.len()].copy_from_slice(head);
    }
    let head_source = if short { &padded[..] } else { head };
    let hard = room.hard.min(output.len().saturating_sub(SLACK));
    let mut used = Used::default();
    for newline in Newlines::new(input) {
        let end = newline + 1;
        let text = used.output + head.len();
        let after = text + (end - used.input);
        if after > hard {
            break;
        }
        copy(output, used.output, head_source, 0, head.len());
        copy(output, text, input, used.input, end - used.input);
        used = Used { input: end, output: after };
        if after >= room.soft {
            break;
        }
    }
    used
}

/// Copies `length` bytes, and some more if there are more.
#[inline(always)]
fn copy(output: &mut [u8], to: usize, input: &[u8], from: usize, length: usize) {
    let source = input.get(from..).and_then(<[u8]>::first_chunk);
    let target = output.get_mut(to..).and_then(<[u8]>::first_chunk_mut);
    match (source, target) {
        (Some(source), Some(target)) if length <= LONG => copy_pieces(target, source, length),
        (_, _) => output[to..to + length].copy_from_slice(&input[from..from + length]),
    }
}

/// No loop: the compiler would see what it does and call the C library, which for pieces as small as
/// a line takes several times as long. Few branches: lengths are hard to guess for a CPU, and a wrong
/// guess takes longer than a copy in vain.
#[inline(always)]
fn copy_pieces(target: &mut [u8; LONG], source: &[u8; LONG], length: usize) {
    copy_piece(target, source, 0);
    if length > PIECE {
        copy_piece(target, source, 1);
    }
    if length > 2 * PIECE {
        copy_piece(target, source, 2);
        copy_piece(target, source, 3);
        copy_piece(target, source, 4);
        copy_piece(target, source, 5);
    }
    if length > 6 * PIECE {
        copy_piece(target, source, 6);
        copy_piece(target, source, 7);
    }
}

#[inline(always)]
fn copy_piece(target: &mut [u8; LONG], source: &[u8; LONG], number: usize) {
    let place = number * PIECE..(number + 1) * PIECE;
    target[place.clone()].copy_from_slice(&source[place]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Room = Room { soft: 1000, hard: 1000 };

    fn formatted(input: &[u8], head: &[u8], room: Room) -> (usize, Vec<u8>) {
        let mut output = vec![0; 6000];
        let used = with_head(input, head, &mut output, room);
        (used.input, output[..used.output].to_vec())
    }

    #[test]
    fn each_line_gets_the_head() {
        assert_eq!(formatted(b"a\n\nbc\n", b"> ", ANY), (6, b"> a\n> \n> bc\n".to_vec()));
        let long = [&[b'x'; 700][..], b"\n"].concat();
        assert_eq!(formatted(&long, b"@", ANY).1, [b"@", &long[..]].concat());
        let head = [b'h'; 300];
        assert_eq!(formatted(b"a\nb\n", &head, ANY).1, [&head[..], b"a\n", &head, b"b\n"].concat());
    }

    #[test]
    fn lines_of_all_lengths_stay_whole() {
        let lines: Vec<Vec<u8>> =
            (0..70).map(|n| [vec![b'a' + n / 2; n.into()], vec![b'\n']].concat()).collect();
        let room = Room { soft: 5000, hard: 5000 };
        let expected: Vec<u8> = lines.iter().flat_map(|l| [b"@1 ", &l[..]].concat()).collect();
        assert_eq!(formatted(&lines.concat(), b"@1 ", room).1, expected);
    }

    #[test]
    fn the_line_that_reaches_the_soft_limit_is_the_last_and_none_passes_the_hard_one() {
        let room = |soft, hard| Room { soft, hard };
        let lines = b"aaa\nbbb\nccc\n";
        for (limit, lines_used) in [
            (room(4, 12), 1),
            (room(5, 12), 2),
            (room(9, 11), 2),
            (room(12, 12), 3),
            (room(1, 3), 0),
        ] {
            assert_eq!(formatted(lines, b"", limit).0, lines_used * 4, "{limit:?}");
            assert_eq!(unchanged(lines, limit).input, lines_used * 4, "{limit:?}");
        }
        assert_eq!(unchanged(lines, ANY).input, 12);
    }
}
