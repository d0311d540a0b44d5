//! Runs the fuzz bodies over their corpus and over mutations of it that are the same each time:
//! what `make check` has time for.

mod bodies;

use std::time::{Duration, Instant};

use bodies::BODIES;

/// In all; a few seconds. FUZZ_SECONDS=20 for so long each, FUZZ_TARGET=chain for one of them.
const MUTATIONS: usize = 200_000;

/// Marsaglia's xorshift, "Xorshift RNGs" (2003), 64 bits: 13, 7, 17.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).map_or(0, |n| n % limit.max(1))
    }
}

/// One to four small changes: a bit, a byte, a piece left out, repeated, or taken from another.
fn mutate(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => bytes.insert(at, random.next() as u8),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            4 => bytes.truncate(at),
            5 => bytes.splice(at..end, b"18446744073709551616".iter().copied()).for_each(drop),
            _ => {
                let from = random.below(other.len() + 1);
                let upto = (from + random.below(40)).min(other.len());
                bytes.splice(at..end, other[from..upto].iter().copied()).for_each(drop);
            }
        }
    }
    bytes
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/").to_owned() + name;
    let mut files: Vec<_> = std::fs::read_dir(&dir).into_iter().flatten().flatten().collect();
    // The order of a directory is not the same everywhere.
    files.sort_by_key(std::fs::DirEntry::file_name);
    files.iter().filter_map(|file| std::fs::read(file.path()).ok()).collect()
}

#[test]
fn the_corpus_and_its_mutations_break_no_promise() {
    let seconds = variable("FUZZ_SECONDS").and_then(|word| word.parse().ok());
    let target = variable("FUZZ_TARGET");
    let is_meant = |name: &str| target.as_ref().is_none_or(|target| target == name);
    assert!(BODIES.iter().any(|(name, _)| is_meant(name)), "no such target");
    for (name, body) in BODIES.iter().filter(|(name, _)| is_meant(name)) {
        let inputs = corpus(name);
        assert!(!inputs.is_empty(), "fuzz/corpus/{name} is empty");
        inputs.iter().for_each(|input| body(input));
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let goes_on =
            |tried| end.map_or(tried < MUTATIONS / BODIES.len(), |end| Instant::now() < end);
        for _ in (0..).take_while(|tried| goes_on(*tried)) {
            let input = &inputs[random.below(inputs.len())];
            let other = &inputs[random.below(inputs.len())];
            body(&mutate(input, other, &mut random));
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
