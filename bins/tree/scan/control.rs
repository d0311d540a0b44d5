//! What arrives on `.svc-scan/control`.

use common::format::letters::ScanCommand;

use super::root::{Ending, Root};
use super::slots::Goal;

impl Root {
    /// Does what the letters say, in order. What is no letter of ours is ignored.
    pub(super) fn letters(&mut self, letters: &[u8]) {
        for command in letters.iter().filter_map(|letter| ScanCommand::from_letter(*letter)) {
            match command {
                ScanCommand::Scan => self.scan(),
                ScanCommand::Prune => self.prune(Goal::Drain),
                ScanCommand::PruneAll => self.prune(Goal::End),
                ScanCommand::Update => {
                    self.scan();
                    self.prune(Goal::Drain);
                }
                ScanCommand::Terminate => self.end(Ending::Terminate),
                ScanCommand::Quit => self.end(Ending::Quit),
                ScanCommand::Abort => self.finish(),
                ScanCommand::Reap => self.reap(),
                ScanCommand::Reexec => self.renew = true,
            }
        }
    }
}
