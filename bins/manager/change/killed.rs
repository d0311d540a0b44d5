//! Who had to be killed, as it did not end when it was told to.

use std::collections::BTreeMap;
use std::path::Path;

use common::base::death::Death;
use common::base::signal::Signal;
use common::base::stamp::Boot;
use common::os::clock;

use crate::manager::engine::State;
use crate::manager::places::Places;
use crate::tree::client::Service;

/// How much later we hear than a supervisor does, at most, ms: what is killed in less than its time
/// was killed by somebody else.
const LATE: u64 = 500;

/// When services were told to stop.
#[derive(Default)]
pub(super) struct Killed {
    since: BTreeMap<String, Boot>,
}

impl Killed {
    /// A service has come to a state: after how long its supervisor killed it, ms, if that is how it
    /// went down.
    pub(super) fn after(&mut self, dir: &Path, name: &str, state: State) -> Option<u64> {
        match state {
            State::Stopping => {
                self.since.insert(name.to_owned(), clock::boot());
                None
            }
            State::Down | State::Failed => {
                let stopped = self.since.remove(name)?;
                let took = clock::boot().since(stopped).saturating_add(LATE);
                limit(&Places::below(dir).scan.join(name)).filter(|limit| *limit <= took)
            }
            State::Starting | State::Up | State::Ready => None,
        }
    }
}

/// How long a service that was killed has to end.
fn limit(path: &Path) -> Option<u64> {
    let status = Service::open(path.as_os_str()).ok()?.status().ok()??;
    if status.last_run != Some(Death::Signal(Signal::KILL)) {
        return None;
    }
    let text = std::fs::read_to_string(path.join("timeout-kill")).ok()?;
    text.trim().parse().ok().filter(|limit| *limit > 0)
}
