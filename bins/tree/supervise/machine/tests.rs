//! The machine against the table in its page, and against all short histories.

use common::base::stamp::Wall;
use common::format::letters::{COMMANDS, Command};
use common::format::status::Wanted;
use rustix::process::Pid;

use super::super::action::Target;
use super::*;

const PAGE: &str = include_str!("../../../../doc/html/svc-supervise.html");
/// The clock of the tests: the service was started one second before this, its timers are due later.
const NOW: Now = Now { wall: Wall(5_000_000_000), boot: Boot(60_000), chance: 0 };

/// A machine in a state of the table.
fn in_state(name: &str) -> Machine {
    let (leaving, name) = match name.strip_prefix("leaving-") {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let mut status = Status { seq: 7, leaving, started: Boot(59_000), ..Status::default() };
    let (phase, wanted) = match name {
        "down" => (Phase::Down, Wanted::Down),
        "waiting" => (Phase::Down, Wanted::Up),
        "starting" => (Phase::Starting(Kind::Run), Wanted::Up),
        "up" | "ready" | "restarting" => (Phase::Running(Kind::Run), Wanted::Up),
        "once" => (Phase::Running(Kind::Run), Wanted::Once),
        "stopping" => (Phase::Running(Kind::Run), Wanted::Down),
        "starting-finish" => (Phase::Starting(Kind::Finish), Wanted::Up),
        "finish" => (Phase::Running(Kind::Finish), Wanted::Up),
        "finish-once" => (Phase::Running(Kind::Finish), Wanted::Once),
        "finish-down" => (Phase::Running(Kind::Finish), Wanted::Down),
        _ => panic!("no state {name}"),
    };
    status.phase = phase;
    status.wanted = wanted;
    status.ready = (name == "ready").then_some(Wall(0));
    status.restarting = name == "restarting";
    status.stopping = name == "restarting" || name == "stopping";
    if matches!(phase, Phase::Running(_)) {
        status.pid = Pid::from_raw(100);
        status.kill_due = Some(Boot(70_000));
    }
    if name == "waiting" || wanted != Wanted::Down && matches!(phase, Phase::Running(Kind::Finish))
    {
        status.start_due = Some(Boot(61_000));
    }
    let settings = Settings { timeout_kill: 10_000, ..Settings::default() };
    Machine { status, settings, finish_limited: true }
}

/// The state of a machine, by its name in the table.
fn state_of(machine: &Machine) -> String {
    let s = &machine.status;
    let name = match (s.phase, s.wanted) {
        _ if s.left => return "left".to_owned(),
        (Phase::Down, Wanted::Down) => "down",
        (Phase::Down, Wanted::Up | Wanted::Once) => "waiting",
        (Phase::Starting(Kind::Run), _) => return "starting".to_owned(),
        (Phase::Starting(Kind::Finish), _) => return "starting-finish".to_owned(),
        (Phase::Running(Kind::Run), Wanted::Down) => "stopping",
        (Phase::Running(Kind::Run), _) if s.restarting => "restarting",
        (Phase::Running(Kind::Run), Wanted::Up) if s.ready.is_some() => "ready",
        (Phase::Running(Kind::Run), Wanted::Up) => "up",
        (Phase::Running(Kind::Run), Wanted::Once) => "once",
        (Phase::Running(Kind::Finish), _) if s.leaving => "finish",
        (Phase::Running(Kind::Finish), Wanted::Up) => "finish",
        (Phase::Running(Kind::Finish), Wanted::Once) => "finish-once",
        (Phase::Running(Kind::Finish), Wanted::Down) => "finish-down",
    };
    if s.leaving { format!("leaving-{name}") } else { name.to_owned() }
}

/// What happens in a row of the table, and when.
fn input(name: &str) -> (Now, Input) {
    let later = |ms| Now { boot: Boot(ms), ..NOW };
    match name {
        "started" => (NOW, Input::Started { pid: Pid::from_raw(101).unwrap(), start: 1 }),
        "not started" => (NOW, Input::NotStarted(2)),
        "died" => (NOW, Input::Died { death: Death::Exit(1), finish: false }),
        "died, with finish" => (NOW, Input::Died { death: Death::Exit(1), finish: true }),
        "died at once" => (later(59_500), Input::Died { death: Death::Exit(1), finish: false }),
        "exited 125" => (NOW, Input::Died { death: Death::Exit(125), finish: false }),
        "adopted" => (NOW, Input::Adopted),
        "restart time" => (later(61_000), Input::Due),
        "kill time" => (later(70_000), Input::Due),
        letter => {
            let command = Command::from_letter(letter.as_bytes()[0]).unwrap();
            assert_eq!(letter.len(), 1, "{letter}");
            (NOW, Input::Command(command))
        }
    }
}

/// An action in the words of the table.
fn word(action: Action) -> String {
    match action {
        Action::Record => "record".to_owned(),
        Action::Start(kind) => kind.word().to_owned(),
        Action::Complain(..) => "complain".to_owned(),
        Action::Signal(_, Target::Process, signal) => signal.to_string(),
        Action::Signal(_, Target::Group, signal) => format!("{signal}-group"),
        Action::Kill => "KILL-scope".to_owned(),
        Action::KillRest => "KILL-rest".to_owned(),
        Action::Reap => "reap".to_owned(),
        Action::Tally(_) => "tally".to_owned(),
        Action::Announce(event, _) => format!("say-{}", char::from(event.letter())),
        Action::MakeDown => "make-down".to_owned(),
        Action::RemoveDown => "remove-down".to_owned(),
        Action::Reexec => "reexec".to_owned(),
        Action::Leave => "leave".to_owned(),
    }
}

/// What the machine does, as a cell of the table says it: "actions → next state".
fn behaviour(state: &str, event: &str) -> String {
    let mut machine = in_state(state);
    let (now, input) = input(event);
    let actions: Vec<_> = machine.step(now, input).iter().map(word).collect();
    let next = state_of(&machine);
    match (actions.is_empty(), next == state) {
        (true, true) => "–".to_owned(),
        (_, true) => actions.join(" "),
        (_, false) => format!("{} → {next}", actions.join(" ")),
    }
}

/// The rows of the page's table: each a row of cells, the first of them names.
fn table() -> Vec<Vec<String>> {
    let from = PAGE.find("<table id=\"machine\">").unwrap();
    let table = &PAGE[from..from + PAGE[from..].find("</table>").unwrap()];
    let cells = |row: &str| {
        let cell = row.split("<t").skip(1).filter(|c| c.starts_with("h>") || c.starts_with("d>"));
        cell.map(|c| c[2..].split("</t").next().unwrap().trim().to_owned()).collect()
    };
    table.split("<tr>").skip(1).map(cells).collect()
}

#[test]
fn the_machine_does_what_its_page_says() {
    let table = table();
    let states = &table[0][1..];
    assert_eq!(states.len(), 15);
    let mut wrong = Vec::new();
    for row in &table[1..] {
        assert_eq!(row.len(), states.len() + 1, "{}", row[0]);
        for (state, said) in states.iter().zip(&row[1..]) {
            let does = behaviour(state, &row[0]);
            if does != *said {
                wrong.push(format!("{} in {state}: page \"{said}\", machine \"{does}\"", row[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (letter, _, _, _) in COMMANDS {
        let letter = char::from(*letter).to_string();
        assert!(table.iter().any(|row| row[0] == letter), "no row for {letter}");
    }
}

/// s6-permafailon in finish reads the tally: the death that finish is about must be in it.
#[test]
fn a_death_is_counted_before_finish_is_started() {
    for state in ["up", "ready"] {
        let does = behaviour(state, "died, with finish");
        assert!(does.contains("tally finish"), "{state}: {does}");
    }
}

/// Whoever waits for the end of what was asked for once would wait for ever.
#[test]
fn a_start_that_fails_and_is_not_tried_again_is_announced_as_finished() {
    let mut machine = in_state("starting");
    machine.status.wanted = Wanted::Once;
    let actions: Vec<_> = machine.step(NOW, Input::NotStarted(2)).iter().map(word).collect();
    assert_eq!(actions, ["complain", "record", "say-D"]);
    assert_eq!(state_of(&machine), "down");
}
