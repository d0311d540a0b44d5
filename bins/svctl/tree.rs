//! `svctl tree`: what services need, or who needs them, drawn.

use common::base::error::exit;
use common::prelude::*;
use common::program::{print, warn};

use super::call::{ANY, Call, Operand, Verb, flag, option};
use super::cut::cut;
use super::known::Known;
use super::names::meant;
use super::site::Kind as SiteKind;
use super::terminal::Ink;
use crate::json::{Object, Value};
use crate::manager::graph::{Edge, Id, Relation};
use crate::manager::graph_file::words;
use crate::manager::view::View;

pub(super) const VERB: Verb = Verb {
    word: "tree",
    arguments: "[NAME...]",
    count: 0..=ANY,
    operand: Operand::Service,
    summary: "draw what services need; all that are enabled, if none is named",
    options: &[
        flag("--users", "who needs them instead"),
        option("--depth", "N", "not deeper than N steps"),
    ],
    run,
};

/// Deeper than this a number stands for the lines: nobody could follow them.
const DRAWN: usize = 24;

fn run(call: &Call) -> Result<Next> {
    let depth = call.value("--depth")?.unwrap_or(usize::MAX);
    let (known, view) = match Known::read(call) {
        Ok(known) => (Some(known), None),
        // An image, or what was never live, has the generation that would be booted.
        Err(e) if call.site.kind == SiteKind::Image || e.code == exit::NOT_SUPERVISED => {
            let view = View::generation(&call.site.sources(), "boot").map_err(|_| e)?;
            (None, Some(view))
        }
        Err(e) => return Err(e),
    };
    let Some(view) = known.as_ref().map(|known| &known.view).or(view.as_ref()) else {
        return Ok(Next::Exit(exit::OK));
    };
    let tops: Vec<Result<Id>> = match &known {
        _ if call.operands.is_empty() => view.boot.iter().copied().map(Ok).collect(),
        Some(known) => meant(call, known)?,
        None => call.names()?.iter().map(|name| view.find(name)).collect(),
    };
    let is_alone = tops.len() == 1;
    let users = call.has("--users");
    let mut drawing = Drawing {
        call,
        known: known.as_ref(),
        view,
        users,
        depth,
        text: String::new(),
        seen: vec![false; view.graph.len()],
    };
    let mut code = exit::OK;
    for top in tops {
        match top {
            Ok(id) => drawing.draw(id),
            Err(e) if is_alone => return Err(e),
            Err(e) => {
                warn(&"svctl", &e.message);
                code = code.max(e.code);
            }
        }
    }
    if drawing.text.is_empty() && code == exit::OK && !call.json {
        drawing.text = format!("nothing is enabled ({} list)\n", call.site.command());
    }
    Ok(Next::Exit(print(&drawing.text).max(code)))
}

struct Drawing<'a> {
    call: &'a Call,
    known: Option<&'a Known>,
    view: &'a View,
    users: bool,
    depth: usize,
    text: String,
    /// Whose branches are drawn already.
    seen: Vec<bool>,
}

/// A line to come.
struct Branch {
    from: Option<Id>,
    relation: Option<Relation>,
    id: Id,
    depth: usize,
    is_last: bool,
    /// At which of the first levels a line goes on below: a bit for each.
    open: u32,
}

impl Drawing<'_> {
    /// A service and all below it. Not recursion: a chain may be as long as there are services.
    fn draw(&mut self, top: Id) {
        let top = Branch { from: None, relation: None, id: top, depth: 0, is_last: true, open: 0 };
        let mut left = vec![top];
        while let Some(branch) = left.pop() {
            let below = self.below(&branch);
            let is_new = !std::mem::replace(&mut self.seen[branch.id as usize], true);
            let is_cut = branch.depth >= self.depth && !below.is_empty();
            let is_repeated = !is_new && !below.is_empty();
            self.line(
                &branch,
                if is_repeated {
                    " (see above)"
                } else if is_cut {
                    " ..."
                } else {
                    ""
                },
            );
            if is_new && !is_cut {
                left.extend(below);
            } else if is_cut {
                // It may be met again where there is room for what is below.
                self.seen[branch.id as usize] = !is_new;
            }
        }
    }

    /// What is one step below, the first of them last.
    fn below(&self, branch: &Branch) -> Vec<Branch> {
        let graph = &self.view.graph;
        let edges = if self.users { graph.incoming(branch.id) } else { graph.outgoing(branch.id) };
        let counts = |edge: &&Edge| edge.relation.pulls() || edge.relation == Relation::PartOf;
        let open = match branch.is_last || branch.depth == 0 {
            true => branch.open,
            false => branch.open | 1_u32.checked_shl(branch.depth as u32).unwrap_or(0),
        };
        let make = |(place, edge): (usize, &Edge)| Branch {
            from: Some(branch.id),
            relation: Some(edge.relation),
            id: edge.other,
            depth: branch.depth + 1,
            is_last: place == 0,
            open,
        };
        edges.iter().filter(counts).rev().enumerate().map(make).collect()
    }

    fn line(&mut self, branch: &Branch, end: &str) {
        let name = self.view.name(branch.id);
        let standing = self.known.map(|known| known.standing(branch.id));
        if self.call.json {
            let mut object = Object::of("tree");
            object.put("name", &Value::text(name));
            object.put("depth", &Value::number(branch.depth as u64));
            object
                .put("from", &Value::Text(branch.from.map(|from| self.view.name(from).to_owned())));
            let (word, loss) = branch.relation.map(words).unzip();
            object.put("relation", &Value::Text(word.map(str::to_owned)));
            object.put("on-loss", &Value::Text(loss.flatten().map(str::to_owned)));
            object.put("state", &Value::Text(standing.map(|standing| standing.word().to_owned())));
            object.put("repeated", &Value::Bool(end == " (see above)"));
            self.text += &object.line();
            return;
        }
        let terminal = self.call.terminal;
        let (word, loss) = branch.relation.map(words).unzip();
        let word = word.filter(|word| *word != "requires").map(|word| format!("{word} "));
        let loss = loss.flatten().filter(|loss| *loss != "stop" && *loss != "ignore");
        let loss = loss.map(|loss| format!(", {loss} with it")).unwrap_or_default();
        let state = standing.map(|standing| format!(" {}", standing.word())).unwrap_or_default();
        let lines = self.lines(branch);
        let mark = standing.map(|standing| standing.mark(terminal) + " ").unwrap_or_default();
        let width = lines.chars().count() + 2;
        let rest = format!("{}{name}{state}{loss}{end}", word.unwrap_or_default());
        let rest = terminal
            .width
            .map_or(rest.clone(), |columns| cut(&rest, columns.saturating_sub(width).max(10)));
        self.text += &format!("{}{mark}{rest}\n", terminal.paint(Ink::Faint, &lines));
    }

    /// The lines in front of a name.
    fn lines(&self, branch: &Branch) -> String {
        let (open, none, branches) = match self.call.terminal.has_unicode {
            true => ("│  ", "   ", ["├─ ", "└─ "]),
            false => ("|  ", "   ", ["|- ", "`- "]),
        };
        if branch.depth == 0 {
            return String::new();
        }
        if branch.depth > DRAWN {
            return format!("{} steps down: ", branch.depth);
        }
        let levels =
            (1..branch.depth).map(|level| if branch.open >> level & 1 == 1 { open } else { none });
        levels.chain([branches[usize::from(branch.is_last)]]).collect()
    }
}
