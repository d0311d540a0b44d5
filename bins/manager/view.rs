//! What a question is about: what is live, or a generation, read from their files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use common::base::error::{exit, reason};
use common::base::near::nearest;
use common::base::sort::Gather;
use common::format::records::{self, Holder};
use common::os::process::{self, Identity};
use common::os::{clock, file};
use common::prelude::*;
use rustix::io::Errno;

use super::engine::{Engine, Memory, State};
use super::generations::{self, BOOT, GOOD};
use super::graph::{Graph, Id};
use super::live::{self, Live};
use super::places::{MANAGER, Places, STATE};
use super::table::{Contents, Header, Row};
use crate::tree::client::alive;

/// How often the table is read again while a line of it is being written: that takes microseconds.
const TRIES: u32 = 20;

/// Where all that can be known is.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// Where `scan/` and `manager/` are.
    pub(crate) dir: PathBuf,
    /// Where the generations are.
    pub(crate) generations: PathBuf,
    /// Where facts are, a file each.
    pub(crate) facts: PathBuf,
}

/// Services, and what is known of them.
pub(crate) struct View {
    /// Where its generation is.
    pub(crate) path: PathBuf,
    /// The services. Of what is live, with those that are on their way out.
    pub(crate) graph: Rc<Graph>,
    /// Who is enabled.
    pub(crate) boot: BTreeSet<Id>,
    /// What the state table says, in the order of the graph. None: it is of no matter here.
    pub(crate) rows: Option<Vec<Row>>,
    /// What the state table says of all; of what is live alone.
    pub(crate) header: Option<Header>,
    /// Whose line of the table is damaged.
    pub(crate) damaged: BTreeSet<Id>,
    /// What is wrong with the state table, if anything: a line for people.
    pub(crate) warning: Option<String>,
}

impl View {
    /// A generation, that is named by its number or by a link.
    pub(crate) fn generation(sources: &Sources, word: &str) -> Result<View> {
        let number = number(sources, word)?;
        let live::Generation { graph, boot, .. } =
            live::generation(&sources.generations, number).map_err(Error::system)?;
        Ok(View {
            path: generations::path(&sources.generations, number),
            graph: Rc::new(graph),
            boot: boot.into_iter().gather(),
            rows: None,
            header: None,
            damaged: BTreeSet::new(),
            warning: None,
        })
    }

