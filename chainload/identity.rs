//! Users and groups as the command line names them.

use std::ffi::OsStr;

use common::os::account::{self, Account};
use common::prelude::*;

use super::word::mistake;

/// The user of `NAME`, with all groups, or of `USER:GROUP` (names or numbers), with that one.
pub(crate) fn account(word: &OsStr) -> Result<Account> {
    let text = word.to_str().unwrap_or_default();
    let Some((user, group)) = text.split_once(':') else {
        let found = account::user(text).unable(format_args!("look up user {}", word.display()))?;
        return found.ok_or_else(|| unknown_user(text, word));
    };
    let uid = match account::id(user) {
        Some(uid) => uid,
        None => account(OsStr::new(user))?.uid,
    };
    let gid = group_id(group)?;
    Ok(Account { uid, gid, groups: vec![gid] })
}

/// The number of a group: a name, or a number.
pub(crate) fn group_id(word: &str) -> Result<u32> {
    if let Some(gid) = account::id(word) {
        return Ok(gid);
    }
    let found = account::group(word).unable(format_args!("look up group {word}"))?;
    found.ok_or_else(|| mistake(format_args!("unknown group {word}")))
}

/// The numbers of a list of groups, with commas.
pub(crate) fn group_ids(words: &OsStr) -> Result<Vec<u32>> {
    let text = words.to_str().unwrap_or("\u{fffd}");
    text.split(',').filter(|word| !word.is_empty()).map(group_id).collect()
}

fn unknown_user(text: &str, word: &OsStr) -> Error {
    match account::id(text) {
        Some(_) => mistake(format_args!("a number alone has no groups: write {text}:GROUP")),
        None => mistake(format_args!("unknown user {}", word.display())),
    }
}
