//! What a question is about: what is live, or a generation, read from their files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use common::base::error::{exit, reason};
use common::base::near::nearest;
use common::format::records::{self, Holder};
use common::os::{clock, file};
use common::prelude::*;
use common::program::warn;
use rustix::io::Errno;

use super::{PROGRAM, Query};
use crate::manager::engine::{Engine, Memory, State};
use crate::manager::generations::{self, BOOT, GOOD};
use crate::manager::graph::{Graph, Id};
use crate::manager::live::{self, Live};
use crate::manager::places::{MANAGER, Places, STATE};
use crate::manager::table::{Contents, Row};
use crate::tree::client::alive;

/// How often the table is read again while a line of it is being written: that takes microseconds.
const TRIES: u32 = 20;

/// Services, and what is known of them.
pub(super) struct View {
    /// Where its generation is.
    pub(super) path: PathBuf,
    /// The services. Of what is live, with those that are on their way out.
    pub(super) graph: Rc<Graph>,
    /// Who is enabled.
    pub(super) boot: BTreeSet<Id>,
    /// What the state table says, in the order of the graph. None: it is of no matter here.
    pub(super) rows: Option<Vec<Row>>,
    /// Whose line of the table is damaged.
    pub(super) damaged: BTreeSet<Id>,
}

impl View {
    /// What the options ask for.
    pub(super) fn of(query: &Query) -> Result<View> {
        let Some(word) = &query.generation else { return View::live(query) };
        let number = number(query, word)?;
        let live::Generation { graph, boot, .. } =
            live::generation(&query.generations, number).map_err(Error::system)?;
        Ok(View {
            path: generations::path(&query.generations, number),
            graph: Rc::new(graph),
            boot: boot.into_iter().collect(),
            rows: None,
            damaged: BTreeSet::new(),
        })
    }

    /// What is live. A line that is being written is read again; one that is damaged is told, and
    /// its service is taken for one that is down.
    pub(super) fn live(query: &Query) -> Result<View> {
        let mut tries = 0..TRIES;
        loop {
            let is_last = tries.next().is_none();
            match read(query) {
                Ok((view, lines)) if lines.is_empty() || is_last => {
                    view.tell(query, &lines);
                    return Ok(view);
                }
                Err(e) if is_last || e.code != exit::SYSTEM => return Err(e),
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn tell(&self, query: &Query, lines: &[usize]) {
        let path = state(query);
        let names: Vec<_> = self.damaged.iter().map(|id| self.name(*id)).collect();
        let names = match names.as_slice() {
            [] => String::new(),
            names => format!(": nobody knows the state of {}", names.join(", ")),
        };
        let numbers: Vec<_> = lines.iter().map(usize::to_string).collect();
        let s = if lines.len() == 1 { "" } else { "s" };
        if !lines.is_empty() {
            let what = format!("{}: line{s} {} damaged{names}", path.display(), numbers.join(", "));
            warn(&PROGRAM.name, &what);
        }
    }

    /// An engine that remembers what the table says. Who could start and does not waits for a turn.
    pub(super) fn engine(&self, query: &Query) -> Engine {
        let dir = query.facts.clone().unwrap_or_else(|| query.dir.join("events/facts"));
        let memory = |id: Id| -> Memory {
            let row = self.rows.as_ref().and_then(|rows| rows.get(id as usize));
            row.map(|row| row.memory.clone()).unwrap_or_default()
        };
        let is_starting = |id: &Id| {
            let memory = memory(*id);
            memory.state == State::Starting && memory.failure.is_none()
        };
        let starting = self.graph.ids().filter(is_starting).count();
        let (facts, now) = (live::facts(&dir, &self.graph), clock::boot().0);
        Engine::restore(Rc::clone(&self.graph), Some(starting), now, facts, memory).0
    }

    /// The name of a service.
    pub(super) fn name(&self, id: Id) -> &str {
        &self.graph.service(id).name
    }

    /// Who has a name.
    pub(super) fn find(&self, name: &str) -> Result<Id> {
        self.graph.find(name).ok_or_else(|| {
            let names = self.graph.ids().map(|id| self.name(id));
            let meant = nearest(name, names);
            let meant = meant.first().map(|meant| format!(" (did you mean {meant}?)"));
            let text = format!("there is no service {name}{}", meant.unwrap_or_default());
            Error::new(exit::USAGE, text)
        })
    }

    /// Those of the arguments.
    pub(super) fn named(&self, query: &Query) -> Result<Vec<Id>> {
        query.names.iter().map(|name| self.find(name)).collect()
    }
}

/// The number of a generation that is named: by itself or by a link.
pub(super) fn number(query: &Query, word: &str) -> Result<u64> {
    if word == BOOT || word == GOOD {
        return generations::linked(&query.generations, word).ok_or_else(|| {
            let link = query.generations.join(word);
            Error::system(format_args!("{} leads to no generation", link.display()))
        });
    }
    let number = generations::number(Path::new(word));
    number.filter(|_| !word.contains('/')).ok_or_else(|| {
        Error::user(format_args!("{word:?} is no generation: write its number, boot or good"))
    })
}

/// Whether somebody keeps the state table up to date.
pub(super) fn is_managed(query: &Query) -> bool {
    let path = Places::below(&query.dir).manager.join(MANAGER);
    let mut buffer = [0; records::SIZE];
    let read = file::read_small(rustix::fs::CWD, path, &mut buffer);
    read.ok().and_then(Holder::unpack).is_some_and(|holder| alive(&holder.identity).is_some())
}

fn state(query: &Query) -> PathBuf {
    Places::below(&query.dir).manager.join(STATE)
}

/// Reads the table once; and the numbers of damaged lines.
fn read(query: &Query) -> Result<(View, Vec<usize>)> {
    let path = state(query);
    let path = path.display();
    let contents = match Contents::below(&Places::below(&query.dir).manager) {
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
    let known: BTreeSet<String> =
        contents.rows.iter().flatten().map(|row| row.name.clone()).collect();
    let Live { header, graph, boot, rows } =
        live::load(&query.generations, contents).map_err(Error::system)?;
    let is_unknown = |id: &Id| !known.contains(&graph.service(*id).name);
    let damaged = graph.ids().filter(|id| !lines.is_empty() && is_unknown(id)).collect();
    let view = View {
        path: generations::path(&query.generations, header.generation),
        boot: boot.into_iter().collect(),
        rows: Some(rows),
        damaged,
        graph: Rc::new(graph),
    };
    Ok((view, lines))
}
