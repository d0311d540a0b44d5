//! svc-events: the state of services, then every change of it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use common::base::args::unknown;
use common::base::error::exit;
use common::base::signal::Signal;
use common::format::event::Line;
use common::format::letters::Event;
use common::format::status::Status;
use common::os::clock;
use common::os::fds::fill_stdio;
use common::os::file::write_all;
use common::os::signals::Signals;
use common::prelude::*;
use common::program::warn;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::client::Service;
use super::listener::Listener;
use super::report::{Fields, Report};
use super::scandir::ScanDir;
use crate::json::{Object, Value};

pub(super) const PROGRAM: Program = Program {
    name: "svc-events",
    help: "[--json] [-n COUNT] DIR...
Prints the state of the services in the directories DIR, then each change as it comes. For a DIR
that is a scan directory: of all its services. One service or change is a line.
  --json    print objects
  -n COUNT  end after COUNT changes
Ends by itself when nobody reads its output any more.
",
    main,
};

/// The next death of a service comes at least this many events after one: down, finished, up, down.
const EVENTS_BETWEEN_DEATHS: u64 = 3;

fn main(mut args: Args) -> Result<Next> {
    fill_stdio();
    let mut output = Output { json: false, left: None, open: true };
    while let Some(option) = args.option()? {
        match option.as_str() {
            "--json" => output.json = true,
            "-n" => output.left = Some(args.value::<u64>("count")?),
            _ => return Err(unknown(&option)),
        }
    }
    let dirs = args.operands("service directory or scan directory")?;
    common::os::fds::raise_open_files();
    let signals =
        Signals::take(&[Signal::TERM, Signal::INT, Signal::HUP]).unable("take signals")?;
    let several = dirs.len() > 1;
    let mut sources =
        dirs.iter().map(|dir| Source::open(dir, several)).collect::<Result<Vec<_>>>()?;
    for source in &mut sources {
        source.print_all(&mut output)?;
    }
    while output.wants_more() && sleep(&sources, &signals)? {
        for source in &mut sources {
            source.print_news(&mut output)?;
        }
    }
    Ok(Next::Exit(exit::OK))
}

/// Sleeps until something has come; false when it is time to end.
fn sleep(sources: &[Source], signals: &Signals) -> Result<bool> {
    let stdout = rustix::stdio::stdout();
    // Of standard output only the end of its reader.
    let mut fds =
        vec![PollFd::new(signals, PollFlags::IN), PollFd::new(&stdout, PollFlags::empty())];
    fds.extend(sources.iter().map(|s| PollFd::new(&s.listener, PollFlags::IN)));
    match poll(&mut fds, None) {
        Ok(_) | Err(Errno::INTR) => Ok(fds[0].revents().is_empty() && fds[1].revents().is_empty()),
        Err(e) => Err(e).unable("wait for events"),
    }
}

/// Where a line goes.
struct Output {
    json: bool,
    /// How many changes may still be printed.
    left: Option<u64>,
    /// Whether somebody reads.
    open: bool,
}

impl Output {
    fn wants_more(&self) -> bool {
        self.open && self.left != Some(0)
    }

    fn print(&mut self, text: &str) -> Result<()> {
        match write_all(rustix::stdio::stdout(), text.as_bytes()) {
            Err(Errno::PIPE) => self.open = false,
            result => result.unable("write to standard output")?,
        }
        Ok(())
    }

    /// A state as it was found.
    fn state(&mut self, report: &Report) -> Result<()> {
        let time = clock::wall().iso();
        let text = if self.json {
            let mut object = begin(&time, "status");
            report.put(&Fields::all(), &mut object);
            object.line()
        } else {
            format!("{time} {}: {}\n", report.name(), report.sentence())
        };
        self.print(&text)
    }

    /// A change.
    fn change(&mut self, name: &str, line: &Line<'_>, status: Option<&Status>) -> Result<()> {
        if !self.wants_more() {
            return Ok(());
        }
        self.left = self.left.map(|left| left - 1);
        let detail = Detail::of(line, status);
        let (time, word) = (clock::wall().iso(), line.event.word());
        let text = if self.json {
            let mut object = begin(&time, word);
            object.put("name", &Value::text(name));
            object.put("seq", &Value::number(line.seq));
            object.put("pid", &Value::Number(detail.pid));
            object.put("exit", &Value::Text(detail.exit));
            object.line()
        } else {
            let pid = detail.pid.map_or_else(String::new, |pid| format!(" pid={pid}"));
            let exit = detail.exit.map_or_else(String::new, |exit| format!(" {exit}"));
            format!("{time} {name} {word}{pid}{exit}\n")
        };
        self.print(&text)
    }

    /// Changes were missed; the states that differ follow.
    fn lost(&mut self) -> Result<()> {
        let time = clock::wall().iso();
        let text =
            if self.json { begin(&time, "lost").line() } else { format!("{time} lost events\n") };
        self.print(&text)
    }
}

