//! What is edited: which file, what it is now, and what is shown above it.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use common::base::error::exit;
use common::os::lock::{Patience, take};
use common::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use super::super::show::toml;
use super::text;
use crate::manager::compile::effective::effective;
use crate::manager::compile::whole::Whole;
use crate::svctl::call::Call;
use crate::svctl::plain::plain;
use crate::svctl::terminal::Terminal;

/// The beginning of lines that are there to be read, and are not kept.
const MARK: &str = "#:";

/// The file that is edited.
pub(super) struct Target {
    pub(super) name: String,
    /// Where it is: for the image, for us, and for people.
    pub(super) path: PathBuf,
    pub(super) real: PathBuf,
    pub(super) shown: String,
    /// Where the text is until it is good.
    pub(super) draft: PathBuf,
    pub(super) shown_draft: String,
    /// The directory of the drop-ins, where the draft is as well.
    pub(super) drop_ins: PathBuf,
    pub(super) is_drop_in: bool,
    /// What is in it now; none: it is not there.
    pub(super) current: Option<String>,
    /// With which text to begin where it is not.
    template: String,
}

impl Target {
    /// What the options ask for.
    pub(super) fn of(call: &Call, whole: &Whole, name: &str) -> Result<Target> {
        let (is_new, is_full) = (call.has("--new"), call.has("--full"));
        check(call, whole, name, is_new)?;
        let services = call.site.inside(&call.site.services);
        let (drop_ins, is_drop_in) = (services.join(format!("{name}.d")), !is_new && !is_full);
        let path = match is_drop_in {
            true => drop_ins.join("override.toml"),
            false => services.join(format!("{name}.toml")),
        };
        // Neither is read with the drop-ins, and editors see that it is TOML.
        let draft = drop_ins.join(if is_drop_in { ".override.draft.toml" } else { ".draft.toml" });
        let top = whole.resolve(&services)?;
        // Below the directory itself no links are followed.
        let real = |path: &PathBuf| {
            path.strip_prefix(&services).map_or_else(|_| path.clone(), |rest| top.join(rest))
        };
        let own = real(&path);
        let shown = whole.shown_path(&path);
        Ok(Target {
            current: read(&own, &shown)?,
            template: template(whole, name, is_drop_in)?,
            name: name.to_owned(),
            real: own,
            shown_draft: whole.shown_path(&draft),
            draft: real(&draft),
            drop_ins: real(&drop_ins),
            is_drop_in,
            path,
            shown,
        })
    }

    /// The text to begin with.
    pub(super) fn beginning(&self) -> String {
        self.current.clone().unwrap_or_else(|| self.template.clone())
    }

    /// Whether nobody else has changed it.
    pub(super) fn is_as_it_was(&self) -> bool {
        read(&self.real, &self.shown).is_ok_and(|now| now == self.current)
    }

    /// Nobody else edits it until this is dropped.
    pub(super) fn lock(&self, call: &Call) -> Result<OwnedFd> {
        let shown = self.drop_ins.display();
        fs::create_dir_all(&self.drop_ins).unable(format_args!("make {shown}"))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = openat(CWD, &self.drop_ins, flags, Mode::empty());
        let dir = dir.unable(format_args!("open {shown}"))?;
        match take(&dir, Patience::Seconds(0)) {
            Err(Errno::WOULDBLOCK) => {
                let (command, name) = (call.site.command(), &self.name);
                let what = format_args!("somebody else is at it: {command} edit {name}, later");
                Err(Error::system(what))
            }
            taken => taken.unable(format_args!("lock {shown}")).map(|()| dir),
        }
    }
}

/// Whether that can be edited.
fn check(call: &Call, whole: &Whole, name: &str, is_new: bool) -> Result<()> {
    let refuse = |what: String| Err(Error::new(exit::USAGE, what));
    let command = call.site.command();
    if is_new && call.has("--full") {
        return Err(Error::user("--new with --full makes no sense"));
    }
    match whole.parts(name).first() {
        Some(part) if part.is_masked => {
            refuse(format!("{name} is masked: {command} unmask {name}"))
        }
        Some(part) if is_new && !name.contains('@') => {
            let path = whole.shown_path(&part.path);
            refuse(format!("there is {path} already: {command} edit {name}"))
        }
        None if !is_new => {
            let missing = whole.missing(name).message;
            refuse(format!("{missing}; a new one: {command} edit --new {name}"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The text of a file; none: there is none.
fn read(path: &PathBuf, shown: &str) -> Result<Option<String>> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let bytes = fs::read(path).unable(format_args!("read {shown}"))?;
    text(bytes, shown).map(Some)
}

/// What to begin with where there is no file yet.
fn template(whole: &Whole, name: &str, is_drop_in: bool) -> Result<String> {
    if is_drop_in {
        return Ok(String::new());
    }
    let Some(part) = whole.parts(name).into_iter().next() else {
        return Ok(format!(
            "# description = \"what it is, in one line\"\nexec = [\"/usr/sbin/{name}\"]\n"
        ));
    };
    let shown = whole.shown_path(&part.path);
    let bytes = whole.text(&part.path).unable(format_args!("read {shown}"))?;
    text(bytes, &shown)
}

/// What is shown above the text.
pub(super) fn head(call: &Call, whole: &Whole, target: &Target) -> String {
    let mut head = format!("{}\n", target.shown);
    head += "Lines that begin with #: are not kept. Keys are on the page of service files.\n";
    if target.is_drop_in {
        head += "What stands below replaces these keys of the service, lists as a whole:\n\n";
        // In a file there are no colours.
        let terminal = Terminal { has_colour: false, ..call.terminal };
        let held = effective(whole, &target.name, false).unwrap_or_default();
        head += &toml(terminal, &held);
    }
    let line = |line: &str| format!("{MARK} {}", plain(line)).trim_end().to_owned() + "\n";
    head.lines().map(line).collect::<String>() + "\n"
}

/// A text without what was above it.
pub(super) fn stripped(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with(MARK));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    text.trim_start_matches('\n').to_owned()
}
