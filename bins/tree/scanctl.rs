//! svc-scanctl: send commands to svc-scan, or replace a running tree by what is now installed.

use std::ffi::OsString;

use common::base::args::unknown;
use common::base::error::exit;
use common::format::letters::ScanCommand;
use common::os::fds::fill_stdio;
use common::prelude::*;

use super::scandir::ScanDir;
use super::upgrade::upgrade;

pub(super) const PROGRAM: Program = Program {
    name: "svc-scanctl",
    help: "[-LETTERS] [DIR]
       svc-scanctl COMMAND [DIR]
       svc-scanctl --reexec [-t MS] [DIR]
Sends commands to the svc-scan of the scan directory DIR, in the order given. DIR is the current
directory by default.
  -a scan       look for new and changed entries
  -n prune      stop what was gone at the last scan; its logger ends at end of file
  -N prune-all  the same, and stop its logger at once
  -h update     scan, then prune
  -t terminate  stop all services, then their loggers, then end; -i is the same
  -q quit       stop all services and loggers at once, then end
  -b abort      end now and leave all supervisors alone
  -z reap       look for dead children
  -E            replace svc-scan alone by the program now installed
  --reexec      replace every supervisor, then svc-scan, by the programs now installed; no service
                is restarted. Also without the dashes
  -t MS         with --reexec: give up a step after MS milliseconds, 10000 by default
",
    main,
};

/// What goes in one write, whole or not at all.
const MAX: usize = 4096;
/// How long one step of --reexec may take. A loaded machine takes milliseconds; who has not answered
/// by then hangs.
const STEP_MS: u64 = 10_000;

enum Order {
    Send(Vec<u8>),
    Upgrade { step_ms: u64 },
}

fn main(mut args: Args) -> Result<Next> {
    fill_stdio();
    let mut order = options(&mut args, Order::Send(Vec::new()))?;
    if let Order::Send(letters) = &order
        && letters.is_empty()
    {
        let word = args.operand("command")?;
        let named = word.to_str().and_then(ScanCommand::from_name);
        let bad = || Error::user(format_args!("unknown command {}", word.display()));
        let command = named.ok_or_else(bad)?;
        order = if command == ScanCommand::Reexec {
            options(&mut args, Order::Upgrade { step_ms: STEP_MS })?
        } else {
            Order::Send(vec![command.letter()])
        };
    }
    let dir: OsString = args.next_operand().unwrap_or_else(|| ".".into());
    args.end()?;
    let scan = ScanDir::open(&dir)?;
    match order {
        Order::Send(letters) if letters.len() > MAX => {
            Err(Error::user(format_args!("more than {MAX} commands")))
        }
        Order::Send(letters) => scan.send(&letters).map(|()| Next::Exit(exit::OK)),
        Order::Upgrade { step_ms } => upgrade(&PROGRAM, &scan, step_ms).map(Next::Exit),
    }
}

fn options(args: &mut Args, mut order: Order) -> Result<Order> {
    while let Some(option) = args.option()? {
        order = match (option.as_str(), order) {
            ("--reexec", Order::Send(letters)) if letters.is_empty() => {
                Order::Upgrade { step_ms: STEP_MS }
            }
            ("-t", Order::Upgrade { .. }) => {
                Order::Upgrade { step_ms: args.value("number of milliseconds")? }
            }
            (option, Order::Send(mut letters)) => {
                letters.push(letter(option).ok_or_else(|| unknown(option))?);
                Order::Send(letters)
            }
            (option, Order::Upgrade { .. }) => {
                return Err(Error::user(format_args!("{option} does not go with --reexec")));
            }
        };
    }
    Ok(order)
}

fn letter(option: &str) -> Option<u8> {
    match option.as_bytes() {
        [b'-', letter] => ScanCommand::from_letter(*letter).map(ScanCommand::letter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::format::letters::SCAN_COMMANDS;

    #[test]
    fn the_help_has_every_command() {
        for (letter, command, name, what) in SCAN_COMMANDS {
            let line = format!("  -{} {name}", char::from(*letter));
            let found = PROGRAM.help.lines().find(|l| l.starts_with(&line)).unwrap_or("");
            let said = found.trim_start_matches(&line).trim().starts_with(what);
            assert!(said || *command == ScanCommand::Reexec, "{line}: {found}");
        }
    }
}
