//! What is done with the lines of each service.

use std::path::{Path, PathBuf};

use common::base::error::reason;
use common::os::file::read_small;
use common::prelude::*;
use rustix::fs::CWD;
use rustix::io::Errno;

use super::Options;
use crate::log::script::file::{self, Before};
use crate::log::script::{Action, Directory, Full, Script, Target};

/// The largest file of directives.
const LARGEST: usize = 64 * 1024;
/// What is kept of a service before there is a disk: two files of so many bytes.
const EARLY_SIZE: u64 = 64 * 1024;

impl Options {
    /// What the command line says of a service.
    pub(super) fn script(&self, name: &str) -> Result<Script> {
        self.read("", &[], name)
    }

    fn read(&self, file: &str, text: &[u8], name: &str) -> Result<Script> {
        let before = Before { settings: &self.settings, directives: &self.directives };
        let mut script = file::read(file, text, &before, &self.root.join(name))?;
        for action in &mut script.actions {
            match &mut action.to {
                Target::Dir(Directory { path, .. }) | Target::Status(path, _) => {
                    *path = self.root.join(&path);
                }
                Target::Stdout | Target::Alert(_) => {}
            }
        }
        Ok(script)
    }

    /// What its own file says, if it has one. An error goes with what is done instead.
    pub(super) fn script_of(&self, name: &str) -> (Script, Option<Error>) {
        let Some(dir) = &self.config else { return self.plain(name, None) };
        let path = dir.join(name);
        let shown = path.display().to_string();
        let mut buffer = vec![0; LARGEST];
        match read_small(CWD, &path, &mut buffer) {
            Ok(text) => match self.read(&shown, text, name) {
                Ok(script) => (script, None),
                Err(e) => self.plain(name, Some(e)),
            },
            Err(Errno::NOENT) => self.plain(name, None),
            Err(e) => {
                let why = format_args!("unable to read {shown}: {}", reason(e)).to_string();
                self.plain(name, Some(Error::system(why)))
            }
        }
    }

    fn plain(&self, name: &str, why: Option<Error>) -> (Script, Option<Error>) {
        // It was read at the start, for no name at all.
        let script = self.script(name).unwrap_or(Script { actions: Vec::new(), rate: 0 });
        (script, why)
    }

    /// The directory of a service's early lines.
    pub(super) fn early_of(&self, name: &str) -> Option<PathBuf> {
        self.early.as_ref().map(|early| early.join(name))
    }
}

/// What is done while there is no disk: all lines go to `dir`, of which the newest are kept.
pub(super) fn early(script: &Script, dir: &Path) -> Script {
    let model = script.actions.last();
    let directory = Directory {
        path: dir.to_owned(),
        size: EARLY_SIZE,
        tolerance: 0,
        keep: 1,
        total: 0,
        period: 0,
        retry: 2000,
        full: Full::DropOldest,
        sync: false,
        processor: None,
    };
    let action = Action {
        rules: Vec::new(),
        stamp: model.map_or(crate::log::script::Stamp::Tai64n, |action| action.stamp),
        prefix: model.map_or(Vec::new(), |action| action.prefix.clone()),
        to: Target::Dir(directory),
    };
    Script { actions: vec![action], rate: script.rate }
}
