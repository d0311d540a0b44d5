//! What a manager finds when it begins: the table of a predecessor, damaged or not, or nothing.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::Path;

use common::base::sort::Gather;
use common::format::records::Kind as Process;
use common::format::status::Phase;
use common::prelude::*;
use rustix::io::Errno;

use super::manager::Manager;
use crate::manager::engine::{State, Wish};
use crate::manager::graph::{Id, Kind};
use crate::manager::live::{self, Live};
use crate::manager::table::{Contents, Header};

/// What is there when a manager begins.
pub(super) struct Left {
    pub(super) live: Live,
    /// Whose line of the table can't be read.
    pub(super) damaged: Vec<String>,
    /// Of whom nothing is known.
    pub(super) unknown: Vec<Id>,
    /// There was no predecessor since the boot.
    pub(super) is_first: bool,
}

impl Left {
    /// From `manager/`, or from the accepted generation.
    pub(super) fn read(dir: &OwnedFd, generations: &Path) -> Result<Left> {
        let contents = match Contents::read(dir) {
            Err(Errno::ILSEQ) => {
                let text = "manager/state is damaged: without it all begins as after a boot";
                return Err(Error::system(text));
            }
            result => result.unable("read manager/state")?,
        };
        let Some(contents) = contents else {
            let live = first(generations)?;
            let unknown = live.graph.ids().gather();
            return Ok(Left { unknown, damaged: Vec::new(), live, is_first: true });
        };
        if contents.rows.iter().all(Option::is_some) {
            let live = live::load(generations, contents).map_err(Error::system)?;
            let (damaged, unknown) = (Vec::new(), Vec::new());
            return Ok(Left { live, damaged, unknown, is_first: false });
        }
        let known: BTreeSet<String> =
            contents.rows.iter().flatten().map(|row| row.name.clone()).gather();
        let mut live = live::load(generations, contents).map_err(Error::system)?;
        let is_unknown = |id: &Id| !known.contains(&live.graph.service(*id).name);
        let unknown: Vec<Id> = live.graph.ids().filter(is_unknown).collect();
        let damaged = unknown.iter().map(|id| live.graph.service(*id).name.clone()).collect();
        for id in live.boot.iter().filter(|id| unknown.contains(id)) {
            live.rows[*id as usize].memory.wish = Wish::Up;
        }
        Ok(Left { live, damaged, unknown, is_first: false })
    }
}

impl Manager {
    /// Where a service is of which nothing is known, by its status. Of a oneshot that does not say
    /// whether it was started or stopped: the next order is a new one.
    pub(super) fn found(&mut self, id: Id) -> State {
        // It may have been told to start by its directory.
        self.known[id as usize].unheld = self.is_ours(id);
        let Some(status) = self.status(id) else { return State::Down };
        let service = self.graph.service(id);
        let known = &mut self.known[id as usize];
        if service.kind == Kind::Oneshot {
            known.seq = known.seq.max(status.order);
            return State::Down;
        }
        known.seq = status.seq;
        match status.phase {
            Phase::Running(Process::Run) if status.ready.is_some() || !service.has_readiness => {
                State::Ready
            }
            Phase::Running(Process::Run) => State::Up,
            Phase::Down | Phase::Starting(_) | Phase::Running(Process::Finish) => State::Down,
        }
    }
}

/// Nobody has managed anything since the boot: what is enabled in the accepted generation is wanted.
fn first(generations: &Path) -> Result<Live> {
    let generation = live::accepted(generations).map_err(Error::system)?;
    let header = Header { generation, ..Header::default() };
    let contents = Contents { header, rows: Vec::new() };
    let mut live = live::load(generations, contents).map_err(Error::system)?;
    for id in &live.boot {
        live.rows[*id as usize].memory.wish = Wish::Up;
    }
    Ok(live)
}
