//! Signals to the service, and KILL to all that belongs to it.

use common::base::error::reason;
use common::base::signal::Signal;
use common::format::letters::Command;
use common::format::servicedir::KillScope;
use rustix::io::Errno;

use super::action::Target;
use super::supervisor::Supervisor;

/// The letter of runit's script that may do a command in place of its signal. A stop is runsv's `t`:
/// `d` runs after it, as `x` does when the supervisor is told to leave.
fn script(command: Command) -> u8 {
    if matches!(command, Command::Down | Command::DownPersist | Command::Restart) {
        b't'
    } else {
        command.letter()
    }
}

impl Supervisor {
    /// Sends a signal on behalf of a command, unless one of runit's control scripts did instead.
    pub(super) fn send(&mut self, command: Command, target: Target, signal: Signal) {
        // The CONT that follows a stop is part of it.
        let follows = signal == Signal::CONT && self.machine.status.stopping;
        if !follows && self.custom(script(command)) {
            return;
        }
        let Some(watch) = &self.watch else { return };
        let sent = match target {
            Target::Process => watch.signal(signal),
            Target::Group => watch.signal_group(signal),
        };
        self.report(sent, signal);
        if follows && matches!(command, Command::Down | Command::DownPersist) {
            self.custom(b'd');
        }
    }

    /// Kills all of the kill scope, and wakes what is stopped.
    pub(super) fn kill_scope(&mut self) {
        if self.machine.settings.kill_scope == KillScope::Cgroup && self.kill_cgroup() {
            return;
        }
        let Some(watch) = &self.watch else { return };
        let sent = if self.machine.settings.kill_scope == KillScope::Process {
            watch.signal(Signal::KILL)
        } else {
            // A group that can't be reached, or is not its own, leaves the process.
            watch.signal_group(Signal::KILL).or_else(|_| watch.signal(Signal::KILL))
        };
        self.report(sent, Signal::KILL);
    }

    /// After a death: kills what the scope still holds. The zombie keeps its group's number from
    /// being given to others; for one that somebody else reaps, a left-over member does.
    pub(super) fn kill_rest(&mut self) {
        match self.machine.settings.kill_scope {
            KillScope::Process => self.report_leftovers(),
            KillScope::Group => self.kill_group_rest(),
            KillScope::Cgroup => {
                self.report_leftovers();
                if !self.kill_cgroup() {
                    self.kill_group_rest();
                }
            }
        }
    }

    fn kill_group_rest(&mut self) {
        if let Some(watch) = &self.watch {
            // ESRCH: nothing is left, as it should be.
            let _ = watch.signal_group(Signal::KILL);
        }
    }

    fn report(&self, sent: rustix::io::Result<()>, signal: Signal) {
        match sent {
            // Dead already: we are about to hear of it.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(e) => self.warn(&format_args!("unable to send SIG{signal}: {}", reason(e))),
        }
    }
}
