//! svc-chain: a run script that needs no shell.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::rc::Rc;

use common::base::args::unknown;
use common::base::error::exit;
use common::os::file::{read_up_to, write_all};
use common::prelude::*;
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::stdio::stdout;

mod check;
mod fuse;
pub(crate) mod grammar;
mod show;

use grammar::Line;

pub(super) const PROGRAM: Program = Program {
    name: "svc-chain",
    help: "[-a] FILE [WORD...]
       svc-chain [-a] --show | --check FILE [WORD...]
       svc-chain -c [--show | --check] PROG...
Runs the chain in FILE: a link a line, the last line the program. WORDs, such as the name that a
supervisor gives each run script, are ignored. Consecutive links of this suite are applied in one
process, with one exec at the end.
  -a       append the WORDs to the words of the program
  -c       the chain is the rest of the command line
  --show   print the command that FILE stands for, and run nothing
  --check  look for mistakes, and run nothing; exit 100 if there is one
",
    main,
};

/// A file longer than this is none for us, bytes.
const LONGEST: usize = 1 << 20;

enum Task {
    Run,
    Show,
    Check,
}

/// Where a line is, as it begins a message: nothing if it is from the command line.
struct Place {
    file: Option<Rc<str>>,
    line: usize,
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}:{}: ", self.line),
            None => Ok(()),
        }
    }
}

/// What becomes of the words behind a file.
enum Words {
    Ignored,
    Appended,
}

/// Lines, and where they are from.
struct Chain {
    /// As it is called in what is said. None: the command line.
    file: Option<Rc<str>>,
    /// What its first line says it is for.
    interpreter: Option<String>,
    lines: Vec<Line>,
}

fn main(mut args: Args) -> Result<Next> {
    let (mut task, mut is_words, mut words) = (Task::Run, false, Words::Ignored);
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-a" => words = Words::Appended,
            "-c" => is_words = true,
            "--show" => task = Task::Show,
            "--check" => task = Task::Check,
            _ => return Err(unknown(&option)),
        }
    }
    let chain = if is_words { Chain::of_words(args)? } else { Chain::of_file(args, words)? };
    match task {
        Task::Run => fuse::run(&chain),
        Task::Show => {
            write_all(stdout(), &show::command(&chain)).unable("write to standard output")?;
            Ok(Next::Exit(exit::OK))
        }
        Task::Check => check::check(&chain),
    }
}

impl Chain {
    fn of_words(mut args: Args) -> Result<Chain> {
        let line = Line { number: 0, words: args.operands("program")? };
        Ok(Chain { file: None, interpreter: None, lines: vec![line] })
    }

    fn of_file(mut args: Args, words: Words) -> Result<Chain> {
        let file = args.operand("file")?;
        let rest = args.rest()?;
        // A supervisor runs ./run NAME: what is said of it may get into the log of many.
        let shown = match rest.as_slice() {
            [name] if file == "./run" => format!("{}/run", name.display()),
            _ => file.display().to_string(),
        };
        let text = read(&file)?;
        let mut lines = grammar::parse(&text).map_err(|bad| {
            let text = format!("{shown}:{}: {}", bad.at, bad.what);
            Error::new(exit::USAGE, text)
        })?;
        let Some(last) = lines.last_mut() else {
            let text = format!("{shown}: no program in this file");
            return Err(Error::new(exit::USAGE, text));
        };
        match words {
            Words::Ignored => {}
            Words::Appended => last.words.extend(rest),
        }
        Ok(Chain { file: Some(shown.into()), interpreter: interpreter(&text), lines })
    }

    /// How a line is called in what is said of it.
    fn place(&self, line: &Line) -> Place {
        Place { file: self.file.clone(), line: line.number }
    }

    /// An error of a line.
    fn at(&self, line: &Line, code: u8, what: impl Display) -> Error {
        Error::new(code, format_args!("{}{what}", self.place(line)))
    }
}

/// What the kernel would execute such a file with.
fn interpreter(text: &[u8]) -> Option<String> {
    let line = text.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    Some(String::from_utf8_lossy(line).trim().to_owned())
}

fn read(path: &OsStr) -> Result<Vec<u8>> {
    let shown = path.display();
    match read_up_to(CWD, path, LONGEST + 1) {
        Err(Errno::INVAL) => {
            Err(Error::system(format_args!("unable to read {shown}: no regular file")))
        }
        Ok(text) if text.len() > LONGEST => {
            Err(Error::system(format_args!("unable to read {shown}: longer than 1 MB")))
        }
        result => result.unable(format_args!("read {shown}")),
    }
}
