//! The file `contents` of a generation: a number for what each service comes to, by which two
//! generations are compared without reading them.

use crate::manager::files::Files as Tree;

/// FNV-1a of 128 bits: http://www.isthe.com/chongo/tech/comp/fnv/. Nobody attacks it, as who can
/// write service files is root; by accident no two of any number of services are the same.
struct Fnv(u128);

impl Fnv {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }
}

/// A line `NUMBER PATH` for each service directory, each script of the logger, and the graph.
pub(super) fn contents(tree: &Tree) -> String {
    let mut text = String::new();
    let mut files = tree.iter().peekable();
    while let Some((path, _)) = files.peek() {
        let whole = whole(path);
        let mut fnv = Fnv(Fnv::BASIS);
        while let Some((path, file)) = files.next_if(|(path, _)| self::whole(path) == whole) {
            // What ends with a NUL can't be taken for the beginning of what is next.
            fnv.add(&path.as_bytes()[whole.len()..]);
            fnv.add(if file.is_program { b"\0x" } else { b"\0-" });
            fnv.add(file.text.as_bytes());
            fnv.add(b"\0");
        }
        text += &format!("{:032x} {whole}\n", fnv.0);
    }
    text
}

/// What a file is a part of: `services/web` of `services/web/log/run`.
fn whole(path: &str) -> &str {
    let mut ends = path.match_indices('/').map(|(at, _)| at);
    let end = ends.nth(1).unwrap_or(path.len());
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::files::File;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |text: &&str| File { text: (*text).to_owned(), is_program: false };
        files.iter().map(|(path, text)| ((*path).to_owned(), file(text))).collect()
    }

    #[test]
    fn the_number_is_that_of_the_reference() {
        let mut fnv = Fnv(Fnv::BASIS);
        fnv.add(b"a");
        assert_eq!(fnv.0, 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    #[test]
    fn each_service_has_a_number_that_its_name_does_not_change() {
        let text = contents(&tree(&[
            ("graph", "version 1\n"),
            ("services/a/log/run", "l"),
            ("services/a/run", "r"),
            ("services/b/log/run", "l"),
            ("services/b/run", "r"),
            ("services/c/run", "lr"),
        ]));
        let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let paths: Vec<_> = lines.iter().map(|line| line.1).collect();
        assert_eq!(paths, ["graph", "services/a", "services/b", "services/c"]);
        assert_eq!(lines[1].0, lines[2].0);
        assert_ne!(lines[1].0, lines[3].0);
    }
}
