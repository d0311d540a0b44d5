//! Where everything is: of the system, of a user, below a prefix, or in an image.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use common::prelude::*;

use crate::manager::compile::directory::Paths;
use crate::manager::compile::whole::Directories;
use crate::manager::generations::LIVE;
use crate::manager::places::Places;
use crate::manager::view::Sources;

/// Which tree was asked for.
#[derive(Default)]
pub(super) struct Choice {
    pub(super) user: bool,
    pub(super) prefix: Option<PathBuf>,
    pub(super) root: Option<PathBuf>,
}

/// Whose tree it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    System,
    User,
    Prefix,
    /// An image, of which nothing runs.
    Image,
}

/// The directories of a tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    pub(super) kind: Kind,
    /// The options that say the same again, for commands that are shown to people.
    pub(super) options: Vec<OsString>,
    /// The image; all other paths lead into it.
    pub(super) image: Option<PathBuf>,
    /// Service files of packages, and those of the administrator, which override them.
    pub(super) packages: PathBuf,
    pub(super) services: PathBuf,
    /// What is to be up after a boot.
    pub(super) enabled: PathBuf,
    pub(super) generations: PathBuf,
    /// What is live: `scan/` and `manager/`.
    pub(super) dir: PathBuf,
    pub(super) facts: PathBuf,
    /// The fifos that svc-logd reads, and where it writes to.
    pub(super) fifos: PathBuf,
    pub(super) logs: PathBuf,
    /// Where what is made for services is: as /run, /var/lib, /var/cache and /var/log are.
    pub(super) made: [PathBuf; 4],
}

impl Site {
    /// What the options ask for.
    pub(super) fn new(choice: Choice) -> Result<Site> {
        let Choice { user, prefix, root } = choice;
        let many = usize::from(user) + usize::from(prefix.is_some()) + usize::from(root.is_some());
        if many > 1 {
            return Err(Error::user("only one of --user, --prefix and --root can be meant"));
        }
        for (option, dir) in [("--prefix", &prefix), ("--root", &root)] {
            if dir.as_ref().is_some_and(|dir| dir.as_os_str().is_empty()) {
                return Err(Error::user(format_args!("{option} is empty: which directory?")));
            }
        }
        if user {
            return Site::user();
        }
        if let Some(image) = root {
            let site = Site::below(Kind::Image, &absolute(&image)?, "--root");
            return Ok(Site { image: Some(absolute(&image)?), ..site });
        }
        if let Some(dir) = prefix {
            return Ok(Site::below(Kind::Prefix, &absolute(&dir)?, "--prefix"));
        }
        // What is in the environment, or goes without saying, need not be said again.
        let site = match env::var_os("COPPICE_PREFIX") {
            // Whoever has a variable that was to be a directory does not mean the system.
            Some(dir) if dir.is_empty() => {
                return Err(Error::user("COPPICE_PREFIX is empty: unset it, or name a directory"));
            }
            Some(dir) => Site::below(Kind::Prefix, &absolute(Path::new(&dir))?, ""),
            None => Site::below(Kind::System, Path::new("/"), ""),
        };
        Ok(Site { options: Vec::new(), ..site })
    }

    fn below(kind: Kind, top: &Path, option: &str) -> Site {
        let dir = top.join("run/coppice");
        Site {
            kind,
            options: vec![option.into(), top.into()],
            image: None,
            packages: top.join("usr/lib/coppice/services"),
            services: top.join("etc/coppice/services"),
            enabled: top.join("etc/coppice/enabled"),
            generations: top.join("var/lib/coppice"),
            facts: dir.join("events/facts"),
            fifos: dir.join("log/fifos"),
            logs: top.join("var/log/coppice"),
            made: ["run", "var/lib", "var/cache", "var/log"].map(|dir| top.join(dir)),
            dir,
        }
    }

