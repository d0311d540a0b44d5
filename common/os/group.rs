//! Groups of users by name: those of /etc/group. A static executable has no name service switch;
//! who has groups elsewhere gives their numbers.

use rustix::fs::Gid;
use rustix::io::Result;

/// The number of a group: of a name, or of `:NUMBER`.
pub fn find(word: &str) -> Result<Option<Gid>> {
    if let Some(number) = word.strip_prefix(':') {
        return Ok(number.parse().ok().filter(|n| *n != u32::MAX).map(Gid::from_raw));
    }
    Ok(entry(&file()?, |name, _| name == word).map(|(_, gid)| gid))
}

/// The name of a group, or `:NUMBER` if it has none.
pub fn name(gid: Gid) -> String {
    let found =
        file().ok().and_then(|file| entry(&file, |_, of| of == gid).map(|e| e.0.to_owned()));
    found.unwrap_or_else(|| format!(":{}", gid.as_raw()))
}

fn file() -> Result<String> {
    let bytes = std::fs::read("/etc/group")
        .map_err(|e| rustix::io::Errno::from_io_error(&e).unwrap_or(rustix::io::Errno::IO))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first line of group(5), `NAME:PASSWORD:GID:MEMBERS`, that `is` the one.
fn entry(file: &str, is: impl Fn(&str, Gid) -> bool) -> Option<(&str, Gid)> {
    let entries = file.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _, gid) = (fields.next()?, fields.next()?, fields.next()?);
        Some((name, Gid::from_raw(gid.parse().ok().filter(|n| *n != u32::MAX)?)))
    });
    entries.into_iter().find(|(name, gid)| is(name, *gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_name_and_a_number() {
        let file = "root:x:0:\n# nothing\nbad:x:many:\nlog:x:104:a,b\n";
        let found = |name: &str| entry(file, |n, _| n == name).map(|e| e.1.as_raw());
        assert_eq!(found("log"), Some(104));
        assert_eq!(found("bad"), None);
        assert_eq!(entry(file, |_, g| g.as_raw() == 104).map(|e| e.0), Some("log"));
    }

    #[test]
    fn a_number_is_written_with_a_colon() {
        assert_eq!(find(":77").unwrap().map(Gid::as_raw), Some(77));
        assert_eq!(find(":").unwrap(), None);
        assert_eq!(find(":4294967295").unwrap(), None);
    }
}