    /// What is live. A line that is being written is read again; one that is damaged is told, and
    /// its service is taken for one that is down.
    pub(crate) fn live(sources: &Sources) -> Result<View> {
        let mut tries = 0..TRIES;
        loop {
            let is_last = tries.next().is_none();
            match read(sources) {
                Ok((view, lines)) if lines.is_empty() || is_last => {
                    let warning = view.damage(sources, &lines);
                    return Ok(View { warning, ..view });
                }
                Err(e) if is_last || e.code != exit::SYSTEM => return Err(e),
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn damage(&self, sources: &Sources, lines: &[usize]) -> Option<String> {
        let s = match lines {
            [] => return None,
            [_] => "",
            [_, ..] => "s",
        };
        let path = state(sources);
        let names: Vec<_> = self.damaged.iter().map(|id| self.name(*id)).collect();
        let names = match names.as_slice() {
            [] => String::new(),
            names => format!(": nobody knows the state of {}", names.join(", ")),
        };
        let numbers: Vec<_> = lines.iter().map(usize::to_string).collect();
        Some(format!("{}: line{s} {} damaged{names}", path.display(), numbers.join(", ")))
    }

    /// An engine that remembers what the table says. Who could start and does not waits for a turn.
    pub(crate) fn engine(&self, sources: &Sources) -> Engine {
        let memory = |id: Id| -> Memory {
            let row = self.rows.as_ref().and_then(|rows| rows.get(id as usize));
            row.map(|row| row.memory.clone()).unwrap_or_default()
        };
        let is_starting = |id: &Id| {
            let memory = memory(*id);
            memory.state == State::Starting && memory.failure.is_none()
        };
        let starting = self.graph.ids().filter(is_starting).count();
        let (facts, now) = (live::facts(&sources.facts, &self.graph), clock::boot().0);
        Engine::restore(Rc::clone(&self.graph), Some(starting), now, facts, memory).0
    }

    /// The name of a service.
    pub(crate) fn name(&self, id: Id) -> &str {
        &self.graph.service(id).name
    }

    /// Who has a name.
    pub(crate) fn find(&self, name: &str) -> Result<Id> {
        self.graph.find(name).ok_or_else(|| {
            let names = self.graph.ids().map(|id| self.name(id));
            let meant = nearest(name, names);
            let meant = meant.first().map(|meant| format!(" (did you mean {meant}?)"));
            let text = format!("there is no service {name}{}", meant.unwrap_or_default());
            Error::new(exit::USAGE, text)
        })
    }

    /// Those with these names.
    pub(crate) fn named(&self, names: &[String]) -> Result<Vec<Id>> {
        names.iter().map(|name| self.find(name)).collect()
    }
}

/// The number of a generation that is named: by itself or by a link.
pub(crate) fn number(sources: &Sources, word: &str) -> Result<u64> {
    if word == BOOT || word == GOOD {
        return generations::linked(&sources.generations, word).ok_or_else(|| {
            let link = sources.generations.join(word);
            Error::system(format_args!("{} leads to no generation", link.display()))
        });
    }
    let number = generations::number(Path::new(word));
    let number = number.filter(|_| !word.contains('/')).ok_or_else(|| {
        Error::user(format_args!("{word:?} is no generation: write its number, boot or good"))
    })?;
    if !generations::path(&sources.generations, number).exists() {
        let all = generations::all(&sources.generations);
        let text = format_args!("there is no generation {number} in {}", all.display());
        return Err(Error::new(exit::USAGE, text));
    }
    Ok(number)
}

/// Whether somebody keeps the state table up to date.
pub(crate) fn is_managed(sources: &Sources) -> bool {
    manager(sources).is_some()
}

/// Whether who keeps it up to date was stopped by a signal, and does nothing until it is continued.
pub(crate) fn is_paused(sources: &Sources) -> bool {
    let found = manager(sources).and_then(|manager| process::stat(manager.pid).ok());
    found.is_some_and(|found| matches!(found.state, b'T' | b't'))
}

/// Who keeps it up to date.
fn manager(sources: &Sources) -> Option<Identity> {
    let path = Places::below(&sources.dir).manager.join(MANAGER);
    let mut buffer = [0; records::SIZE];
    let read = file::read_small(rustix::fs::CWD, path, &mut buffer);
    let holder = read.ok().and_then(Holder::unpack)?;
    Some(holder.identity).filter(|identity| alive(identity).is_some())
}

fn state(sources: &Sources) -> PathBuf {
    Places::below(&sources.dir).manager.join(STATE)
}

/// Reads the table once; and the numbers of damaged lines.
fn read(sources: &Sources) -> Result<(View, Vec<usize>)> {
    let path = state(sources);
    let path = path.display();
    let contents = match Contents::below(&Places::below(&sources.dir).manager) {
        Ok(Some(contents)) => contents,
        Ok(None) => {
            let text = format!(
                "there is no {path}: no svc-managerd has been at work there (of a \
                                generation: --generation boot)"
            );
            return Err(Error::new(exit::NOT_SUPERVISED, text));
        }
        Err(Errno::ILSEQ) => return Err(Error::system(format_args!("{path} is damaged"))),
        Err(e) => return Err(Error::system(format_args!("unable to read {path}: {}", reason(e)))),
    };
    let is_damaged = |(_, row): &(usize, &Option<Row>)| row.is_none();
    // The first line is about all.
    let lines: Vec<usize> =
        (2..).zip(&contents.rows).filter(is_damaged).map(|(number, _)| number).collect();
    // Of interest where one is missing.
    let rows = contents.rows.iter().flatten().filter(|_| !lines.is_empty());
    let known: BTreeSet<String> = rows.map(|row| row.name.clone()).gather();
    let Live { header, graph, boot, rows } =
        live::load(&sources.generations, contents).map_err(Error::system)?;
    let is_unknown = |id: &Id| !known.contains(&graph.service(*id).name);
    let damaged = graph.ids().filter(|id| !lines.is_empty() && is_unknown(id)).gather();
    let view = View {
        path: generations::path(&sources.generations, header.generation),
        boot: boot.into_iter().gather(),
        rows: Some(rows),
        header: Some(header),
        damaged,
        warning: None,
        graph: Rc::new(graph),
    };
    Ok((view, lines))
}
