//! The logger of a service in a drill: svc-log, seen to be the only one.

use common::prelude::*;

use super::files;

pub(crate) const PROGRAM: Program = Program {
    name: "logger",
    help: "SCRIPT NAME
A run script: becomes the svc-log that is in PATH, which logs to ./main and rotates often.
",
    main,
};

/// Far more archives than there will be.
const WORDS: [&str; 4] = ["svc-log", "n1000000", "s4096", "./main"];

fn main(mut args: Args) -> Result<Next> {
    let _script = args.operand("script")?;
    let alone = files::alone("logger")?;
    // It is held as long as svc-log lives.
    rustix::io::fcntl_setfd(&alone, rustix::io::FdFlags::empty()).unable("keep the lock")?;
    std::mem::forget(alone);
    Ok(Next::Exec(Vec::from(WORDS.map(Into::into)).into()))
}
