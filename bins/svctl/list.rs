//! `svctl list`: which services there are by their files, whether they are enabled, and how they are.

use common::base::sort::sort_by;
use common::prelude::*;
use common::program::{print, warn};

use super::call::{Call, Operand, Verb, flag};
use super::cut::{cut, padded, width};
use super::known::Known;
use super::plain::plain;
use super::site::Kind as SiteKind;
use super::standing::Standing;
use super::terminal::Ink;
use crate::json::{Object, Value};
use crate::manager::compile::installed::{Installed, installed};

pub(super) const VERB: Verb = Verb {
    word: "list",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "list what is installed, enabled, running, failed, masked, broken",
    options: &[
        flag("--installed", "all that have a file, as without an option"),
        flag("--enabled", "those that a boot brings up"),
        flag("--running", "those that run"),
        flag("--failed", "those that have failed, or fail again and again"),
        flag("--masked", "those that are masked"),
        flag("--broken", "those whose files have mistakes"),
    ],
    run,
};

fn run(call: &Call) -> Result<Next> {
    let needs_live = call.has("--running") || call.has("--failed");
    let known = match Known::read(call) {
        Err(e) if needs_live => return Err(e),
        known => known.ok(),
    };
    let (mut all, lost) = installed(&call.site.directories())?;
    lost.iter().for_each(|line| warn(&"svctl", line));
    if let Some(known) = &known {
        let names = known.ids().map(|id| known.name(id));
        let gone: Vec<&str> =
            names.filter(|name| all.iter().all(|one| one.name != *name)).collect();
        let templates: Vec<String> =
            all.iter().filter(|one| one.is_template).map(|one| one.name.clone()).collect();
        all.extend(gone.into_iter().map(|name| {
            let template = name.split_once('@').map(|(template, _)| format!("{template}@"));
            let is_there = template.is_some_and(|name| templates.contains(&name));
            let error = is_there.then(|| "nobody names it any more".to_owned());
            Installed { name: name.to_owned(), error, ..Installed::default() }
        }));
        sort_by(&mut all, |a, b| a.name.cmp(&b.name));
    }
    let shown: Vec<Entry> = all
        .iter()
        .map(|one| Entry::new(one, known.as_ref()))
        .filter(|one| one.is_asked(call))
        .collect();
    if call.json {
        let text: String = shown.iter().map(Entry::object).collect();
        return Ok(Next::Exit(print(&text)));
    }
    if shown.is_empty() {
        return Ok(Next::Exit(print(&none(call, all.is_empty()))));
    }
    Ok(Next::Exit(print(&drawn(call, &shown))))
}

fn none(call: &Call, is_all: bool) -> String {
    let (own, packages) = (call.site.services.display(), call.site.packages.display());
    match is_all {
        true => format!("there are no service files in {own} and {packages}\n"),
        false => "there are none such\n".to_owned(),
    }
}

struct Entry<'a> {
    one: &'a Installed,
    /// How it stands, and whether it runs; none: it is not live.
    live: Option<(Standing, bool)>,
}

impl Entry<'_> {
    fn new<'a>(one: &'a Installed, known: Option<&Known>) -> Entry<'a> {
        let live = known.and_then(|known| {
            let id = known.view.graph.find(&one.name).filter(|id| !known.is_past(*id))?;
            Some((known.standing(id), known.is_up(id)))
        });
        Entry { one, live }
    }

    fn is_asked(&self, call: &Call) -> bool {
        let tests = [
            ("--installed", self.one.path.is_some()),
            ("--enabled", self.one.is_enabled),
            ("--running", self.live.is_some_and(|(_, is_up)| is_up)),
            ("--failed", self.live.is_some_and(|(standing, _)| standing.has_failed())),
            ("--masked", self.one.is_masked),
            ("--broken", self.one.errors > 0),
        ];
        tests.iter().all(|(option, _)| !call.has(option))
            || tests.iter().any(|(option, is)| *is && call.has(option))
    }

    fn standing(&self, call: &Call) -> &'static str {
        match self.live {
            Some((standing, _)) => standing.word(),
            None if call.site.kind == SiteKind::Image || self.one.is_template => "",
            None => "not live",
        }
    }

    fn enabled(&self) -> &'static str {
        match (self.one.is_masked, self.one.is_template, self.one.is_enabled) {
            (true, _, _) => "masked",
            (false, true, _) => "template",
            (false, false, true) => "enabled",
            (false, false, false) => "-",
        }
    }

    /// What is wrong with it, or where it is.
    fn file(&self) -> String {
        match (&self.one.error, &self.one.path) {
            (Some(error), _) if self.one.errors > 1 => {
                format!("{} ({} more)", plain(error), self.one.errors - 1)
            }
            (Some(error), _) => plain(error),
            (None, Some(path)) => plain(&path.display().to_string()),
            (None, None) => "its file is gone".to_owned(),
        }
    }

    fn object(&self) -> String {
        let mut object = Object::of("list");
        object.put("name", &Value::text(&self.one.name));
        let text = |path: &std::path::PathBuf| path.display().to_string();
        object.put("file", &Value::Text(self.one.path.as_ref().map(text)));
        object.put_texts("drop-ins", &self.one.drop_ins.iter().map(text).collect::<Vec<_>>());
        object.put("description", &Value::Text(self.one.description.clone()));
        object.put("enabled", &Value::Bool(self.one.is_enabled));
        object.put("masked", &Value::Bool(self.one.is_masked));
        object.put("template", &Value::Bool(self.one.is_template));
        object.put("errors", &Value::number(self.one.errors as u64));
        object.put("error", &Value::Text(self.one.error.clone()));
        object
            .put("state", &Value::Text(self.live.map(|(standing, _)| standing.word().to_owned())));
        object.line()
    }
}

fn drawn(call: &Call, shown: &[Entry]) -> String {
    let terminal = call.terminal;
    let most = terminal.width.map_or(usize::MAX, |columns| (columns / 3).max(8));
    let names = shown.iter().map(|entry| width(&entry.one.name)).max().unwrap_or(0).clamp(4, most);
    let states = shown.iter().map(|entry| entry.standing(call).len()).max().unwrap_or(0).max(5);
    let used = names + 2 + 8 + 2 + states + 2;
    // Where a path has no room beside the rest, it is a line of its own.
    const LEAST: usize = 30;
    let room = terminal.width.map(|columns| columns.saturating_sub(used));
    let fit = |text: &str| match room {
        Some(room) if room < LEAST => format!("\n  {text}"),
        Some(room) => cut(text, room),
        None => text.to_owned(),
    };
    let head = format!("{:<names$}  {:<8}  {:<states$}  FILE", "NAME", "ENABLED", "STATE");
    let mut text = format!("{}\n", terminal.paint(Ink::Faint, &head));
    for entry in shown {
        let standing = padded(entry.standing(call), states);
        let standing = match entry.live {
            Some((live, _)) => terminal.paint(live.ink(), &standing),
            None => standing,
        };
        let file = fit(&entry.file());
        let file = if entry.one.errors > 0 { terminal.paint(Ink::Bad, &file) } else { file };
        let line = format!(
            "{}  {:<8}  {standing}  {file}",
            padded(&entry.one.name, names),
            entry.enabled()
        );
        text.extend(line.lines().flat_map(|line| [line.trim_end(), "\n"]));
    }
    text
}
