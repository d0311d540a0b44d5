//! svc-ctl: send commands to supervisors, and wait for what comes of them.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;

use common::base::args::unknown;
use common::base::error::exit;
use common::base::signal::Signal;
use common::format::letters::{COMMANDS, Command};
use common::os::fds::fill_stdio;
use common::prelude::*;
use common::program::warn;

use super::client::{Service, each};
use super::goal::Goal;
use super::wait_for::{HowMany, Wait, deadline};
use super::watched::Watched;

pub(super) const PROGRAM: Program = Program {
    name: "svc-ctl",
    help: "[-LETTERS] [-s SIGNAL] [-w STATE] [-T MS] DIR...
       svc-ctl COMMAND [-w STATE] [-T MS] DIR...
Sends commands to the supervisors of the service directories DIR, in the order given.
  -u up            start it, and again whenever it dies
  -d down          stop it and keep it down
  -o once          start it, and not again when it dies
  -O at-most-once  do not start it again when it dies
  -U up-persist    up, and remove the file down
  -D down-persist  down, and make the file down
  -Q once-persist  at-most-once, and make the file down
  -r restart       stop it; it is started again at once
  -l reload        send the reload signal: HUP, or that of the file reload-signal
  -x exit          end the supervisor when the service is down
  -a alarm         send SIGALRM
  -b abort         send SIGABRT
  -q quit          send SIGQUIT
  -h hup           send SIGHUP
  -k kill          send SIGKILL
  -t term          send SIGTERM
  -i interrupt     send SIGINT
  -1 usr1          send SIGUSR1
  -2 usr2          send SIGUSR2
  -y winch         send SIGWINCH
  -p pause         send SIGSTOP
  -c continue      send SIGCONT
  -P pause-group   send SIGSTOP to its process group
  -C continue-group  send SIGCONT to its process group
  -K kill-group    send SIGKILL to its process group
  -R ready         note that it is ready
  -N unready       note that it is no longer ready
  -E reexec        replace the supervisor by the program now installed
  -V vanish        end the supervisor at once and leave the process alone
  -s SIGNAL        the command that sends SIGNAL, by name or number
  -w STATE         then wait until it is u up, U ready, d down, D finished, r restarted,
                   R restarted and ready
  -T MS            wait at most MS milliseconds; 0, the default, is no limit
",
    main,
};

/// What goes in one write, whole or not at all.
const MAX: usize = 4096;

#[derive(Default)]
struct Order {
    letters: Vec<u8>,
    goal: Option<Goal>,
    limit: u64,
}

fn main(mut args: Args) -> Result<Next> {
    fill_stdio();
    let mut order = Order::default();
    options(&mut args, &mut order)?;
    let mut dirs: Vec<OsString> = Vec::new();
    if order.letters.is_empty() {
        let word = args.operand("command")?;
        match word.to_str().and_then(Command::from_name) {
            Some(command) => order.letters.push(command.letter()),
            // Waiting alone is svc-wait's job, but s6-svc does it too.
            None if order.goal.is_some() => dirs.push(word),
            None => return Err(Error::user(format_args!("unknown command {}", word.display()))),
        }
        if dirs.is_empty() {
            options(&mut args, &mut order)?;
        }
    }
    if dirs.is_empty() {
        dirs = args.operands("service directory")?;
    } else {
        dirs.extend(std::iter::from_fn(|| args.next_operand()));
    }
    if order.letters.len() > MAX {
        return Err(Error::user(format_args!("more than {MAX} commands")));
    }
    let code = match order.goal {
        None => each(PROGRAM.name, &dirs, |dir| send(dir, &order.letters))?,
        Some(goal) => send_and_wait(&dirs, &order, goal)?,
    };
    Ok(Next::Exit(code))
}

