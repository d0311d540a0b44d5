//! Where generations are: below one directory, each under its number, and links to some of them.

use common::base::sort;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The link to the accepted one.
pub const BOOT: &str = "boot";
/// The link to the last one that has reached its goal.
pub const GOOD: &str = "good";
/// The link to the one that is live.
pub const LIVE: &str = "live";
/// The link to the one that was live first after the boot.
pub const BOOTED: &str = "booted";

/// The directory that they are in.
pub fn all(dir: &Path) -> PathBuf {
    dir.join("generations")
}

/// The directory of one.
pub fn path(dir: &Path, number: u64) -> PathBuf {
    all(dir).join(number.to_string())
}

/// The number of the generation that a path ends with; none: it is no whole one.
pub fn number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.parse().ok().filter(|number: &u64| number.to_string() == name)
}

/// Which one a link leads to.
pub fn linked(dir: &Path, link: &str) -> Option<u64> {
    number(&fs::read_link(dir.join(link)).ok()?)
}

/// Has a link lead to one, in the place of where it leads now.
pub fn mark(dir: &Path, name: &str, number: u64) -> io::Result<()> {
    if linked(dir, name) == Some(number) {
        return Ok(());
    }
    let link = dir.join(name);
    // Not the name that svc-compile has for the same.
    let new = link.with_extension("next");
    match fs::remove_file(&new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        Ok(()) | Err(_) => {}
    }
    symlink(format!("generations/{number}"), &new)?;
    fs::rename(&new, link)?;
    match name {
        // What a boot takes is to be so after a power cut, too.
        BOOT => fs::File::open(dir)?.sync_all(),
        _ => Ok(()),
    }
}

/// The numbers of all, in order.
pub fn numbers(dir: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(all(dir))? {
        found.extend(number(&entry?.path()));
    }
    sort::sort(&mut found);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_written_has_no_number() {
        let numbers = ["a/generations/12", "7", "7.new", "7.old", "07", "+7", "boot", ""];
        let numbers = numbers.map(|path| number(Path::new(path)));
        assert_eq!(numbers, [Some(12), Some(7), None, None, None, None, None, None]);
    }
}