    /// The caller's own: https://specifications.freedesktop.org/basedir-spec/latest/.
    fn user() -> Result<Site> {
        let config = home("XDG_CONFIG_HOME", ".config")?.join("coppice");
        let all_state = home("XDG_STATE_HOME", ".local/state")?;
        let cache = home("XDG_CACHE_HOME", ".cache")?;
        let state = all_state.join("coppice");
        let run = directory("XDG_RUNTIME_DIR").ok_or_else(|| {
            let given = env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty());
            let what = given.map_or_else(
                || "is not set".to_owned(),
                |dir| format!("is {}, which is no absolute path", dir.display()),
            );
            Error::user(format_args!(
                "XDG_RUNTIME_DIR {what}: your login sets it to a directory of yours on a tmpfs"
            ))
        })?;
        is_ours(&run)?;
        let dir = run.join("coppice");
        Ok(Site {
            kind: Kind::User,
            options: vec!["--user".into()],
            image: None,
            packages: PathBuf::from("/usr/lib/coppice/user-services"),
            services: config.join("services"),
            enabled: config.join("enabled"),
            generations: state.clone(),
            facts: dir.join("events/facts"),
            fifos: dir.join("log/fifos"),
            logs: state.join("log"),
            // As systemd has them for a user.
            made: [run, all_state.clone(), cache, all_state.join("log")],
            dir,
        })
    }

    /// Where what is live can be read.
    pub(super) fn sources(&self) -> Sources {
        let Site { dir, generations, facts, .. } = self.clone();
        Sources { dir, generations, facts }
    }

    /// Where logs are kept as long as there is no disk.
    pub(super) fn early(&self) -> PathBuf {
        self.dir.join("log/early")
    }

    /// Where the newest lines of a service are.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        let early = self.early().join(name);
        let usual = || self.log_directory(name).unwrap_or_else(|| self.logs.join(name));
        if early.is_dir() { early } else { usual() }
    }

    /// Where a service logs that has `log.directory`, as svc-logd or its own logger was told.
    pub(super) fn log_directory(&self, name: &str) -> Option<PathBuf> {
        let read = |path: &str| fs::read_to_string(self.generations.join(LIVE).join(path)).ok();
        if let Some(directives) = read(&format!("log/{name}")) {
            return directives.lines().rfind(|line| line.starts_with('/')).map(PathBuf::from);
        }
        let run = read(&format!("services/{name}/log/run"))?;
        let mut words = run.split_whitespace().skip_while(|word| *word != "--dir");
        words.nth(1).map(PathBuf::from)
    }

    /// The directories of what is live.
    pub(super) fn places(&self) -> Places {
        Places::below(&self.dir)
    }

    /// Where service files are, for who reads them.
    pub(super) fn directories(&self) -> Directories {
        Directories {
            services: vec![self.inside(&self.packages), self.inside(&self.services)],
            enabled: self.inside(&self.enabled),
            image: self.image.clone(),
            paths: self.paths(),
        }
    }

    /// A path as the image has it.
    pub(super) fn inside(&self, path: &Path) -> PathBuf {
        let rest = self.image.as_ref().and_then(|image| path.strip_prefix(image).ok());
        rest.map_or_else(|| path.to_owned(), |rest| Path::new("/").join(rest))
    }

    /// What run scripts name: programs are where ours are, or where an image has them.
    pub(super) fn paths(&self) -> Paths {
        let beside = lower("svc-chain").parent().map(Path::to_owned);
        let beside = beside.filter(|dir| dir.is_absolute() && self.image.is_none());
        let programs = beside.unwrap_or_else(|| PathBuf::from("/usr/bin"));
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let inside = |path: &PathBuf| text(&self.inside(path));
        Paths {
            programs: text(&programs),
            logs: inside(&self.logs),
            directories: self.made.each_ref().map(inside),
            is_users: self.kind == Kind::User && !rustix::process::geteuid().is_root(),
        }
    }

    /// How a command for the same tree begins, for people.
    pub(super) fn command(&self) -> String {
        let mut command = "svctl".to_owned();
        for word in &self.options {
            command += &format!(" {}", word.display());
        }
        command
    }
}

/// A program of ours: the one beside svctl, where that is not where `$PATH` looks.
pub(super) fn lower(program: &str) -> PathBuf {
    let own = env::current_exe().ok();
    let beside = own.and_then(|own| Some(own.parent()?.join(program)));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(program))
}

/// A directory that a variable names: not one that depends on where one is.
fn directory(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|dir| dir.is_absolute())
}

/// Refuses a directory of somebody else: as after su or sudo, where variables are still the caller's.
fn is_ours(run: &Path) -> Result<()> {
    let own = rustix::process::geteuid().as_raw();
    match std::fs::metadata(run).map(|found| found.uid()) {
        Ok(owner) if owner != own => Err(Error::user(format_args!(
            "XDG_RUNTIME_DIR is {}, which belongs to uid {owner}, and you are {own}: log in as who \
             you are, or set it",
            run.display()
        ))),
        // What is not there is said by whoever needs it.
        Ok(_) | Err(_) => Ok(()),
    }
}

fn home(variable: &str, usual: &str) -> Result<PathBuf> {
    let found = directory(variable).or_else(|| Some(directory("HOME")?.join(usual)));
    found.ok_or_else(|| Error::user(format_args!("neither {variable} nor HOME is set")))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).unable(format_args!("find {}", path.display()))
}
