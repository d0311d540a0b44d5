//! What standard output can show: how wide it is, whether it has colours and letters besides ASCII.

use std::env;
use std::io::IsTerminal;

use common::prelude::*;
use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

impl Colour {
    pub(super) fn parse(word: &str) -> Result<Colour> {
        match word {
            "auto" => Ok(Colour::Auto),
            "always" => Ok(Colour::Always),
            "never" => Ok(Colour::Never),
            _ => Err(Error::user(format_args!("invalid color: {word} (auto, always or never)"))),
        }
    }
}

/// How something is drawn, beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Good,
    Busy,
    Bad,
    /// What is of less interest.
    Faint,
    Strong,
}

/// What standard output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terminal {
    /// Somebody looks.
    pub(super) is_terminal: bool,
    /// In columns; none: lines may be of any length.
    pub(super) width: Option<usize>,
    pub(super) has_colour: bool,
    /// Letters and lines besides ASCII.
    pub(super) has_unicode: bool,
}

/// The width of a terminal that does not tell it.
const WIDTH: usize = 80;

impl Terminal {
    /// That of standard output. `$COLUMNS` says how wide it is, `$NO_COLOR` that it has none, as on
    /// https://no-color.org.
    pub(super) fn of_output(colour: Colour) -> Terminal {
        let is_terminal = stdout().is_terminal();
        let given = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let own = || tcgetwinsize(stdout()).ok().map(|size| usize::from(size.ws_col));
        let width = given.or_else(|| own().filter(|_| is_terminal)).filter(|width| *width > 0);
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        Terminal {
            is_terminal,
            width: width.or(is_terminal.then_some(WIDTH)),
            has_colour: match colour {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => is_terminal && !is_set("NO_COLOR") && !is_dumb,
            },
            has_unicode: is_unicode(),
        }
    }

    /// A text in a colour, if there are colours.
    pub(super) fn paint(self, ink: Ink, text: &str) -> String {
        if !self.has_colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Good => "32",
            Ink::Busy => "33",
            Ink::Bad => "31",
            Ink::Faint => "2",
            Ink::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Whether the locale has letters besides ASCII, by the first of the variables that is set.
fn is_unicode() -> bool {
    let of = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(env::var_os);
    let first = of.into_iter().find(|value| !value.is_empty());
    first.is_some_and(|value| {
        let value = value.to_string_lossy().to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}
