//! svc-ok: is a supervisor running on this service directory?

use common::base::error::exit;
use common::prelude::*;

use super::client::Service;

pub(super) const PROGRAM: Program = Program {
    name: "svc-ok",
    help: "DIR
Tells by its exit code whether a supervisor is running on the service directory DIR.
Prints nothing. 0: yes. 1: no.
",
    main,
};

fn main(mut args: Args) -> Result<Next> {
    args.no_options()?;
    let dir = args.operand("service directory")?;
    args.end()?;
    let yes = Service::open(&dir)?.is_supervised()?;
    Ok(Next::Exit(if yes { exit::OK } else { exit::NO }))
}
