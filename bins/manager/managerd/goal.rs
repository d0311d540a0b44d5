//! What concerns the whole: that the generation has reached its goal, and that there is no point in
//! going on without a service that is essential.

use common::base::sort::Gather;
use common::os::file;

use super::answers::Waiting;
use super::manager::Manager;
use crate::manager::engine::{Event, Failure, State, Wish};
use crate::manager::generations::{self, BOOT, GOOD, linked};
use crate::manager::graph::Id;
use crate::manager::places::STATE;

impl Manager {
    /// All that is enabled is ready: this generation is one to fall back to. It is remembered by a
    /// link beside `boot`.
    pub(super) fn notice_goal(&mut self) {
        let is_ready = |id: &Id| self.engine.state(*id) == State::Ready;
        // Until the last is ready, it is the only one that is looked at.
        // One that nobody has confirmed yet may be given up.
        if self.goal.last().is_none_or(|id| !is_ready(id)) || self.header.back.is_some() {
            return;
        }
        if let Some(place) = self.goal.iter().position(|id| !is_ready(id)) {
            let last = self.goal.len() - 1;
            return self.goal.swap(place, last);
        }
        self.goal = Vec::new();
        self.mark_generation(GOOD, self.header.generation);
    }

    /// Has a link in the directory of generations lead to one.
    pub(super) fn mark_generation(&mut self, name: &'static str, number: u64) {
        let dir = &self.options.generations;
        if let Err(e) = generations::mark(dir, name, number) {
            let link = dir.join(name).display().to_string();
            // On a disk that can't be written there is nothing to fall back to, nor to remove.
            self.complain(name, &format_args!("unable to make {link}: {e}"));
        }
    }

    /// What is on trial is not what a boot takes, also if it was accepted before: that is what it would
    /// go back to.
    pub(super) fn keep_trial_from_boot(&mut self) {
        let accepted = linked(&self.options.generations, BOOT);
        if let Some((back, _)) = self.header.back
            && accepted == Some(self.header.generation)
        {
            self.mark_generation(BOOT, back);
        }
    }

    /// A boot takes what is live, where it would take what that would go back to.
    pub(super) fn keep_for_boot(&self, back: u64) -> Result<(), String> {
        let dir = &self.options.generations;
        if linked(dir, BOOT) != Some(back) {
            return Ok(());
        }
        generations::mark(dir, BOOT, self.header.generation)
            .map_err(|e| format!("unable to make {}: {e}", dir.join(BOOT).display()))
    }

    /// Without an essential service there is no whole: all goes down, in order.
    pub(super) fn give_up(&mut self, id: Id) {
        let failed = matches!(self.engine.failure(id), Some(Failure::Ended(_)));
        if !self.graph.service(id).essential || !failed || self.header.ends {
            return;
        }
        let name = &self.graph.service(id).name;
        self.say(&format_args!("{name} is essential: all services go down"));
        self.header.ends = true;
        self.write_header();
    }

    /// Somebody asks for the end of the whole. It is not taken back.
    pub(super) fn end(&mut self, waiting: &mut Waiting) -> Vec<Event> {
        waiting.targets = self.graph.ids().filter(|id| self.is_active(*id)).gather();
        self.header.ends = true;
        self.write_header();
        self.wish_nothing()
    }

    /// Nobody is wanted any more, once the whole is to end.
    pub(super) fn wish_nothing(&self) -> Vec<Event> {
        let wished = self.graph.ids().filter(|id| self.engine.wish(*id) != Wish::None);
        wished.map(|id| Event::Wish(id, Wish::None)).collect()
    }

    /// When the whole is to end and all are down, svc-scan is told.
    pub(super) fn notice_end(&mut self) {
        let is_down = |id| matches!(self.engine.state(id), State::Down | State::Failed);
        if self.header.ends && self.graph.ids().all(is_down) {
            self.tell_svc_scan(b"t");
            // Another tree in its place begins anew.
            let _ = file::unlink_if_there(&self.dir, STATE);
        }
    }
}
