//! svc-stat: what supervisors know of their services, for people and for scripts.

use std::ffi::{OsStr, OsString};

use common::base::args::unknown;
use common::base::error::exit;
use common::os::fds::fill_stdio;
use common::prelude::*;
use common::program::{print, warn};

use super::client::{Service, each};
use super::report::{Fields, Report};
use super::scandir::ScanDir;
use crate::json::Object;

pub(super) const PROGRAM: Program = Program {
    name: "svc-stat",
    help: "[-n] [-o FIELD,...] [--json] [DIR...]
Prints the state of the services in the directories DIR; of all services of a DIR that is a
scan directory. DIR is the current directory by default. One service is a line.
  -o FIELD,...  print these fields only, with a blank between
  -uwNrpgest    the same as -o with up, wantedup, normallyup, ready, pid, pgid, exitcode, signal
                or updownfor
  --json        print an object with all fields, or with those of -o
  -n            signals as numbers
Exit code 1: a service has no supervisor. What its last one knew is printed.
",
    main,
};

/// How a service is to be shown.
struct Style {
    fields: Option<Fields>,
    json: bool,
    numeric: bool,
    /// Whether a line begins with the name.
    named: bool,
}

impl Style {
    fn choose(&mut self, more: Fields) {
        self.fields = Some(match self.fields.take() {
            Some(fields) => fields.and(more),
            None => more,
        });
    }
}

fn main(mut args: Args) -> Result<Next> {
    fill_stdio();
    let mut style = Style { fields: None, json: false, numeric: false, named: false };
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-o" => style.choose(Fields::parse(&args.value::<String>("fields")?)?),
            "--json" => style.json = true,
            "-n" => style.numeric = true,
            short => style.choose(Fields::from_option(short).ok_or_else(|| unknown(short))?),
        }
    }
    let mut dirs: Vec<OsString> = std::iter::from_fn(|| args.next_operand()).collect();
    if dirs.is_empty() {
        dirs.push(".".into());
    }
    style.named = dirs.len() > 1;
    let mut text = String::new();
    let code = each(PROGRAM.name, &dirs, |dir| show(dir, &style, &mut text));
    match print(&text) {
        exit::OK => code.map(Next::Exit),
        failed => Ok(Next::Exit(failed)),
    }
}

/// Adds what there is to say about a directory; the result is the exit code.
fn show(dir: &OsStr, style: &Style, text: &mut String) -> Result<u8> {
    match ScanDir::find(dir)? {
        Some(scan) => show_all(&scan, style, text),
        None => {
            let report =
                Report::of(&Service::open(dir)?, dir.display().to_string(), style.numeric)?;
            text.push_str(&line(&report, style, style.named));
            Ok(code(&report))
        }
    }
}

fn show_all(scan: &ScanDir, style: &Style, text: &mut String) -> Result<u8> {
    let mut worst = exit::OK;
    for name in scan.names()? {
        let plain = name.display().to_string();
        let label = if style.named { format!("{}/{plain}", scan.path()) } else { plain };
        match scan.service(&name).and_then(|service| Report::of(&service, label, style.numeric)) {
            Ok(report) => {
                text.push_str(&line(&report, style, true));
                worst = worst.max(code(&report));
            }
            Err(e) => {
                warn(&PROGRAM.name, &e.message);
                worst = worst.max(e.code);
            }
        }
    }
    Ok(worst)
}

fn line(report: &Report, style: &Style, named: bool) -> String {
    match (&style.fields, style.json) {
        (Some(fields), false) => report.words(fields),
        (None, false) if named => format!("{}: {}\n", report.name(), report.sentence()),
        (None, false) => report.sentence() + "\n",
        (Some(fields), true) => json(report, fields),
        (None, true) => json(report, &Fields::all()),
    }
}

fn json(report: &Report, fields: &Fields) -> String {
    let mut object = Object::default();
    report.put(fields, &mut object);
    object.line()
}

fn code(report: &Report) -> u8 {
    if report.is_supervised() { exit::OK } else { exit::NO }
}
