//! The manager as its clients see it: request fifos, answers, what it announces.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use common::base::error::exit;
use common::base::signal::Signal;
use common::base::sort;
use common::base::stamp::Boot;
use common::format::records::{self, Holder};
use common::os::fifo::{self, Ends};
use common::os::fifodir::Subscription;
use common::os::signals::Signals;
use common::os::{clock, file};
use common::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::is_name;
use super::options::Options;
use super::voice::Voice;
use crate::manager::places::{COMMAND, EVENT, MANAGER, OWNER, Places, REQUESTS};
use crate::manager::request::{Answer, RequestId};
use crate::tree::client::alive;
use crate::tree::listener::Listener;

/// How soon to look again, in ms, where nobody can announce anything yet.
const LOOK: u64 = 100;
/// The longest answer that is read.
const LONGEST: usize = 64 << 20;

/// A manager that is there.
pub(super) struct Contact<T> {
    /// `manager/`.
    pub(super) dir: OwnedFd,
    /// What it announces, from before the way to it was found.
    pub(super) listener: Listener,
    /// That way.
    pub(super) way: T,
}

/// A request fifo with a reader.
pub(super) struct Door {
    pub(super) principal: String,
    pub(super) fifo: OwnedFd,
}

/// Finds a manager: `way` is asked until it knows one, within the time there is.
pub(super) fn reach<T>(
    options: &Options,
    due: Option<Boot>,
    signals: &Signals,
    way: impl Fn(&OwnedFd) -> Result<Option<T>>,
) -> Result<Contact<T>> {
    let path = Places::below(&options.dir).manager;
    let mut found: Option<(OwnedFd, Listener)> = None;
    loop {
        if found.is_none() {
            found = listen(&path)?;
        }
        if let Some((dir, listener)) = found.take() {
            if let Some(way) = way(&dir)? {
                return Ok(Contact { dir, listener, way });
            }
            found = Some((dir, listener));
        }
        if due.is_none_or(|due| due <= clock::boot()) {
            return Err(options.voice.nobody());
        }
        let listener = found.as_mut().map(|(_, listener)| listener);
        if let Some(signal) = nap(listener, due, signals)? {
            return Err(interrupted(signal, "nothing was asked for"));
        }
    }
}

/// Sleeps until there may be a manager, or for a while where nobody would tell.
fn nap(
    listener: Option<&mut Listener>,
    due: Option<Boot>,
    signals: &Signals,
) -> Result<Option<Signal>> {
    let mut fds = vec![PollFd::new(signals, PollFlags::IN)];
    fds.extend(listener.as_ref().map(|listener| PollFd::new(*listener, PollFlags::IN)));
    let soon = clock::boot().after(LOOK);
    let until = if listener.is_some() { due } else { due.map(|due| due.min(soon)) };
    match poll(&mut fds, clock::until(until).as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(e) => return Err(e).unable("wait for a manager"),
    }
    if let Some(listener) = listener {
        listener.read().unable("read manager/event")?;
    }
    Ok(super::ending(signals, || {}))
}

/// None: no manager has ever been there.
fn listen(path: &Path) -> Result<Option<(OwnedFd, Listener)>> {
    let unable = || format!("subscribe to {}/{EVENT}", path.display());
    let opened = file::open_dir(CWD, path).and_then(|dir| {
        let events = file::open_dir(&dir, EVENT)?;
        Ok((dir, events))
    });
    let (dir, events) = match opened {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened.unable(unable())?,
    };
    let subscription = Subscription::new(events).unable(unable())?;
    Ok(Some((dir, Listener::new(subscription))))
}

/// What becomes of us at a signal; `standing` says what becomes of the request.
pub(super) fn interrupted(signal: Signal, standing: &str) -> Error {
    // As a shell says it of whom a signal has killed.
    Error::new(signal.0.saturating_add(128), format_args!("interrupted: {standing}"))
}

/// The fifo of the principal that is named, or of the first that we may write to. None: nobody reads.
pub(super) fn door(dir: &OwnedFd, named: Option<&str>, voice: &dyn Voice) -> Result<Option<Door>> {
    let principal = named.unwrap_or(OWNER);
    if !is_name(principal) {
        return Err(Error::user(format_args!("{principal} is not the name of a principal")));
    }
    match open(dir, principal) {
        Ok(fifo) => Ok(Some(Door { principal: principal.to_owned(), fifo })),
        Err(Errno::NXIO) => Ok(None),
        Err(Errno::NOENT) if named.is_none() => Ok(None),
        Err(Errno::NOENT) => match others(dir).as_slice() {
            [] => Ok(None),
            names => {
                let there = names.join(" ");
                let text = format!("there is no principal {principal}; there are: {there}");
                Err(Error::new(exit::USAGE, text))
            }
        },
        Err(Errno::ACCESS) if named.is_none() => any_door(dir, voice),
        Err(e) => Err(e).unable(format_args!("open manager/{COMMAND}/{principal}")),
    }
}

fn any_door(dir: &OwnedFd, voice: &dyn Voice) -> Result<Option<Door>> {
    let mut is_read = true;
    let names = others(dir);
    for principal in &names {
        match open(dir, principal) {
            Ok(fifo) => return Ok(Some(Door { principal: principal.clone(), fifo })),
            Err(Errno::NXIO) => is_read = false,
            Err(_) => {}
        }
    }
    if !is_read {
        return Ok(None);
    }
    Err(voice.forbidden(&names))
}

fn open(dir: &OwnedFd, principal: &str) -> rustix::io::Result<OwnedFd> {
    fifo::open(dir, format!("{COMMAND}/{principal}"), Ends::Write)
}

/// Whether there is a fifo for this principal, with a reader or without.
pub(super) fn is_principal(dir: &OwnedFd, principal: &str) -> bool {
    statat(dir, format!("{COMMAND}/{principal}"), AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

/// All principals, in order.
fn others(dir: &OwnedFd) -> Vec<String> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let listing = openat(dir, COMMAND, flags, Mode::empty()).and_then(Dir::new);
    let Ok(listing) = listing else { return Vec::new() };
    let names = listing.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| is_name(name)).collect();
    sort::sort(&mut names);
    names
}

/// A descriptor of the living manager that becomes readable when it dies; none inside where there can
/// be none. None: no manager lives.
pub(super) fn living(dir: &OwnedFd) -> Result<Option<Option<OwnedFd>>> {
    let mut buffer = [0; records::SIZE];
    match file::read_small(dir, MANAGER, &mut buffer) {
        Err(Errno::NOENT) => Ok(None),
        Err(e) => Err(e).unable(format_args!("read manager/{MANAGER}")),
        Ok(bytes) => Ok(Holder::unpack(bytes).and_then(|holder| alive(&holder.identity))),
    }
}

/// The answer to a request. None: there is none yet.
pub(super) fn answer(dir: impl AsFd, principal: &str, id: &RequestId) -> Result<Option<Answer>> {
    let path = format!("{REQUESTS}/{principal}/{}", id.as_str());
    match file::read_up_to(dir, path.as_str(), LONGEST) {
        Err(Errno::NOENT) => Ok(None),
        Err(e) => Err(e).unable(format_args!("read manager/{path}")),
        Ok(bytes) => {
            let answer = std::str::from_utf8(&bytes).ok().and_then(Answer::unpack);
            let damaged = || Error::system(format_args!("manager/{path} is damaged"));
            answer.ok_or_else(damaged).map(Some)
        }
    }
}
