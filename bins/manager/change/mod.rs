//! svc-change: asks the manager for something, and tells what comes of it.

pub(crate) mod ask;
mod concern;
mod contact;
mod hints;
mod killed;
pub(crate) mod options;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod voice;
pub(crate) mod wait;

use common::base::signal::Signal;
use common::os::fds::fill_stdio;
use common::os::signals::Signals;
use common::prelude::*;

use self::options::Task;
use self::output::Output;

pub(super) const PROGRAM: Program = Program {
    name: "svc-change",
    help: "[OPTION...] up|once|down|restart|reload|reset NAME...
       svc-change [OPTION...] apply [--plan | --confirm SECONDS] [GENERATION]
       svc-change [OPTION...] confirm|look|end
       svc-change [OPTION...] wait [--ready|--down|--settled] NAME...
Asks svc-managerd for something, tells what happens, and ends when it is done.
  up       be up from now on, with all that is needed for it
  once     be up until it ends by itself
  down     be down
  restart  go down and come up again, with those that depend on it
  reload   read the configuration again
  reset    forget failures and try again
  apply    make GENERATION live, or the one that svc-compile made last
  confirm  keep the generation that was applied with --confirm
  look     look at the facts for conditions again
  end      all go down, those that need others first; then svc-scan ends
  wait     ask for nothing, and wait until all are ready, down, or where they are to be
Options, before the verb or behind it:
  --with-dependents    down: also of those that need it
  --plan               apply: print what it would do, and do nothing
  --confirm SECONDS    apply: go back after so long, unless confirmed
  --no-test            restart, reload, apply: whatever before-start says
  --timeout TIME       wait at most so long, also for a manager: 30s, 5min; 0 is as --no-wait
  --no-wait            end when it is certain that it will be done; wait: look, and wait for nothing
  --json               print objects
  --quiet              print nothing but what went wrong
  --as PRINCIPAL       ask as a member of this group
  --dir DIR            where manager/ is (/run/coppice)
  --generations DIR    where the generations are (/var/lib/coppice)
  --facts DIR          where facts are, for --plan and wait (DIR/events/facts)
",
    main,
};

fn main(args: Args) -> Result<Next> {
    fill_stdio();
    let (options, task) = options::read(args)?;
    let mut output = Output::new(options.voice.program(), options.json, options.quiet);
    let code = match task {
        Task::Ask(request) => ask::ask(&options, &request, &signals()?, &mut output),
        Task::Plan(number) => plan::plan(&options, number, &mut output),
        Task::Wait(goal, names) => wait::wait(&options, goal, &names, &signals()?, &mut output),
    };
    code.map(Next::Exit)
}

/// All but those of job control are blocked from here on: a reader that leaves is no reason to die.
pub(crate) fn signals() -> Result<Signals> {
    let ends = [Signal::TERM, Signal::INT, Signal::HUP];
    let draws = [Signal::CONT, Signal::WINCH];
    Signals::take_at_terminal(&[ends.as_slice(), &draws].concat()).unable("take signals")
}

/// The signal that has arrived and ends us, if one has. Others wake us, so that what is drawn is drawn
/// anew; `comes_back` hears that we were stopped meanwhile.
fn ending(signals: &Signals, mut comes_back: impl FnMut()) -> Option<Signal> {
    loop {
        match signals.next()? {
            Signal::CONT => comes_back(),
            Signal::WINCH => {}
            signal => return Some(signal),
        }
    }
}

/// A name that is a path of one step, and no word of ours.
fn is_name(name: &str) -> bool {
    super::graph_file::is_fit(name)
}
