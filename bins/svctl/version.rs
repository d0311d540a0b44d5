//! `svctl version`: of the programs here, and of what is live.

use common::prelude::*;
use common::program::print;

use super::call::{Call, Operand, Verb};
use crate::json::{Object, Value};

pub(super) const VERB: Verb = Verb {
    word: "version",
    arguments: "",
    count: 0..=0,
    operand: Operand::Nothing,
    summary: "print which version this is",
    options: &[],
    run,
};

fn run(call: &Call) -> Result<Next> {
    let version = env!("CARGO_PKG_VERSION");
    let text = if call.json {
        let mut object = Object::of("version");
        object.put("version", &Value::text(version));
        object.line()
    } else {
        format!("svctl (coppice) {version}\n")
    };
    Ok(Next::Exit(print(&text)))
}
