//! Users and groups by name: those of /etc/passwd and /etc/group, else those that getent finds. A
//! static executable has no name service switch of its own.

use std::borrow::Cow;
use std::ffi::CString;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};
use rustix::fs::CWD;
use rustix::io::{Errno, Result};
use rustix::pipe::{PipeFlags, pipe_with};

use super::exec;
use super::file::{fill, read_into};
use super::spawn::{Blocked, Child, Group, NoHooks, Sharing};
use crate::sys::exec::Argv;
use crate::sys::wait::wait_for;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Every group that the user is in, the primary one first, each once.
    pub groups: Vec<u32>,
}

/// The longest that a file of accounts may be.
const LARGEST: usize = 64 << 20;
/// As long as it often is.
const SMALL: usize = 4096;
/// The most that getent may say: 65536 groups.
const MOST: usize = 1 << 20;

/// The user of this name.
pub fn user(name: &str) -> Result<Option<Account>> {
    if !is_name(name) {
        return Ok(None);
    }
    let mut buffer = [MaybeUninit::uninit(); SMALL];
    if let Some((uid, gid)) = find_user(name, &database("/etc/passwd", &mut buffer)?) {
        let groups = groups_of(name, gid, &database("/etc/group", &mut buffer)?);
        return Ok(Some(Account { uid, gid, groups }));
    }
    let Some((uid, gid)) = find_user(name, &getent("passwd", name)?) else { return Ok(None) };
    let mut groups = groups_of(name, gid, &database("/etc/group", &mut buffer)?);
    add(&mut groups, initgroups(&getent("initgroups", name)?));
    Ok(Some(Account { uid, gid, groups }))
}

/// The number of the group of this name.
pub fn group(name: &str) -> Result<Option<u32>> {
    if !is_name(name) {
        return Ok(None);
    }
    let mut buffer = [MaybeUninit::uninit(); SMALL];
    match find_group(name, &database("/etc/group", &mut buffer)?) {
        Some(gid) => Ok(Some(gid)),
        None => Ok(find_group(name, &getent("group", name)?)),
    }
}

/// A user or group id: decimal digits. The last number means "no change" to the kernel: it is none.
pub fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|n| digits && *n != u32::MAX)
}

/// Neither empty nor able to be an option of getent or to leave its field.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && !text.contains([':', ',', '\n', '\0'])
}

/// A file of accounts. An image need not have it: its users may all come from elsewhere.
fn database<'a>(path: &str, buffer: &'a mut [MaybeUninit<u8>]) -> Result<Cow<'a, [u8]>> {
    match read_into(CWD, path, LARGEST, buffer) {
        Err(Errno::NOENT) => Ok(Cow::Borrowed(&[])),
        Ok(bytes) if bytes.len() == LARGEST => Err(Errno::FBIG),
        result => result,
    }
}

/// What getent prints; nothing when there is no getent, or no such name.
fn getent(database: &str, name: &str) -> Result<Vec<u8>> {
    let Some(path) = exec::find("getent".as_ref()) else { return Ok(Vec::new()) };
    let path = CString::new(path.into_os_string().into_vec()).map_err(|_| Errno::INVAL)?;
    let words = ["getent", database, name].map(Into::into);
    let argv = Argv::new(words).map_err(|_| Errno::INVAL)?;
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    let child = Child {
        path: &path,
        argv: &argv,
        directory: None,
        fds: &[(1, write.as_fd())],
        kept: None,
        open_files: None,
        group: Group::Parents,
        blocked: Blocked::None,
        sharing: Sharing::Vfork,
    };
    let pid = child.spawn(&mut NoHooks)?.pid;
    drop(write);
    let mut said = vec![0; MOST];
    let length = fill(&read, &mut said);
    // Where SIGCHLD is ignored there is nothing to wait for.
    let _ = wait_for(pid);
    said.truncate(length?);
    Ok(said)
}

