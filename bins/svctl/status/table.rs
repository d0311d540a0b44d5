//! All services, a line each, those that need a look first.

use std::borrow::Cow;

use common::base::sort::sort_by_key;
use common::os::{cgroup, file};
use rustix::fs::CWD;

use super::usage;
use crate::json::{Object, Value};
use crate::manager::graph::{Id, Kind};
use crate::manager::graph_file::kind;
use crate::svctl::ages::{bytes, short};
use crate::svctl::call::Call;
use crate::svctl::cut::{cut, pad, padded, width};
use crate::svctl::known::Known;
use crate::svctl::refused;
use crate::svctl::site::Site;
use crate::svctl::standing::Standing;
use crate::svctl::terminal::{Ink, Terminal};

/// A column is not wider than its longest cell, and names not than this part of a line.
const WIDEST_NAME: usize = 3;
type Cells<'a> = [Cow<'a, str>; 7];
const HEAD: [&str; 7] = ["NAME", "STATE", "SINCE", "PID", "AGAIN", "MEMORY", "REASON"];

/// The whole answer.
pub(super) fn answer(call: &Call, known: &Known) -> String {
    let ids = in_order(known);
    let memory = memory(call, known);
    if call.json {
        let mut text = tree(call, known).line();
        ids.iter().for_each(|id| {
            let mut object = Object::of("status");
            put(&mut object, &call.site, known, *id);
            object.put("memory", &Value::Number(memory[*id as usize].map(u64::cast_signed)));
            text += &object.line();
        });
        return text;
    }
    let mut text = String::new();
    for line in known.warnings(&call.site) {
        text += &format!("{}\n", call.terminal.paint(Ink::Bad, &format!("! {line}")));
    }
    let rows: Vec<Cells> = ids.iter().map(|id| row(known, *id, &memory)).collect();
    text += &drawn(call.terminal, known, &ids, &rows);
    text + &counts(call.terminal, known)
}

/// What is to be known of the tree as a whole.
fn tree(call: &Call, known: &Known) -> Object {
    let mut object = Object::of("status-tree");
    object.put("managed", &Value::Bool(known.is_managed));
    object.put("scanned", &Value::Bool(known.is_scanned));
    object.put("generation", &Value::Number(known.generation().map(u64::cast_signed)));
    object.put_texts("warnings", &known.warnings(&call.site));
    object.put("services", &Value::number(known.ids().count() as u64));
    for standing in Standing::ALL {
        let count = known.count(standing);
        object.put(standing.word(), &Value::number(count as u64));
    }
    object
}

/// What every object of a service begins with.
pub(super) fn put(object: &mut Object, site: &Site, known: &Known, id: Id) {
    let explanation = known.explanation();
    let number = |number: Option<u64>| Value::Number(number.map(u64::cast_signed));
    object.put("name", &Value::text(known.name(id)));
    object.put("kind", &Value::text(kind(known.view.graph.service(id).kind)));
    object.put("state", &Value::text(known.standing(id).word()));
    object.put("up", &Value::Bool(known.is_up(id)));
    object.put("ready", &Value::Bool(known.standing(id) == Standing::Ready));
    object.put("wanted", &Value::Bool(known.engine.is_needed(id)));
    object.put("enabled", &Value::Bool(known.view.boot.contains(&id)));
    object.put("gone", &Value::Bool(explanation.is_gone(id)));
    object.put("since", &Value::Text(known.since(id).map(|since| since.iso())));
    let pid = known.status(id).and_then(|status| status.pid);
    object.put("pid", &Value::Number(pid.map(|pid| pid.as_raw_pid().into())));
    object.put("restarts", &Value::number(known.restarts(id)));
    object.put("retry-ms", &number(known.retry(id)));
    object.put("reason", &Value::Text(known.reason(id)));
    let refusal = known.refused(site).find(known.name(id));
    let log_error = refusal.map(|refusal| refusal.reason.clone());
    object.put("log-error", &Value::Text(log_error));
    let since = refusal.map(|refusal| refused::since(refusal, (known.wall, known.boot)).iso());
    object.put("log-error-since", &Value::Text(since));
    let root = known.root(id).filter(|_| !known.standing(id).is_settled());
    object.put("root", &Value::Text(root.map(|(root, _)| known.name(root).to_owned())));
}

/// Problems first, then by name.
pub(in crate::svctl) fn in_order(known: &Known) -> Vec<Id> {
    let mut ids: Vec<Id> = known.ids().collect();
    sort_by_key(&mut ids, |id| known.standing(*id));
    ids
}

