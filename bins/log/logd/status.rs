//! The status file: what svc-logd is doing, written down before it does it, because a disk that does
//! not answer leaves it no time afterwards.

use std::fmt::Write;
use std::os::fd::OwnedFd;

use common::base::text::Text;
use common::os::clock;
use common::os::process::{BootId, Identity};
use common::sys::shared::Cells;
use rustix::fs::{FallocateFlags, Mode, OFlags, fallocate, openat};
use rustix::io::Result;

use super::refusal::{Refusal, SIZE};

/// Where each part begins: who it is, what it writes, who waits, and for what.
const PARTS: [usize; 5] = [0, 64, 384, 4096, SIZE];

/// Why a text for a part of the file may be cut: it is for people.
type Part = Text<4096>;

pub(super) struct Status {
    cells: Cells,
    boot: BootId,
}

impl Status {
    pub(super) fn open(dir: &OwnedFd) -> Result<Status> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
        let file = openat(dir, c"status", flags | OFlags::NONBLOCK, mode)?;
        // What is mapped must be there.
        fallocate(&file, FallocateFlags::empty(), 0, SIZE as u64)?;
        let status = Status { cells: Cells::new(&file, SIZE)?, boot: BootId::now() };
        status.services(0);
        status.writing("");
        status.blocked(std::iter::empty());
        status.refused(std::iter::empty());
        Ok(status)
    }

    fn put(&self, part: usize, text: &[u8]) {
        let (from, to) = (PARTS[part], PARTS[part + 1]);
        let mut bytes = [b'\n'; SIZE];
        let bytes = &mut bytes[..to - from];
        let length = text.len().min(bytes.len() - 1);
        bytes[..length].copy_from_slice(&text[..length]);
        // Within: see PARTS.
        let _ = self.cells.write(from, bytes);
    }

    pub(super) fn services(&self, count: usize) {
        // With its start whoever reads this knows whether that process still lives.
        let Identity { pid, start, .. } = Identity::of_self(self.boot);
        let pid = pid.as_raw_pid();
        let text = format!("version=1\npid={pid}\nstart={start}\nservices={count}\n");
        self.put(0, text.as_bytes());
    }

    /// The service whose lines are being written; none if empty.
    pub(super) fn writing(&self, name: &str) {
        let mut text = Text::<{ PARTS[2] - PARTS[1] }>::new();
        let since = if name.is_empty() { 0 } else { clock::boot().0 };
        // Cut off is fine, as above.
        let _ = write!(text, "since={since}\nwriting={name}\n");
        self.put(1, text.bytes());
    }

    pub(super) fn blocked<'a>(&self, names: impl Iterator<Item = &'a str>) {
        let mut text = Part::new();
        text.push(b"blocked=");
        for name in names {
            text.push(name.as_bytes());
            text.push(b" ");
        }
        self.put(2, text.bytes().trim_ascii_end());
    }

    /// What each of those waits for; as many as there is room for.
    pub(super) fn refused(&self, refusals: impl Iterator<Item = Refusal>) {
        let mut text = Part::new();
        for refusal in refusals {
            // Cut off is fine, as above.
            let _ = write!(text, "{refusal}");
            if text.is_cut() {
                break;
            }
        }
        self.put(3, text.bytes());
    }
}
