//! Lines that tell whether one of them is missing, torn, doubled or out of order.

/// The longest filler. A line has between none and all of it.
const FILLER: &str = "the quick brown fox jumps over the lazy dog, and THE QUICK BROWN FOX JUMPS OVER \
                      THE LAZY DOG; 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789.";

/// The line with this number, with its end.
pub(crate) fn line(number: usize) -> String {
    let length = number.wrapping_mul(37) % FILLER.len();
    format!("{number:07} {}\n", &FILLER[..length])
}

/// How many lines `text` has, if they are those after the first `before` ones; and what follows them
/// that is no whole line.
pub(crate) fn count(text: &[u8], before: usize) -> (usize, &[u8]) {
    let (mut rest, mut found) = (text, 0);
    while let Some(after) = rest.strip_prefix(line(before + found + 1).as_bytes()) {
        (rest, found) = (after, found + 1);
    }
    (found, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_up_to_the_first_that_is_not_the_next() {
        let text: String = [3, 4, 5].map(line).concat();
        assert_eq!(count(text.as_bytes(), 2), (3, &b""[..]));
        assert_eq!(count(text.as_bytes(), 1).0, 0);
        let torn = &text.as_bytes()[..text.len() - 1];
        assert_eq!(count(torn, 2), (2, &line(5).as_bytes()[..line(5).len() - 1]));
    }
}
