//! All that can be known of a live tree at one moment, from files alone.

use std::cell::OnceCell;

use common::base::stamp::{Boot, Wall};
use common::format::status::Status;
use common::os::clock;
use common::prelude::*;

use super::boot::left::has_ended;
use super::call::Call;
use super::refused::Refused;
use super::site::Site;
use super::standing::{Facts, Process, Standing};
use super::supervisors::Supervisors;
use crate::manager::engine::{Cause, Engine, Failure, State, Wish};
use crate::manager::explain::Explanation;
use crate::manager::generations::number;
use crate::manager::graph::Id;
use crate::manager::reasons;
use crate::manager::table::Row;
use crate::manager::view::{Sources, View, is_managed, is_paused};
use crate::tree::scandir;

/// What is known. What of it takes a look at a file for each service is looked for when it is asked for.
pub(super) struct Known {
    pub(super) sources: Sources,
    pub(super) view: View,
    pub(super) engine: Engine,
    /// Whether svc-managerd runs, and svc-scan.
    pub(super) is_managed: bool,
    /// Whether svc-managerd lives, and was stopped by a signal.
    pub(super) is_paused: bool,
    pub(super) is_scanned: bool,
    supervisors: Supervisors,
    standings: Vec<OnceCell<Standing>>,
    roots: OnceCell<Vec<Option<(Id, Cause)>>>,
    refused: OnceCell<Refused>,
    pub(super) wall: Wall,
    pub(super) boot: Boot,
}

impl Known {
    /// Of the tree that is asked about. An image has none.
    pub(super) fn read(call: &Call) -> Result<Known> {
        call.lives()?;
        Known::of(&call.site)
    }

    /// Of a live tree.
    pub(super) fn of(site: &Site) -> Result<Known> {
        let sources = site.sources();
        let mut view = View::live(&sources).map_err(|e| nothing(site, e))?;
        // A copy of its files, for a post-mortem, has no root that could have ended.
        if site.places().scan.join(".svc-scan").exists() && has_ended(site) {
            let e = Error::new(common::base::error::exit::NOT_SUPERVISED, "");
            return Err(nothing(site, e));
        }
        let (is_managed, boot) = (is_managed(&sources), clock::boot());
        let is_scanned = scandir::is_alive(&site.places().scan);
        let supervisors = Supervisors::new(site, view.graph.len(), is_scanned, boot);
        if !is_managed {
            let shows = |id| supervisors.process(&view, id);
            let processes: Vec<Option<Process>> = view.graph.ids().map(shows).collect();
            let rows = view.rows.iter_mut().flatten();
            rows.zip(processes).for_each(|(row, process)| correct(row, process));
        }
        Ok(Known {
            engine: view.engine(&sources),
            standings: vec![OnceCell::new(); view.graph.len()],
            roots: OnceCell::new(),
            refused: OnceCell::new(),
            wall: clock::wall(),
            view,
            is_managed,
            is_paused: is_managed && is_paused(&sources),
            is_scanned,
            supervisors,
            boot,
            sources,
        })
    }

    /// How it stands.
    pub(super) fn standing(&self, id: Id) -> Standing {
        *self.standings[id as usize].get_or_init(|| self.find_standing(id))
    }

    fn find_standing(&self, id: Id) -> Standing {
        let process = self.supervisors.process(&self.view, id);
        if self.view.damaged.contains(&id) && process.is_none_or(|shown| shown == Process::Down) {
            return Standing::Unknown;
        }
        Facts {
            state: self.engine.state(id),
            failure: self.engine.failure(id),
            is_needed: self.engine.is_needed(id),
            is_stalled: self.engine.is_stalled(id),
            is_managed: self.is_managed,
            process,
        }
        .standing()
    }

