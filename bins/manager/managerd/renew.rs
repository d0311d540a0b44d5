//! A new image of this program in the same process, which goes on as the successor of a killed one
//! does: after an apply, because two generations at once took memory that nothing else gives back.

use std::ffi::OsString;

use common::base::error::reason;
use common::sys::exec::{Argv, exec};
use rustix::process::{Resource, setrlimit};

use super::manager::Manager;

impl Manager {
    /// Becomes the new image, if that is due and nobody would notice: a request under way would lose
    /// what is known of its end so far.
    pub(super) fn renew_when_idle(&mut self) {
        let is_busy = !self.waiting.is_empty()
            || !self.children.is_empty()
            || !self.reloads.is_empty()
            || self.inbox.has_more();
        if !self.renew || is_busy {
            return;
        }
        self.renew = false;
        let path = self.siblings.path("svc-managerd");
        let Ok(argv) = Argv::new(self.words()) else { return };
        // Lowering never fails, and a failure to raise it again only means fewer.
        let _ = setrlimit(Resource::Nofile, self.open_files);
        let e = exec(&path, &argv);
        let _ = Manager::limit_of_open_files();
        let path = path.to_string_lossy();
        self.say(&format_args!("unable to run {path}: {} (going on as before)", reason(e)));
    }

    /// The command line that says what ours did.
    fn words(&self) -> Vec<OsString> {
        let options = &self.options;
        let mut words: Vec<OsString> = vec!["svc-managerd".into()];
        let mut option = |name: &str, value: OsString| words.extend([name.into(), value]);
        option("--dir", options.dir.clone().into());
        option("--generations", options.generations.clone().into());
        option("--facts", options.facts.clone().into());
        options.policy.iter().for_each(|path| option("--policy", path.clone().into()));
        options.log_fifos.iter().for_each(|path| option("--log-fifos", path.clone()));
        options.limit.iter().for_each(|limit| option("--limit", limit.to_string().into()));
        words
    }
}
