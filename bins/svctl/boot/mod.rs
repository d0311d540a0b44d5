//! `svctl boot`: makes what a tree consists of, and becomes its root.

mod background;
pub(super) mod left;
mod own;

use std::fs::DirBuilder;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use common::base::future::Future;
use common::format::records::{self, Holder};
use common::os::file::write_all;
use common::os::lock::Patience;
use common::os::process::BootId;
use common::os::{file, lock};
use common::prelude::*;
use common::program::{print, warn};
use rustix::fs::{CWD, Mode};
use rustix::process::umask;
use rustix::stdio::stderr;

use super::call::{Call, Operand, Verb, flag};
use super::check::files_of;
use super::moves::voice;
use super::root::Root;
use super::site::{Kind, Site};
use crate::json::{Object, Value};
use crate::manager::compile::{self, print_all};
use crate::manager::generations::{self, BOOT, LIVE};
use crate::manager::live;
use crate::manager::places::{MANAGER, STATE};

pub(super) const VERB: Verb = Verb {
    word: "boot",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "start the tree: loggers, manager, and all that is enabled",
    options: &[flag("--background", "return when the manager takes requests")],
    run,
};

fn run(call: &Call) -> Result<Next> {
    let site = &call.site;
    call.lives()?;
    make_directories(site).map_err(|e| not_yours(call, e))?;
    let _lock = take_lock(site).map_err(|e| not_yours(call, e))?;
    if let Some(root) = left::living(site).map_err(|e| not_yours(call, e))? {
        return Ok(said(call, "already", &root));
    }
    forget_another_boot(site)?;
    left::forget_ended(site)?;
    compile(site)?;
    let words = own::write(site)?;
    if !call.has("--background") {
        return Ok(Next::Exec(Future::new(words)));
    }
    let state = background::start(site, words)?;
    let root = Root::find(site)?.ok_or_else(|| Error::system("svc-scan has ended again"))?;
    Ok(said(call, state, &root))
}

/// What has come of it, with `already` or `booted` as the state.
fn said(call: &Call, state: &str, root: &Root) -> Next {
    let pid = root.pid();
    let text = if call.json {
        let mut object = Object::of("boot");
        object.put("state", &Value::text(state));
        object.put("pid", &Value::Number(pid.map(i64::from)));
        object.line()
    } else {
        let pid = pid.map_or_else(String::new, |pid| format!(": svc-scan is pid {pid}"));
        format!("{state}{pid}\n")
    };
    Next::Exit(print(&text))
}

/// Of several at the same moment, one boots, and the others find the tree.
fn take_lock(site: &Site) -> Result<OwnedFd> {
    /// As long as another may take.
    const PATIENCE: Patience = Patience::Seconds(60);
    let path = site.dir.join("boot.lock");
    let unable = || format!("lock {}", path.display());
    let lock = lock::open(CWD, &path).unable(unable())?;
    lock::take(&lock, PATIENCE).unable(unable())?;
    Ok(lock)
}

/// Who may not boot the system may mean a tree of his own.
fn not_yours(call: &Call, e: Error) -> Error {
    let is_root = rustix::process::geteuid().is_root();
    match call.site.kind {
        Kind::System if !is_root => {
            let text = format!("{}: svctl --user boot starts a tree of your own", e.message);
            voice::as_root(call, Error { message: text, ..e })
        }
        Kind::Prefix => voice::as_root(call, e),
        Kind::System | Kind::User | Kind::Image => e,
    }
}

/// A user's are his alone, as those of the XDG specification that are not there.
fn make_directories(site: &Site) -> Result<()> {
    let mode = if site.kind == Kind::User { 0o700 } else { 0o755 };
    let make = |path: &Path| {
        let made = DirBuilder::new().recursive(true).mode(mode).create(path);
        made.unable(format_args!("make {}", path.display()))
    };
    let places = site.places();
    [&site.services, &site.enabled, &site.generations].into_iter().try_for_each(|it| make(it))?;
    [&places.scan, &places.manager, &site.fifos].into_iter().try_for_each(|it| make(it))?;
    if let Err(e) = make(&site.logs) {
        warn(&"svctl", &format_args!("{}: logs stay in {}", e.message, site.early().display()));
    }
    Ok(())
}

/// Where what is live is on a disk, a manager of before the last boot of the machine left its table
/// there.
fn forget_another_boot(site: &Site) -> Result<()> {
    let manager = site.places().manager;
    let mut buffer = [0; records::SIZE];
    let read = file::read_small(CWD, manager.join(MANAGER), &mut buffer);
    // One that can't be read was left by a machine that lost its power.
    let is_of_now = |bytes| Holder::unpack(bytes).is_some_and(|h| h.identity.boot == BootId::now());
    if read.is_ok_and(|bytes| !is_of_now(bytes)) {
        std::fs::remove_dir_all(&manager).unable(format_args!("remove {}", manager.display()))?;
        make_directories(site)?;
    }
    Ok(())
}

/// Makes a generation of the service files, where nobody else has done it, and has what is live be the
/// accepted one from the beginning.
fn compile(site: &Site) -> Result<()> {
    let accepted = || generations::linked(&site.generations, BOOT);
    match accepted() {
        Some(_) if site.kind == Kind::System => {}
        Some(number) => make_generation_after(site, number),
        None => make_generation(site).map_err(|e| {
            let command = site.command();
            let text = format_args!(
                "{}, and there is no other generation: no tree was started. Mend or move these files \
                 ({command} check), then {command} boot",
                e.message
            );
            Error::new(e.code, text)
        })?,
    }
    // Where a table is left, a manager goes on with that.
    if let Some(number) = accepted().filter(|_| !site.places().manager.join(STATE).exists()) {
        // On a disk that can't be written a logger does without directives.
        let _ = generations::mark(&site.generations, LIVE, number);
    }
    Ok(())
}

/// What was given up is not made again. A set with a mistake is no reason not to boot from the last
/// one without.
fn make_generation_after(site: &Site, last: u64) {
    if let Some(newest) = given_up(site, last) {
        let text = format!(
            "service files are as in generation {newest}, which was given up: booting from \
             generation {last}"
        );
        warn(&"svctl", &text);
    } else if let Err(e) = make_generation(site) {
        let text = format!("{}: booting from generation {last}, the last one", e.message);
        warn(&"svctl", &text);
    }
}

/// The newest generation, if it is not the accepted one, and service files have not changed since:
/// somebody went back from it, or did not confirm it.
fn given_up(site: &Site, accepted: u64) -> Option<u64> {
    let dir = &site.generations;
    let newest = generations::numbers(dir).ok()?.pop().filter(|newest| *newest > accepted)?;
    let written = live::generation(dir, newest).ok()?;
    let files = files_of(site).ok()?.draft();
    // What is wrong is told when it is compiled.
    let (draft, _) = compile::compile(&files, &mut |_, _| Ok(())).ok()?.draft?;
    let is_same = draft.contents == written.contents
        && draft.logs == written.logs
        && draft.graph == written.graph
        && draft.boot == written.boot;
    is_same.then_some(newest)
}

/// With our umask as it was.
fn make_generation(site: &Site) -> Result<()> {
    let mask = umask(Mode::empty());
    umask(mask);
    let made = compile::compile(&files_of(site)?, &mut print_all);
    umask(mask);
    let text = made?.text;
    write_all(stderr(), text.as_bytes()).unable("write to standard error")
}