    /// All that there are: what is gone and down is no more than a line of the table.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> {
        self.view.graph.ids().filter(|id| !self.is_past(*id))
    }

    /// Whether it is gone, and down.
    pub(super) fn is_past(&self, id: Id) -> bool {
        let is_down = matches!(self.engine.state(id), State::Down | State::Failed);
        is_down && self.explanation().is_gone(id)
    }

    /// Whether it is where it was asked to be. What was asked for in vain is not.
    pub(super) fn is_as_wanted(&self, id: Id) -> bool {
        let is_asked = matches!(self.engine.wish(id), Wish::Up | Wish::Once);
        let standing = self.standing(id);
        standing.is_settled() && !(standing == Standing::Down && is_asked)
    }

    /// How many stand so.
    pub(super) fn count(&self, standing: Standing) -> usize {
        self.ids().filter(|id| self.standing(*id) == standing).count()
    }

    /// What its supervisor has on file, of this boot.
    pub(super) fn status(&self, id: Id) -> Option<&Status> {
        self.supervisors.status(&self.view, id)
    }

    /// Where the causes of what is not as wanted lead to.
    pub(super) fn root(&self, id: Id) -> Option<(Id, Cause)> {
        let root = self.roots.get_or_init(|| self.engine.roots())[id as usize];
        let (root, cause) = self.own_failure(id).or(root)?;
        self.own_failure(root).or(Some((root, cause)))
    }

    /// The causes from this one to the root.
    pub(super) fn chain(&self, id: Id) -> Vec<(Id, Cause)> {
        match self.own_failure(id) {
            Some(failure) => vec![failure],
            None => self.engine.why(id),
        }
    }

    /// A failure that its process shows, and the manager has not on file (any more).
    fn own_failure(&self, id: Id) -> Option<(Id, Cause)> {
        let failure = match self.standing(id) {
            Standing::Restarting => Failure::Died,
            Standing::Failed => Failure::Ended,
            Standing::Late
            | Standing::Blocked
            | Standing::Unknown
            | Standing::Waiting
            | Standing::Starting
            | Standing::Up
            | Standing::Stopping
            | Standing::Ready
            | Standing::Down => return None,
        };
        let death = self.status(id).filter(|_| self.engine.failure(id).is_none())?.last_run?;
        Some((id, Cause::Failed(failure(death))))
    }

    /// What explains it.
    pub(super) fn explanation(&self) -> Explanation<'_> {
        Explanation { sources: &self.sources, view: &self.view, engine: &self.engine }
    }

    pub(super) fn name(&self, id: Id) -> &str {
        self.view.name(id)
    }

    /// Whether something of it runs, as far as anybody can tell.
    pub(super) fn is_up(&self, id: Id) -> bool {
        let shows_pid = || self.status(id).is_some_and(|status| status.pid.is_some());
        match self.standing(id) {
            Standing::Ready | Standing::Up => true,
            Standing::Restarting | Standing::Late => shows_pid(),
            Standing::Failed
            | Standing::Blocked
            | Standing::Unknown
            | Standing::Waiting
            | Standing::Starting
            | Standing::Stopping
            | Standing::Down => false,
        }
    }

    /// Since when it stands so.
    pub(super) fn since(&self, id: Id) -> Option<Wall> {
        let row = self.view.rows.as_ref().and_then(|rows| rows.get(id as usize));
        let kept = row.map(|row| row.since).filter(|since| since.0 != 0);
        let Some(status) = self.status(id) else { return kept };
        let changed = Some(status.changed).filter(|changed| changed.0 != 0);
        match self.standing(id) {
            Standing::Ready => status.ready.or(changed).or(kept),
            Standing::Up | Standing::Restarting | Standing::Late => changed.or(kept),
            Standing::Failed
            | Standing::Blocked
            | Standing::Unknown
            | Standing::Waiting
            | Standing::Starting
            | Standing::Stopping
            | Standing::Down => kept.or(changed),
        }
    }

    /// How often it was started again, by hand or after a death: its supervisor does not count them apart.
    pub(super) fn restarts(&self, id: Id) -> u64 {
        self.status(id).map_or(0, |status| status.starts.saturating_sub(1))
    }

    /// In how many milliseconds it is tried again.
    pub(super) fn retry(&self, id: Id) -> Option<u64> {
        let status = self.status(id).filter(|_| !self.standing(id).is_settled())?;
        Some(status.start_due?.since(self.boot))
    }

    /// Why it is not where it is wanted, in a few words.
    pub(super) fn reason(&self, id: Id) -> Option<String> {
        let standing = self.standing(id);
        if standing == Standing::Unknown {
            return Some("its line of the state table is damaged".to_owned());
        }
        if standing == Standing::Restarting {
            let status = self.status(id)?;
            let death = status.last_run.map(|death| reasons::of_end(death, status.oom));
            let error = status.start_error.map(|e| {
                format!(
                    "can't be started: {}",
                    common::base::error::reason(common::base::error::errno(e))
                )
            });
            let next = self.retry(id).map(|ms| format!("next try in {}", super::ages::ahead(ms)));
            let parts: Vec<_> = [error.or(death), next].into_iter().flatten().collect();
            return Some(parts.join(", ")).filter(|text| !text.is_empty());
        }
        if standing == Standing::Ready {
            return None;
        }
        let (root, cause) = self.root(id)?;
        if root != id {
            return Some(self.cause(root, cause));
        }
        match cause {
            Cause::Unwanted | Cause::UnderWay => None,
            Cause::HeldDown => Some("held down".to_owned()),
            Cause::Failed(failure) => Some(self.failure(id, failure)),
            Cause::Condition => Some(format!("condition: {}", reasons::tests(&self.engine, id))),
            Cause::Limit if self.is_managed => Some("waits for its turn".to_owned()),
            Cause::Limit => Some("no svc-managerd to start it".to_owned()),
            Cause::Restarting => Some("restart".to_owned()),
            Cause::PartOf(_)
            | Cause::Needs(_)
            | Cause::NeedsOneOf(_)
            | Cause::Conflicts(_)
            | Cause::After(_)
            | Cause::StopsAfter(_) => Some(self.cause(id, cause)),
        }
    }

    /// A step of a chain, with what only supervisors know.
    pub(super) fn cause(&self, id: Id, cause: Cause) -> String {
        let graph = &self.view.graph;
        match cause {
            Cause::Failed(failure) => {
                format!("{} failed: {}", self.name(id), self.failure(id, failure))
            }
            Cause::Condition => {
                format!(
                    "{} ({})",
                    reasons::step(graph, id, cause),
                    reasons::tests(&self.engine, id)
                )
            }
            Cause::Limit if !self.is_managed => {
                format!("{} has no svc-managerd to start it", self.name(id))
            }
            Cause::UnderWay if self.standing(id) == Standing::Up => {
                format!("{} runs, and has not said yet that it is ready", self.name(id))
            }
            Cause::UnderWay => format!("{} is {}", self.name(id), self.standing(id).word()),
            Cause::Unwanted
            | Cause::HeldDown
            | Cause::Limit
            | Cause::Restarting
            | Cause::PartOf(_)
            | Cause::Needs(_)
            | Cause::NeedsOneOf(_)
            | Cause::Conflicts(_)
            | Cause::After(_)
            | Cause::StopsAfter(_) => reasons::step(graph, id, cause),
        }
    }

    fn failure(&self, id: Id, failure: Failure) -> String {
        let oom = self.status(id).is_some_and(|status| status.oom);
        reasons::of_failure(failure, oom)
    }

    /// Whose lines can't be written.
    pub(super) fn refused(&self, site: &Site) -> &Refused {
        self.refused.get_or_init(|| Refused::of(site))
    }

    /// The number of the generation that is live.
    pub(super) fn generation(&self) -> Option<u64> {
        number(&self.view.path)
    }
}

/// What there is to say where no manager was ever at work.
pub(super) fn nothing(site: &Site, e: Error) -> Error {
    if e.code != common::base::error::exit::NOT_SUPERVISED {
        return e;
    }
    let nobody = super::moves::voice::nobody(site);
    let text = format_args!("{} ({} list shows what is installed)", nobody.message, site.command());
    Error::new(e.code, text)
}

/// What a manager would see at once if it came to life.
fn correct(row: &mut Row, process: Option<Process>) {
    let state = match process {
        Some(Process::Ready) => State::Ready,
        Some(Process::Up) => State::Up,
        Some(Process::Starting | Process::Again) => State::Starting,
        Some(Process::Stopping) => State::Stopping,
        Some(Process::Failed) => State::Failed,
        Some(Process::Down) if row.memory.state != State::Failed => State::Down,
        Some(Process::Down) | None => return,
    };
    row.memory.state = state;
}
