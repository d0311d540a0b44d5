//! coppice-bench: what the benchmarks start and time with. Linked as `run` into a service directory
//! it is the service.
#![no_main]

mod bare;
mod stamp;
mod stopwatch;

use std::ffi::OsString;

use common::prelude::*;

const PROGRAM: Program = Program {
    name: "coppice-bench",
    help: "bare DIR
       coppice-bench stamp FIFO NAME COMMAND...
       coppice-bench timed FIFO NAME COMMAND...
       coppice-bench repeat N COMMAND...
       coppice-bench nothing
Called `run`: writes a stamp to ../../stamps, then sleeps for ever.
  bare      the floor: starts DIR/*/run, starts again what dies, and does nothing else
  stamp     writes a stamp, then becomes COMMAND
  timed     runs COMMAND, with a stamp NAME.begin before it and NAME.end after it
  repeat    runs COMMAND N times, and prints the median of the nanoseconds that one run takes
  nothing   exits
A stamp is a line in a fifo: a name, the monotonic clock in nanoseconds, a pid.
",
    main: begin,
};

fn run(mut argv: Vec<OsString>) -> u8 {
    if argv.first().is_some_and(|name| name == "run" || name == "./run") {
        stamp::service();
    }
    argv.drain(..1.min(argv.len()));
    common::program::run(&PROGRAM, argv)
}

fn begin(mut args: Args) -> Result<Next> {
    let verb = args.operand("verb")?;
    match verb.to_str() {
        Some("bare") => bare::floor(args),
        Some("stamp") => stopwatch::stamped(args),
        Some("timed") => stopwatch::timed(args),
        Some("repeat") => stopwatch::repeated(args),
        Some("nothing") => Ok(Next::Exit(0)),
        Some(_) | None => Err(Error::user(format_args!("unknown verb {}", verb.display()))),
    }
}

common::entry!(run);
