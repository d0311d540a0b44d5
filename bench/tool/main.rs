//! coppice-bench: what the benchmarks start and time with. Linked as `run` into a service directory
//! it is the service.
#![no_main]

mod bare;
mod flood;
mod order;
mod plain;
mod stamp;
mod stopwatch;

use std::ffi::OsString;

use common::prelude::*;

const PROGRAM: Program = Program {
    name: "coppice-bench",
    help: "bare DIR
       coppice-bench order FIFO FILE
       coppice-bench service FIFO NAME [FD|socket]
       coppice-bench once FIFO NAME
       coppice-bench stamp FIFO NAME COMMAND...
       coppice-bench timed FIFO NAME COMMAND...
       coppice-bench repeat N COMMAND...
       coppice-bench nothing
       coppice-bench flood LENGTH BYTES SIZE
       coppice-bench lone FILE N MS
       coppice-bench plain none|tai64n DIR
       coppice-bench sink
Called `run`: writes a stamp to ../../stamps, then sleeps for ever.
  bare      the floor: starts DIR/*/run, starts again what dies, and does nothing else
  order     the floor of a manager: starts what FILE names, each when what it needs is ready; a line is
            plain|notify|once NAME NEEDED...
  service   writes a stamp, says that it is ready, to a descriptor or as sd_notify(3), and sleeps
  once      writes a stamp, and exits
  stamp     writes a stamp, then becomes COMMAND
  timed     runs COMMAND, with a stamp NAME.begin before it and NAME.end after it
  repeat    runs COMMAND N times, and prints the median of the nanoseconds that one run takes
  nothing   exits
  flood     writes BYTES of lines of this average LENGTH, so many at a time or, if SIZE is 0, each by
            itself; on stderr: when it began
  lone      writes N lines, each MS after the one before has come to FILE; on stderr: how many
            nanoseconds each took
  plain     the floor of a logger: stdin to DIR, with stamps and rotation, and nothing else
  sink      stdin to nowhere, with pauses, so that a writer of lines is as fast as it can be
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
        Some("order") => order::floor(args),
        Some("service") => stamp::managed(args),
        Some("once") => stamp::once(args),
        Some("stamp") => stopwatch::stamped(args),
        Some("timed") => stopwatch::timed(args),
        Some("repeat") => stopwatch::repeated(args),
        Some("flood") => flood::flood(args),
        Some("lone") => flood::lone(args),
        Some("plain") => plain::floor(args),
        Some("sink") => plain::sink(args),
        Some("nothing") => Ok(Next::Exit(0)),
        Some(_) | None => Err(Error::user(format_args!("unknown verb {}", verb.display()))),
    }
}

common::entry!(run);