/// The fields of each line of such a file that has this name anywhere: mostly there is one or none, and
/// the others need no look. A line that is no text has no fields.
fn lines<'a>(name: &'a str, file: &'a [u8]) -> impl Iterator<Item = std::str::Split<'a, char>> {
    let (finder, mut rest) = (Finder::new(name), file);
    std::iter::from_fn(move || {
        let at = finder.find(rest)?;
        let start = memrchr(b'\n', &rest[..at]).map_or(0, |newline| newline + 1);
        let end = memchr(b'\n', &rest[at..]).map_or(rest.len(), |length| at + length);
        let line = &rest[start..end];
        rest = &rest[end..];
        Some(std::str::from_utf8(line).unwrap_or("").split(':'))
    })
}

/// passwd(5): `NAME:PASSWORD:UID:GID:...`.
fn find_user(name: &str, passwd: &[u8]) -> Option<(u32, u32)> {
    lines(name, passwd).find_map(|mut fields| {
        let (found, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (found == name).then_some(())?;
        Some((id(uid)?, id(gid)?))
    })
}

/// group(5): `NAME:PASSWORD:GID:MEMBER,...`.
fn find_group(name: &str, group: &[u8]) -> Option<u32> {
    lines(name, group).find_map(|mut fields| {
        let (found, _, gid) = (fields.next()?, fields.next()?, fields.next()?);
        (found == name).then(|| id(gid))?
    })
}

/// The primary group, then those that have the user as a member.
fn groups_of(name: &str, primary: u32, group: &[u8]) -> Vec<u32> {
    let mut groups = vec![primary];
    let others = lines(name, group).filter_map(|mut fields| {
        let (_, _, gid, members) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        members.split(',').any(|member| member == name).then(|| id(gid))?
    });
    add(&mut groups, others);
    groups
}

/// What `getent initgroups` says: the name, then numbers.
fn initgroups(said: &[u8]) -> impl Iterator<Item = u32> {
    said.split(u8::is_ascii_whitespace)
        .skip(1)
        .filter_map(|word| id(std::str::from_utf8(word).unwrap_or("")))
}

fn add(groups: &mut Vec<u32>, others: impl IntoIterator<Item = u32>) {
    for gid in others {
        if !groups.contains(&gid) {
            groups.push(gid);
        }
    }
}

/// The groups that this process has besides its primary one, in no order that means anything.
pub fn present_groups() -> Result<Vec<u32>> {
    Ok(rustix::process::getgroups()?.into_iter().map(|gid| gid.as_raw()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0::/:/bin/sh\n\n# no\nwww:x\nwww:x:many:33\nwww:x:33:33::/srv:/bin/false\n\xff\xfe:x:1:1\nlast:x:-1:4294967295\nend:x:7:8";
    const GROUP: &[u8] =
        b"root:x:0:\nadm:x:4:www,www\nbad:x:x:www\n:\nwww:x:33:www\n\xff\nmail:x:8:a,www,b\nwwww:x:9:wwww";

    #[test]
    fn a_user_is_found_among_garbage() {
        assert_eq!(find_user("www", PASSWD), Some((33, 33)));
        assert_eq!(find_user("end", PASSWD), Some((7, 8)));
        assert_eq!(find_user("last", PASSWD), None);
        assert_eq!(find_user("ww", PASSWD), None);
        assert_eq!(find_group("mail", GROUP), Some(8));
        assert_eq!(find_group("bad", GROUP), None);
    }

    #[test]
    fn the_groups_of_a_user_are_each_there_once() {
        assert_eq!(groups_of("www", 33, GROUP), [33, 4, 8]);
        assert_eq!(groups_of("nobody", 65_534, GROUP), [65_534]);
        assert_eq!(initgroups(b"www  33 4 8\n").collect::<Vec<_>>(), [33, 4, 8]);
        assert_eq!(initgroups(b"").count(), 0);
    }

    #[test]
    fn what_is_no_name_is_not_looked_for() {
        for text in ["", "-s", "a:b", "a\nb", "a,b"] {
            assert_eq!(user(text), Ok(None), "{text}");
            assert_eq!(group(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn an_id_is_digits_and_not_the_last() {
        assert_eq!(id("0"), Some(0));
        assert_eq!(id("4294967294"), Some(4_294_967_294));
        for text in ["", "+1", "-1", "4294967295", "1 ", "0x1"] {
            assert_eq!(id(text), None, "{text}");
        }
    }
}
