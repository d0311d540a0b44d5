//! Who speaks: svc-change, or another program that asks the manager for something and says so in its
//! own words.

use std::path::{Path, PathBuf};

use common::base::error::exit;
use common::prelude::*;

use super::PROGRAM;
use crate::manager::places::{GENERATIONS, USUAL};
use crate::manager::request::Request;

/// How a program puts it.
pub(crate) trait Voice {
    /// Its name, in front of what it says.
    fn program(&self) -> &'static str;
    /// The command that makes a service be up, without its name.
    fn start(&self) -> String;
    /// The command that restarts a service, without its name.
    fn restart(&self) -> String;
    /// The command that tells why a service is where it is, without its name.
    fn why(&self) -> String;
    /// The option, or the command, that takes down what others need, and those.
    fn with_dependents(&self) -> String;
    /// The command that names all services.
    fn list(&self) -> String;
    /// What there is to say of names that nothing live has; none: that, and who may be meant.
    fn unknown(&self, names: &[&str]) -> Option<Error>;
    /// There is no manager.
    fn nobody(&self) -> Error;
    /// All of these may command, and none of them is the caller.
    fn forbidden(&self, principals: &[String]) -> Error;
    /// The command that tells what comes of a request that goes on alone.
    fn follow(&self, request: &Request) -> Option<String>;
}

/// svc-change itself.
pub(super) struct Plain {
    pub(super) dir: PathBuf,
    pub(super) generations: PathBuf,
}

impl Plain {
    /// How a command for the same live system begins.
    fn command(&self, program: &str) -> String {
        let mut command = program.to_owned();
        for (option, dir, usual) in
            [("--dir", &self.dir, USUAL), ("--generations", &self.generations, GENERATIONS)]
        {
            if dir != Path::new(usual) {
                command += &format!(" {option} {}", dir.display());
            }
        }
        command
    }
}

impl Voice for Plain {
    fn program(&self) -> &'static str {
        PROGRAM.name
    }

    fn start(&self) -> String {
        self.command("svc-change") + " up"
    }

    fn restart(&self) -> String {
        self.command("svc-change") + " restart"
    }

    fn why(&self) -> String {
        self.command("svc-db") + " why"
    }

    fn with_dependents(&self) -> String {
        "--with-dependents".to_owned()
    }

    fn list(&self) -> String {
        self.command("svc-db") + " list"
    }

    fn unknown(&self, _names: &[&str]) -> Option<Error> {
        None
    }

    fn nobody(&self) -> Error {
        let dir = self.dir.display();
        let text =
            format!("no svc-managerd is at work in {dir}: see svc-stat {dir}/scan/svc-managerd");
        Error::new(exit::NOT_SUPERVISED, text)
    }

    fn forbidden(&self, principals: &[String]) -> Error {
        let names = principals.join(" ");
        Error::system(format_args!("you may not command: only members of these may: {names}"))
    }

    fn follow(&self, _request: &Request) -> Option<String> {
        None
    }
}
