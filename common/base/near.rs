//! Words that somebody may have meant.

use crate::base::sort;

/// At most this many are worth reading.
const FEW: usize = 3;

/// Those of `words` that are the nearest to `word`, nearest first: none that shares less than half
/// of its letters.
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let length = word.chars().count();
    let mut found: Vec<_> = words
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            distance * 2 <= length || (length > 0 && candidate.contains(word))
        })
        .collect();
    sort::sort(&mut found);
    found.into_iter().take(FEW).map(|(_, candidate)| candidate).collect()
}

/// How many letters must be changed, left out, put in or swapped with their neighbour to make one
/// word of the other (optimal string alignment).
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    // Rows of the usual table: the one before the last, the last, the present one.
    let mut older = Vec::new();
    let mut old: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let changed = old[j] + usize::from(letter != other);
            let mut least = changed.min(old[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == *other {
                least = least.min(older[j - 1] + 1);
            }
            row.push(least);
        }
        older = std::mem::replace(&mut old, row);
    }
    old.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_one() {
        assert_eq!(distance("nginx", "nginx"), 0);
        assert_eq!(distance("ngnix", "nginx"), 1);
        assert_eq!(distance("ngin", "nginx"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn the_nearest_are_found() {
        let words = ["nginx", "ntpd", "postgres", "postgres-15", "sshd"];
        assert_eq!(nearest("ngnix", words), ["nginx"]);
        assert_eq!(nearest("postgre", words), ["postgres", "postgres-15"]);
        assert_eq!(nearest("sshf", words), ["sshd"]);
        assert!(nearest("cron", words).is_empty());
        assert!(nearest("", words).is_empty());
    }
}
