//! A file of a log: which it is, and what of it is wanted.

use std::os::fd::OwnedFd;

use common::base::stamp::Wall;
use common::prelude::*;

use super::dir::{Archive, Dir};
use super::input::{Unpacked, read_at, size, unpacker};
use super::place;

/// Which times are wanted.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    /// Not before this.
    pub(super) since: Option<Wall>,
    /// Not after this.
    pub(super) until: Option<Wall>,
}

/// A file that is to be read.
pub(super) struct Part {
    origin: Origin,
    /// From where to where, if that is known already.
    range: Option<(u64, u64)>,
    /// How old a line without a stamp is, with none ahead of it.
    pub(super) newest: Wall,
}

enum Origin {
    Archive(Archive),
    /// What is open.
    File(OwnedFd),
}

/// A file that is open.
pub(super) enum Opened {
    /// It is not there any more.
    Gone(Archive),
    /// As it is: what of it is wanted, from where to where.
    Plain(OwnedFd, (u64, u64)),
    /// By way of a program.
    Packed(Unpacked, Archive),
    /// Not without a program that is not installed.
    Missing(&'static str),
}

impl Part {
    /// An archive. Its lines are not newer than its name.
    pub(super) fn archive(archive: Archive) -> Part {
        let newest = archive.time;
        Part { origin: Origin::Archive(archive), range: None, newest }
    }

    /// `current` or `previous`, whose lines may be as new as can be.
    pub(super) fn file(fd: OwnedFd) -> Part {
        Part { origin: Origin::File(fd), range: None, newest: Wall(u64::MAX) }
    }

    /// A part of a file.
    pub(super) fn range(fd: OwnedFd, range: (u64, u64), newest: Wall) -> Part {
        Part { origin: Origin::File(fd), range: Some(range), newest }
    }

    /// Opens it, and finds what of it is in the span.
    pub(super) fn open(self, dir: Option<&Dir>, span: Span) -> Result<Opened> {
        let fd = match self.origin {
            Origin::File(fd) => fd,
            Origin::Archive(archive) => {
                let Some(dir) = dir else { return Ok(Opened::Gone(archive)) };
                let fd = dir.archive(&archive).unable(format_args!("open {archive}"))?;
                let Some(fd) = fd else { return Ok(Opened::Gone(archive)) };
                if let Some(program) = unpacker(&fd)? {
                    let unpacked = Unpacked::start(program, &fd, archive.to_string())?;
                    return Ok(match unpacked {
                        Some(unpacked) => Opened::Packed(unpacked, archive),
                        None => Opened::Missing(program),
                    });
                }
                fd
            }
        };
        let range = match self.range {
            Some(range) => range,
            None => range_of(&fd, span)?,
        };
        Ok(Opened::Plain(fd, range))
    }
}

fn range_of(fd: &OwnedFd, span: Span) -> Result<(u64, u64)> {
    let size = size(fd)?;
    let mut file = |offset: u64, buffer: &mut [u8]| read_at(fd, offset, buffer);
    let from = match span.since {
        Some(since) => place::of_time(&mut file, size, since)?,
        None => 0,
    };
    let Some(Wall(until)) = span.until else { return Ok((from, size)) };
    let to = place::of_time(&mut file, size, Wall(until.saturating_add(1)))?;
    Ok((from, to.max(from)))
}