/// What those take that have a cgroup of their own.
fn memory(call: &Call, known: &Known) -> Vec<Option<u64>> {
    let mut all = vec![None; known.view.graph.len()];
    let (Ok(scan), Ok(root)) = (file::open_dir(CWD, call.site.places().scan), cgroup::origin("/"))
    else {
        return all;
    };
    if !usage::counts_memory(&root) {
        return all;
    }
    for id in known.view.graph.ids() {
        let Some(pid) = known.status(id).and_then(|status| status.pid) else { continue };
        let path = format!("{}/cgroup", known.name(id));
        let has_own = known.view.graph.service(id).kind == Kind::Daemon
            && rustix::fs::statat(&scan, path.as_str(), rustix::fs::AtFlags::empty()).is_ok();
        if has_own {
            all[id as usize] = usage::memory(&root, pid);
        }
    }
    all
}

fn row<'a>(known: &'a Known, id: Id, memory: &[Option<u64>]) -> Cells<'a> {
    let status = known.status(id);
    let pid = status.and_then(|status| status.pid).map(|pid| pid.as_raw_pid().to_string());
    let restarts = Some(known.restarts(id)).filter(|count| *count > 0);
    [
        known.name(id).into(),
        known.standing(id).word().into(),
        known.since(id).map(|since| short(since, known.wall)).unwrap_or_default().into(),
        pid.unwrap_or_default().into(),
        restarts.map(|count| count.to_string()).unwrap_or_default().into(),
        memory[id as usize].map(bytes).unwrap_or_default().into(),
        known.reason(id).unwrap_or_default().into(),
    ]
}

/// The lines. A column in which nothing is, is left out, but for the first three.
fn drawn(terminal: Terminal, known: &Known, ids: &[Id], rows: &[Cells]) -> String {
    let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..HEAD.len()).map(widest).collect();
    let shown: Vec<bool> = (0..HEAD.len()).map(|column| column < 3 || widths[column] > 0).collect();
    if rows.is_empty() {
        return String::new();
    }
    widths.iter_mut().zip(HEAD).for_each(|(width, head)| *width = (*width).max(head.len()));
    if let Some(columns) = terminal.width {
        widths[0] = widths[0].min((columns / WIDEST_NAME).max(HEAD[0].len()));
    }
    let line = |text: &mut String, mark: &str, cells: &Cells, ink: Option<Ink>| {
        let mut used = 2;
        *text += mark;
        text.push(' ');
        for column in (0..HEAD.len()).filter(|column| shown[*column]) {
            let is_last = column == HEAD.len() - 1;
            let left = terminal.width.map(|width| width.saturating_sub(used));
            if is_last {
                match left {
                    Some(left) => *text += &cut(&cells[column], left),
                    None => *text += &cells[column],
                }
                continue;
            }
            // What does not fit at all is left out, in each line alike.
            if left.is_some_and(|left| left < widths[column]) {
                break;
            }
            match ink {
                Some(ink) if column == 1 => {
                    *text += &terminal.paint(ink, &padded(&cells[column], widths[column]));
                }
                Some(_) | None => pad(text, &cells[column], widths[column]),
            }
            *text += "  ";
            used += widths[column] + 2;
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    };
    let mut head = String::new();
    line(&mut head, " ", &HEAD.map(Cow::from), None);
    let mut text = terminal.paint(Ink::Faint, head.trim_end()) + "\n";
    for (id, row) in ids.iter().zip(rows) {
        let standing = known.standing(*id);
        line(&mut text, &standing.mark(terminal), row, Some(standing.ink()));
    }
    text
}

/// `12 services: 9 ready, 1 failed, 2 down`
fn counts(terminal: Terminal, known: &Known) -> String {
    let standings: Vec<Standing> = known.ids().map(|id| known.standing(id)).collect();
    let count = |of| standings.iter().filter(|standing| **standing == of).count();
    let all = standings.len();
    let mut order = vec![Standing::Ready];
    order.extend(Standing::ALL.into_iter().filter(|standing| *standing != Standing::Ready));
    let parts: Vec<String> = order
        .into_iter()
        .map(|standing| (standing, count(standing)))
        .filter(|(_, count)| *count > 0)
        .map(|(standing, count)| format!("{count} {}", standing.word()))
        .collect();
    let s = if all == 1 { "" } else { "s" };
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let line = format!("{all} service{s}{parts}");
    terminal.width.map_or(line.clone(), |columns| cut(&line, columns)) + "\n"
}
