//! What svctl says of a manager that is not there, does not listen, or says no.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::base::error::exit;
use common::prelude::*;

use crate::manager::change::voice::Voice;
use crate::manager::places::{COMMAND, MANAGER, OWNER};
use crate::manager::policy::Policy;
use crate::manager::request::{Request, Verb};
use crate::svctl::call::Call;
use crate::svctl::known::Known;
use crate::svctl::names;
use crate::svctl::site::{Choice, Kind, Site};
use crate::tree;

/// The voice of svctl.
pub(super) struct Own {
    site: Site,
    /// The command line again, without `svctl`.
    said: String,
}

impl Own {
    pub(super) fn new(call: &Call) -> Own {
        Own { site: call.site.clone(), said: call.said() }
    }

    fn command(&self, verb: &str) -> String {
        format!("{} {verb}", self.site.command())
    }
}

impl Voice for Own {
    fn program(&self) -> &'static str {
        "svctl"
    }

    fn start(&self) -> String {
        self.command("start")
    }

    fn restart(&self) -> String {
        self.command("restart")
    }

    fn why(&self) -> String {
        self.command("why")
    }

    fn with_dependents(&self) -> String {
        self.command(&self.said.replacen("stop", "stop --with-dependents", 1))
    }

    fn list(&self) -> String {
        self.command("list")
    }

    fn unknown(&self, names: &[&str]) -> Option<Error> {
        let known = Known::of(&self.site).ok()?;
        let texts: Vec<String> =
            names.iter().map(|name| names::unknown(&self.site, &known, name)).collect();
        Some(Error::new(exit::USAGE, texts.join("; ")))
    }

    fn nobody(&self) -> Error {
        nobody(&self.site)
    }

    fn forbidden(&self, principals: &[String]) -> Error {
        let may = who_may(&self.site, principals);
        let again = again_as_root(&self.site, &self.said);
        Error::system(format_args!("you may not command this tree: {may}{again}"))
    }

    fn follow(&self, request: &Request) -> Option<String> {
        let names = request.names.join(" ");
        match request.verb {
            Verb::Up | Verb::Restart | Verb::Reload | Verb::Reset => {
                Some(self.command(&format!("wait {names}")))
            }
            Verb::Once => Some(self.command(&format!("wait --settled {names}"))),
            Verb::Down => Some(self.command(&format!("wait --down {names}"))),
            Verb::Apply => Some(self.command("events")),
            Verb::Confirm | Verb::Look | Verb::End => None,
        }
    }
}

/// What is not there, a tree or a manager in it, and what to type.
pub(in crate::svctl) fn nobody(site: &Site) -> Error {
    let scan = site.places().scan;
    let manager = scan.join("svc-managerd");
    let text = if !is_there(&scan) {
        format!("no tree runs in {}: {}", scan.display(), begin(site))
    } else if manager.is_dir() {
        format!("the tree runs, and no manager: svc-ctl up {0}; svc-stat {0}", manager.display())
    } else {
        format!("the tree runs, and no manager: it has no service {}", manager.display())
    };
    Error::new(exit::NOT_SUPERVISED, text)
}

/// Whether svc-scan runs, also for who may not command it.
fn is_there(scan: &Path) -> bool {
    tree::is_running(scan) || tree::scandir::is_alive(scan)
}

/// How a tree begins; or where one runs already that may be meant.
fn begin(site: &Site) -> String {
    let boot = format!("{} boot --background", site.command());
    if site.kind != Kind::System || rustix::process::geteuid().is_root() {
        return format!("{boot} starts it");
    }
    let own = Site::new(Choice { user: true, ..Choice::default() });
    match own.is_ok_and(|own| is_there(&own.places().scan)) {
        true => "your own tree runs: svctl --user status".to_owned(),
        false => format!(
            "{} {boot} starts it; svctl --user boot --background starts one of your own",
            becoming_root()
        ),
    }
}

/// An error of somebody who may not, with what to type.
pub(in crate::svctl) fn as_root(call: &Call, e: Error) -> Error {
    let again = again_as_root(&call.site, &call.said());
    Error { message: e.message + &again, ..e }
}

fn again_as_root(site: &Site, said: &str) -> String {
    match rustix::process::geteuid().is_root() {
        true => String::new(),
        false => format!("; {} {} {said}", becoming_root(), site.command()),
    }
}

/// Who may command, in words.
fn who_may(site: &Site, principals: &[String]) -> String {
    let manager = site.places().manager;
    let owner = std::fs::metadata(manager.join(COMMAND).join(OWNER)).ok();
    let owner = owner.map_or_else(|| "its owner".to_owned(), |found| user(found.uid()));
    let policy = policy(&manager);
    let mut text = format!("{owner} may");
    for group in principals.iter().filter(|name| *name != OWNER) {
        text += &format!(", and members of the group {group}");
        let may = policy.as_ref().map(|policy| policy.words(group)).filter(|may| !may.is_empty());
        text += &may.map(|may| format!(" (for: {may})")).unwrap_or_default();
    }
    text
}

/// The policy file that the manager was told, by its command line.
fn policy(manager: &Path) -> Option<Policy> {
    let record = std::fs::read_to_string(manager.join(MANAGER)).ok()?;
    let pid = record.lines().find_map(|line| line.strip_prefix("pid="))?;
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = String::from_utf8(words).ok()?;
    let mut words = words.split('\0').skip_while(|word| *word != "--policy");
    let text = std::fs::read_to_string(words.nth(1)?).ok()?;
    Some(Policy::read(&text).0)
}

/// The name of a user, or the number.
pub(in crate::svctl) fn user(uid: u32) -> String {
    let file = std::fs::read("/etc/passwd").unwrap_or_default();
    let file = String::from_utf8_lossy(&file);
    let name = file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {uid}"))
}

/// What is there to do something as root.
pub(in crate::svctl) fn becoming_root() -> &'static str {
    let is_there = |name: &&&str| {
        ["/usr/bin", "/usr/local/bin", "/bin"].iter().any(|dir| Path::new(dir).join(name).exists())
    };
    ["doas", "sudo"].iter().find(is_there).copied().unwrap_or("as root:")
}