fn options(args: &mut Args, order: &mut Order) -> Result<()> {
    while let Some(option) = args.option()? {
        match option.as_str() {
            "-w" => {
                let word: String = args.value("state")?;
                let bad = || Error::user(format_args!("unknown state {word}"));
                order.goal = Some(Goal::parse(&word).ok_or_else(bad)?);
            }
            "-T" => order.limit = args.value("number of milliseconds")?,
            "-s" => {
                let word: String = args.value("signal")?;
                let bad = || Error::user(format_args!("no command sends signal {word}"));
                order.letters.push(sends(&word).ok_or_else(bad)?.letter());
            }
            option => order.letters.push(letter(option).ok_or_else(|| unknown(option))?),
        }
    }
    Ok(())
}

fn letter(option: &str) -> Option<u8> {
    match option.as_bytes() {
        [b'-', letter] => Command::from_letter(*letter).map(Command::letter),
        _ => None,
    }
}

/// The command that sends a signal.
fn sends(word: &str) -> Option<Command> {
    match Signal::parse(word)? {
        Signal::STOP => Some(Command::Pause),
        Signal::CONT => Some(Command::Continue),
        signal => COMMANDS.iter().map(|row| row.1).find(|c| *c == Command::Signal(signal)),
    }
}

fn send(dir: &OsStr, letters: &[u8]) -> Result<u8> {
    let service = Service::open(dir)?;
    service.send(&service.open_control()?, letters)?;
    Ok(exit::OK)
}

/// Listens to all, sends to all, waits for all. Nothing is sent unless everything could be opened.
fn send_and_wait(dirs: &[OsString], order: &Order, goal: Goal) -> Result<u8> {
    common::os::fds::raise_open_files();
    let due = deadline(order.limit);
    let mut wait = Wait::default();
    let mut controls = Vec::with_capacity(dirs.len());
    for dir in dirs {
        let service = Service::open(dir)?;
        if !order.letters.is_empty() {
            controls.push(service.open_control()?);
        }
        let goal = attainable(&service, goal);
        wait.add(service, goal)?;
    }
    for one in wait.services().iter() {
        restartable(one, order, goal)?;
    }
    for (one, control) in wait.services().iter_mut().zip(&controls) {
        one.forgive();
        one.service().send(control, &order.letters)?;
    }
    wait.wait(HowMany::Each, due)?;
    // Until here: a letter that a killed supervisor has not read waits in the fifo for the next one.
    drop::<Vec<OwnedFd>>(controls);
    Ok(exit::OK)
}

/// A service that can't tell when it is ready is only waited for to be up.
fn attainable(service: &Service, goal: Goal) -> Goal {
    let less = goal.without_readiness();
    if less == goal || service.has("notification-fd") {
        return goal;
    }
    let text = format_args!(
        "{} has no notification-fd: waiting until it is {}, not {}",
        service.path(),
        less.word(),
        goal.word()
    );
    warn(&PROGRAM.name, &text);
    less
}

/// Says so if a restart was asked for that can't happen: a service that is down stays down when it
/// is told to restart, and would be waited for in vain.
fn restartable(one: &Watched, order: &Order, goal: Goal) -> Result<()> {
    let starts = |letter: &u8| b"uUo".contains(letter);
    if !goal.is_restart() || order.letters.iter().any(starts) || !one.view().stays_down() {
        return Ok(());
    }
    let path = one.service().path();
    Err(Error::new(exit::NO, format_args!("{path} is down: nothing to restart (-u starts it)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_has_every_command() {
        for (letter, _, name, what) in COMMANDS {
            let line = format!("  -{} {name}", char::from(*letter));
            let found = PROGRAM.help.lines().find(|l| l.starts_with(&line)).unwrap_or("");
            assert!(found.trim_start_matches(&line).trim() == *what, "{line}: {found}");
        }
    }

    #[test]
    fn signals_have_commands() {
        assert_eq!(sends("SIGKILL"), Some(Command::Signal(Signal::KILL)));
        assert_eq!(sends("stop"), Some(Command::Pause));
        assert_eq!(sends("18"), Some(Command::Continue));
        assert_eq!(sends("SEGV"), None);
    }
}
