//! Chainloaders: each changes one thing about its own process, then becomes the next program.
#![forbid(unsafe_code)]

use common::program::Program;

mod identity;
pub mod link;
mod path;
mod quantity;
mod word;

use link::{Link, alone};

/// The table: a module for each link.
macro_rules! table {
    ($($module:ident)*) => {
        $(mod $module;)*

        /// Every link, by name.
        pub const LINKS: &[Link] = &[$($module::LINK),*];

        /// Each link as a program of its own.
        pub const PROGRAMS: &[Program] = &[$(Program {
            name: $module::LINK.name,
            help: $module::LINK.help,
            main: |args| alone(&$module::LINK, args),
        }),*];
    };
}

table! {
    argv0 cd chroot env envdir envfile envuidgid fdclose fdmove ionice limit mkdir nice nnp oom redirfd
    sched setlock setsid setuid tty umask
}