fn begin(time: &str, event: &str) -> Object {
    let mut object = Object::default();
    object.put("time", &Value::text(time));
    object.put("event", &Value::text(event));
    object
}

/// What the status adds to an event, as long as it certainly speaks of the same process.
#[derive(Default)]
struct Detail {
    pid: Option<i64>,
    exit: Option<String>,
}

impl Detail {
    fn of(line: &Line<'_>, status: Option<&Status>) -> Detail {
        let Some(status) = status.filter(|s| s.event < line.seq + EVENTS_BETWEEN_DEATHS) else {
            return Detail::default();
        };
        match line.event {
            Event::Up => {
                Detail { pid: status.pid.map(|pid| pid.as_raw_pid().into()), ..Detail::default() }
            }
            Event::Down => {
                Detail { exit: status.last_run.map(|end| end.to_string()), ..Detail::default() }
            }
            Event::Supervised
            | Event::Ready
            | Event::Unready
            | Event::Finished
            | Event::Failed
            | Event::Left => Detail::default(),
        }
    }
}

/// A directory whose changes are printed.
struct Source {
    place: Place,
    listener: Listener,
    /// Begins each name: when there are several directories.
    prefix: String,
    /// The last event printed of each service.
    printed: HashMap<OsString, u64>,
}

enum Place {
    One(Service),
    Tree(ScanDir),
}

impl Place {
    fn names(&self) -> Result<Vec<OsString>> {
        match self {
            Place::One(_) => Ok(vec![OsString::new()]),
            Place::Tree(scan) => scan.names(),
        }
    }
}

impl Source {
    fn open(dir: &OsStr, several: bool) -> Result<Source> {
        let (place, subscription, prefix) = match ScanDir::find(dir)? {
            Some(scan) => {
                let subscription = scan.subscribe()?;
                let prefix = if several { format!("{}/", scan.path()) } else { String::new() };
                (Place::Tree(scan), subscription, prefix)
            }
            None => {
                let service = Service::open(dir)?;
                let subscription = service.subscribe()?;
                (Place::One(service), subscription, dir.display().to_string())
            }
        };
        let listener = Listener::large(subscription);
        Ok(Source { place, listener, prefix, printed: HashMap::new() })
    }

    /// Prints each service whose state is not what was printed last.
    fn print_all(&mut self, output: &mut Output) -> Result<()> {
        for name in self.place.names()? {
            let report = match self.report(&name) {
                Ok(report) => report,
                Err(e) => {
                    warn(&PROGRAM.name, &e.message);
                    continue;
                }
            };
            let event = report.status().map_or(0, |s| s.event);
            if self.printed.insert(name, event) != Some(event) {
                output.state(&report)?;
            }
        }
        Ok(())
    }

    fn report(&self, name: &OsStr) -> Result<Report> {
        let label = format!("{}{}", self.prefix, name.display());
        match &self.place {
            Place::One(service) => Report::of(service, label, false),
            Place::Tree(scan) => Report::of(&scan.service(name)?, label, false),
        }
    }

    fn status(&self, name: &OsStr) -> Option<Status> {
        // A detail only: a service that has gone has none.
        match &self.place {
            Place::One(service) => service.status().ok()?,
            Place::Tree(scan) => scan.service(name).ok()?.status().ok()?,
        }
    }

    /// Prints what has come.
    fn print_news(&mut self, output: &mut Output) -> Result<()> {
        let news = self.listener.read().unable("read events")?;
        for line in news.lines() {
            self.print_line(&line, output)?;
        }
        if news.lost {
            output.lost()?;
            self.print_all(output)?;
        }
        Ok(())
    }

    fn print_line(&mut self, line: &Line<'_>, output: &mut Output) -> Result<()> {
        let name = OsStr::from_bytes(line.name);
        let printed = self.printed.get(name).copied().unwrap_or(0);
        // A supervisor that begins may begin to count anew.
        if line.seq <= printed && line.event != Event::Supervised {
            return Ok(());
        }
        self.printed.insert(name.to_owned(), line.seq);
        let label = format!("{}{}", self.prefix, name.display());
        output.change(&label, line, self.status(name).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::base::death::Death;

    #[test]
    fn a_detail_is_left_out_when_it_may_be_of_a_later_process() {
        let line = Line { event: Event::Down, seq: 5, name: b"" };
        let status = |event| Status { event, last_run: Some(Death::Exit(3)), ..Status::default() };
        let exit = |event| Detail::of(&line, Some(&status(event))).exit;
        assert_eq!(exit(5), Some("exit=3".to_owned()));
        assert_eq!(exit(7), Some("exit=3".to_owned()));
        assert_eq!(exit(8), None);
    }
}
