//! Request fifos: one for each principal, served in turn, so that nobody keeps another waiting.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use common::os::{fifo, file, group};
use common::prelude::*;
use rustix::fs::{AtFlags, Gid, Mode, chmodat, chownat, mkdirat};
use rustix::io::Errno;

use crate::manager::places::{COMMAND, OWNER, REQUESTS};
use crate::manager::policy::Policy;
use crate::manager::request::{LONGEST, Line, MOST_PARTS, RequestId};

/// As many lines of one principal as are served before it is the next one's turn.
const AT_ONCE: usize = 32;
/// As many requests as a principal may have begun and not ended, each of several lines.
const MOST_BEGUN: usize = 4;
/// As many answers as are kept of each principal.
const MOST_KEPT: usize = 256;

/// Whoever may command, and what he has written.
pub(super) struct Principal {
    pub(super) name: String,
    fifo: OwnedFd,
    /// Where his answers are.
    pub(super) answers: OwnedFd,
    buffer: Vec<u8>,
    /// The rest of a line that is too long is left out.
    skips: bool,
    begun: BTreeMap<RequestId, Vec<Option<String>>>,
    /// Requests that are over, in order.
    over: std::collections::VecDeque<RequestId>,
}

/// All principals.
#[derive(Default)]
pub(super) struct Inbox(Vec<Principal>);

/// What came of a line.
pub(super) enum Taken {
    /// A whole request.
    Request(RequestId, String),
    /// One of the lines of a request.
    Part,
    /// Nothing of ours.
    Garbage,
}

impl Inbox {
    /// Makes the fifos of those that the policy names, and closes those of others. What is wrong is
    /// handed to `complain`.
    pub(super) fn set(
        &mut self,
        dir: &OwnedFd,
        policy: &Policy,
        mut complain: impl FnMut(String),
    ) -> Result<()> {
        self.0.retain(|principal| {
            let is_known =
                principal.name == OWNER || policy.groups().any(|group| group == principal.name);
            if !is_known {
                // Whoever opens it now is told that nobody reads.
                let path = format!("{COMMAND}/{}", principal.name);
                let _ = file::unlink_if_there(dir, path.as_str());
            }
            is_known
        });
        if !self.has(OWNER) {
            self.0.push(Principal::new(dir, OWNER, None)?);
        }
        for name in policy.groups() {
            if self.has(name) {
                continue;
            }
            match group::find(name) {
                Ok(Some(gid)) => match Principal::new(dir, name, Some(gid)) {
                    Ok(principal) => self.0.push(principal),
                    Err(e) => complain(e.message),
                },
                Ok(None) => complain(format!("policy: there is no group {name}")),
                Err(e) => {
                    let why = common::base::error::reason(e);
                    complain(format!("unable to look up group {name}: {why}"));
                }
            }
        }
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|principal| principal.name == name)
    }

    /// What to wait for.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.0.iter().map(|principal| principal.fifo.as_fd())
    }

    /// Whether lines are left from the last turn.
    pub(super) fn has_more(&self) -> bool {
        self.0.iter().any(|principal| principal.buffer.contains(&b'\n'))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// One of them.
    pub(super) fn principal(&mut self, place: usize) -> &mut Principal {
        &mut self.0[place]
    }

    /// The one of this name.
    pub(super) fn find(&mut self, name: &str) -> Option<&mut Principal> {
        self.0.iter_mut().find(|principal| principal.name == name)
    }
}

impl Principal {
    fn new(dir: &OwnedFd, name: &str, gid: Option<Gid>) -> Result<Principal> {
        let path = format!("{COMMAND}/{name}");
        let unable = || format!("make manager/{path}");
        let mode = match gid {
            Some(_) => Mode::RUSR | Mode::WUSR | Mode::WGRP,
            None => Mode::RUSR | Mode::WUSR,
        };
        fifo::make(dir, path.as_str(), Mode::RUSR | Mode::WUSR).unable(unable())?;
        let fifo = fifo::open_own(dir, path.as_str(), fifo::Ends::Both).unable(unable())?;
        if let Some(gid) = gid {
            chownat(dir, path.as_str(), None, Some(gid), AtFlags::SYMLINK_NOFOLLOW)
                .unable(unable())?;
        }
        chmodat(dir, path.as_str(), mode, AtFlags::empty()).unable(unable())?;
        let path = format!("{REQUESTS}/{name}");
        match mkdirat(dir, path.as_str(), Mode::from_raw_mode(0o755)) {
            Err(Errno::EXIST) | Ok(()) => {}
            Err(e) => Err(e).unable(format_args!("make manager/{path}"))?,
        }
        let answers = file::open_dir(dir, path.as_str()).unable(format_args!("open {path}"))?;
        Ok(Principal {
            name: name.to_owned(),
            fifo,
            answers,
            buffer: Vec::new(),
            skips: false,
            begun: BTreeMap::new(),
            over: Default::default(),
        })
    }

    /// The lines that it is this principal's turn for.
    pub(super) fn read(&mut self) -> Vec<Vec<u8>> {
        let mut chunk = [0; LONGEST];
        if !self.buffer.contains(&b'\n')
            && let Ok(length) = rustix::io::read(&self.fifo, &mut chunk)
        {
            self.buffer.extend_from_slice(&chunk[..length]);
        }
        let mut lines = Vec::new();
        while lines.len() < AT_ONCE
            && let Some(end) = memchr::memchr(b'\n', &self.buffer)
        {
            let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
            line.pop();
            let skips = std::mem::take(&mut self.skips);
            if !skips && !line.is_empty() {
                lines.push(line);
            }
        }
        if self.buffer.len() > LONGEST && !self.buffer.contains(&b'\n') {
            self.buffer.clear();
            self.skips = true;
        }
        lines
    }

    /// Puts the parts of a request together.
    pub(super) fn take(&mut self, line: &[u8]) -> Taken {
        let Some(Line { id, part: (part, all), text }) = Line::unpack(line) else {
            return Taken::Garbage;
        };
        if all == 1 {
            return Taken::Request(id, text.to_owned());
        }
        if !self.begun.contains_key(&id) && self.begun.len() >= MOST_BEGUN {
            // Whoever began it is gone, or does not keep to what is usual.
            self.begun.pop_first();
        }
        let parts = self.begun.entry(id.clone()).or_insert_with(|| vec![None; all.min(MOST_PARTS)]);
        match parts.get_mut(part - 1) {
            Some(place) => *place = Some(text.to_owned()),
            None => return Taken::Garbage,
        }
        if parts.iter().any(Option::is_none) {
            return Taken::Part;
        }
        let parts = self.begun.remove(&id).unwrap_or_default();
        let texts: Vec<String> = parts.into_iter().flatten().collect();
        Taken::Request(id, texts.join(" "))
    }

    /// A request is over: its answer is kept until there are many newer ones.
    pub(super) fn keep(&mut self, id: RequestId) {
        self.over.push_back(id);
        while self.over.len() > MOST_KEPT
            && let Some(oldest) = self.over.pop_front()
        {
            // One that can't be removed takes its space until the next boot.
            let _ = file::unlink_if_there(&self.answers, oldest.as_str());
        }
    }
}
