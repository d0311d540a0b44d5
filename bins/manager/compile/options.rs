//! The command line, and what it comes to.

use std::ffi::OsString;
use std::path::PathBuf;

use common::base::args::{parse, unknown};
use common::prelude::*;

use super::directory::{DIRECTORIES, Paths};
use super::root::Root;

/// How many generations stay: enough to find the one that worked, for who compiles a few times before
/// looking.
const KEEP: usize = 10;

/// What was asked for.
pub(super) enum Task {
    Write,
    /// The same, without accepting it: that is left to whoever confirms it.
    Try,
    Check,
    /// The generation that would be written, in memory.
    Draft,
    Show(String),
    /// Without a number: to the one before.
    Rollback(Option<u64>),
}

/// What is compiled, and where to.
pub(crate) struct Options {
    pub(super) task: Task,
    pub(super) root: Root,
    pub(super) output: PathBuf,
    pub(super) paths: Paths,
    pub(super) keep: usize,
    pub(super) dirs: Vec<PathBuf>,
    /// Where the names of what is enabled are; none: beside the last directory.
    pub(super) enabled: Option<PathBuf>,
}

impl Options {
    /// Compiles what is in these directories (as they are called in the image, if there is one).
    pub(crate) fn new(
        image: Option<PathBuf>,
        dirs: Vec<PathBuf>,
        output: PathBuf,
        paths: Paths,
    ) -> Options {
        Options {
            task: Task::Write,
            root: Root::new(image),
            output,
            paths,
            keep: KEEP,
            dirs,
            enabled: None,
        }
    }

    /// The same with the names of what is enabled in this directory.
    pub(crate) fn enabled_in(self, dir: PathBuf) -> Options {
        Options { enabled: Some(dir), ..self }
    }

    /// The same, for a trial: a boot does not take it.
    pub(crate) fn on_trial(self) -> Options {
        Options { task: Task::Try, ..self }
    }

    /// The same, writing nothing.
    pub(crate) fn check(self) -> Options {
        Options { task: Task::Check, ..self }
    }

    /// The same, keeping in memory what would be written.
    pub(crate) fn draft(self) -> Options {
        Options { task: Task::Draft, ..self }
    }
}

/// None: the schema was asked for.
pub(super) fn read(mut args: Args) -> Result<Option<Options>> {
    let (mut task, mut root, mut output) = (Task::Write, None, None);
    let mut paths = Paths::default();
    let mut keep = KEEP;
    let mut operands = Vec::new();
    // Options may stand behind directories as well.
    while let Some(word) = next(&mut args)? {
        let option = match word {
            Word::Option(option) => option,
            Word::Operand(word) => {
                operands.push(word);
                continue;
            }
        };
        match option.as_str() {
            "--check" => task = Task::Check,
            "--show" => task = Task::Show(args.value("service")?),
            "--rollback" => task = Task::Rollback(None),
            "--root" => root = Some(PathBuf::from(args.raw_value()?)),
            "--output" => output = Some(PathBuf::from(args.raw_value()?)),
            "--programs" => paths.programs = args.value("directory")?,
            "--unprivileged" => paths.is_users = true,
            "--logs" => paths.logs = args.value("directory")?,
            "--keep" => keep = args.value("number")?,
            "--schema" => {
                args.end()?;
                return Ok(None);
            }
            _ => {
                let key = option.strip_prefix("--").unwrap_or_default();
                let Some(i) = DIRECTORIES.iter().position(|(known, _)| *known == key) else {
                    return Err(unknown(&option));
                };
                paths.directories[i] = args.value("directory")?;
            }
        }
    }
    if let Task::Rollback(number) = &mut task {
        let mut words = std::mem::take(&mut operands).into_iter();
        *number = words.next().map(|word| parse(word, "generation")).transpose()?;
        if let Some(word) = words.next() {
            return Err(Error::user(format_args!("{} is one too many", word.display())));
        }
    }
    if let Some(dir) = root.as_ref().filter(|dir: &&PathBuf| !dir.is_dir()) {
        return Err(Error::system(format_args!("--root {}: no such directory", dir.display())));
    }
    let root = Root::new(root);
    let dirs = match task {
        Task::Rollback(_) => Vec::new(),
        Task::Write | Task::Try | Task::Check | Task::Draft | Task::Show(_) => {
            directories(&root, operands)?
        }
    };
    let output = output.unwrap_or_else(|| PathBuf::from("/var/lib/coppice"));
    Ok(Some(Options {
        task,
        output: root.resolve(&output).unable(format_args!("find {}", output.display()))?,
        paths,
        keep,
        root,
        dirs,
        enabled: None,
    }))
}

/// A word of the command line.
enum Word {
    Option(String),
    Operand(OsString),
}

fn next(args: &mut Args) -> Result<Option<Word>> {
    Ok(match args.option()? {
        Some(option) => Some(Word::Option(option)),
        None => args.next_operand().map(Word::Operand),
    })
}

/// Where service files are. A name with a mistake in it is not a set of no services.
fn directories(root: &Root, named: Vec<OsString>) -> Result<Vec<PathBuf>> {
    let is_there = |dir: &PathBuf| root.resolve(dir).is_ok_and(|dir| dir.is_dir());
    if named.is_empty() {
        let usual = ["/usr/lib/coppice/services", "/etc/coppice/services"].map(PathBuf::from);
        return match usual.iter().any(is_there) {
            true => Ok(usual.to_vec()),
            false => Err(Error::system(format_args!(
                "there is neither {} nor {}",
                root.path(&usual[0]).display(),
                root.path(&usual[1]).display()
            ))),
        };
    }
    let dirs: Vec<PathBuf> = named.into_iter().map(PathBuf::from).collect();
    match dirs.iter().find(|dir| !is_there(dir)) {
        Some(dir) => {
            Err(Error::system(format_args!("{}: no such directory", root.path(dir).display())))
        }
        None => Ok(dirs),
    }
}
