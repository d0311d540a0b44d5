//! What is wrong with a tree as a whole, or is to be known of it.

use common::base::stamp::Boot;

use super::advice;
use super::known::Known;
use super::root::is_ending;
use super::site::Site;
use crate::manager::engine::Failure;
use crate::manager::generations::{self, BOOT, linked};

impl Known {
    /// What is wrong with the tree as a whole, or with disks, or is to be known of them: lines.
    pub(super) fn warnings(&self, site: &Site) -> Vec<String> {
        let mut lines = self.warnings_of_tree(site);
        lines.extend(self.refused(site).lines());
        lines
    }

    /// The same of the tree alone.
    pub(super) fn warnings_of_tree(&self, site: &Site) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.is_scanned {
            lines.push(format!(
                "svc-scan is not running: nothing new gets a supervisor, and no supervisor that dies \
                 another: {} boot --background",
                site.command()
            ));
        }
        let is_ending = self.is_scanned && is_ending(site);
        if is_ending && !self.is_managed {
            lines.push("svc-scan ends the tree: everything goes down".to_owned());
        } else if !self.is_managed {
            let command = advice::manager(site, self);
            let command = command.map(|command| format!(": {command}")).unwrap_or_default();
            lines.push(format!(
                "svc-managerd is not running: nothing moves; processes are shown as they are{command}"
            ));
        } else if self.is_paused {
            let command = advice::manager(site, self).unwrap_or_default();
            lines.push(format!(
                "svc-managerd is stopped, by a signal: nothing moves until it goes on: {command}"
            ));
        }
        lines.extend(self.view.warning.clone());
        let Some(header) = &self.view.header else { return lines };
        if header.ends {
            let failed = self.view.graph.ids().find(|id| {
                let has_ended = matches!(self.engine.failure(*id), Some(Failure::Ended(_)));
                self.view.graph.service(*id).essential && has_ended
            });
            lines.push(failed.map_or_else(
                || "halt: everything goes down".to_owned(),
                |id| {
                    format!("{} is essential, and has failed: everything goes down", self.name(id))
                },
            ));
        }
        let (live, command) = (header.generation, site.command());
        if let Some((back, due)) = header.back {
            let left = Boot(due).since(self.boot).div_ceil(1000);
            lines.push(format!(
                "generation {live} is on trial: back to {back} in {left} s unless {command} confirm"
            ));
        }
        match linked(&self.sources.generations, BOOT) {
            Some(accepted) if accepted != live && header.back.is_none() => lines
                .push(format!("generation {accepted} is accepted and not live: {command} plan")),
            Some(accepted) if header.back.is_none() && self.is_back(accepted) => lines.push(format!(
                "generation {accepted} is one that somebody went back to: the next {command} apply makes live \
                 what service files say ({command} plan)"
            )),
            Some(_) => {}
            None => lines.push(format!(
                "{}/boot leads to no generation",
                self.sources.generations.display()
            )),
        }
        lines
    }

    /// Whether somebody went back to this generation from one that was made after it.
    fn is_back(&self, accepted: u64) -> bool {
        let all = generations::numbers(&self.sources.generations);
        all.is_ok_and(|all| all.last().is_some_and(|last| *last > accepted))
    }
}
