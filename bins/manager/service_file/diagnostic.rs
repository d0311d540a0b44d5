//! What is wrong, where, and what was probably meant.

use common::base::near::nearest;

use super::source::{Place, Position, Sources};

macro_rules! codes {
    ($($(#[doc = $meaning:literal])* $name:ident $code:literal,)*) => {
        /// What kind of mistake it is. The codes are for good: scripts and pages name them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Code { $($(#[doc = $meaning])* $name,)* }

        impl Code {
            /// As it is printed: E for an error, W for a warning.
            pub(crate) fn text(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }
        }

        /// Every code with its meaning; the page of svc-compile is tested against it.
        pub const CODES: &[(&str, &str)] = &[$(($code, concat!($($meaning),*)),)*];
    };
}

codes! {
    /// not TOML
    Syntax "E001",
    /// the file can't be read, is too long, or is not UTF-8
    Unreadable "E002",
    /// no such key
    UnknownKey "E003",
    /// a value of the wrong type
    WrongType "E004",
    /// a number without its unit, or with a wrong one
    BadUnit "E005",
    /// a value that the key can't have
    BadValue "E006",
    /// a number that is too small or too large
    OutOfRange "E007",
    /// a command that can't be split into words
    BadCommand "E008",
    /// a path that must begin with a slash
    RelativePath "E009",
    /// a % that means nothing in a template
    BadParameter "E010",
    /// a key that must be there is missing
    MissingKey "E011",
    /// a key that this type of service has not
    WrongKind "E012",
    /// keys that don't go together
    Contradiction "E013",
    /// a file name that can't be the name of a service
    BadName "E014",
    /// no such program, or it can't be executed
    NoProgram "E020",
    /// no such user
    NoUser "E021",
    /// no such group
    NoGroup "E022",
    /// no such file or directory
    NoFile "E023",
    /// a dependency on a service that there is not
    NoService "E030",
    /// a dependency on a masked service
    Masked "E031",
    /// services that wait for one another
    Cycle "E032",
    /// two services that can't be up together, and both are needed
    Conflict "E033",
    /// a service that depends on itself
    Itself "E034",
    /// an enabled name that is no service, or a template without a parameter
    NotEnabled "E035",
    /// more services, drop-ins or instances than there may be
    TooMany "E036",
    /// services of which each restart makes another
    Restarts "E037",
    /// a wanted service that there is not, or that is masked, or an enabled one that is masked: it is left out
    NoWanted "W001",
    /// an order behind a service that nothing starts
    OnlyOrder "W002",
    /// readiness that is waited for without an end
    NoTimeout "W003",
    /// a drop-in for a service that there is not
    LostDropIn "W004",
    /// the directory for the log is missing
    NoLogDirectory "W005",
    /// something is missing below a mount point of /etc/fstab where nothing is mounted
    NotMounted "W006",
    /// a key that only root can carry out, in the tree of a user
    NeedsRoot "W007",
    /// a file among service files that is none, and is ignored: its name does not end in .toml
    NoServiceFile "W008",
}

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    /// Its kind.
    pub(crate) code: Code,
    /// Where.
    pub(crate) place: Place,
    /// One line.
    pub(crate) what: String,
    /// What may help, at the end of the underlining.
    pub(crate) help: String,
    /// Other places that have to do with it.
    pub(crate) notes: Vec<(Place, String)>,
}

impl Diagnostic {
    /// A mistake at a place.
    pub(crate) fn new(code: Code, place: Place, what: impl Into<String>) -> Diagnostic {
        Diagnostic { code, place, what: what.into(), help: String::new(), notes: Vec::new() }
    }

    /// The same with what may help.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = help.into();
        self
    }

    /// The same with another place.
    pub(crate) fn note(mut self, place: Place, what: impl Into<String>) -> Diagnostic {
        self.notes.push((place, what.into()));
        self
    }

    /// The same with the name that was probably meant.
    pub(crate) fn near<'a>(
        self,
        word: &str,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Diagnostic {
        match nearest(word, words).first() {
            Some(name) => self.help(format!("did you mean \"{name}\"?")),
            None => self,
        }
    }

    /// Whether it refuses the set.
    pub(crate) fn is_error(&self) -> bool {
        self.code.text().starts_with('E')
    }

    /// For people: `FILE:LINE:COLUMN: error[E003]: what`, the line with what is meant underlined,
    /// and the other places.
    pub(crate) fn shown(&self, sources: &Sources) -> String {
        let position = sources.position(self.place);
        let level = if self.is_error() { "error" } else { "warning" };
        let mut text =
            format!("{position}: {level}[{}]: {}\n", self.code.text(), plain(&self.what));
        quote(&mut text, &position, &self.help);
        for (place, what) in &self.notes {
            let position = sources.position(*place);
            text += &format!("  {position}: {}\n", plain(what));
        }
        text
    }
}

/// A text without control characters, which a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The longest part of a line that is shown, characters.
const WIDEST: usize = 160;

fn quote(text: &mut String, position: &Position<'_>, help: &str) {
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    let help = if help.is_empty() { String::new() } else { format!(" {}", plain(help)) };
    if position.text.is_empty() || position.column > WIDEST {
        if !help.is_empty() {
            *text += &format!("  {margin} |{help}\n");
        }
        return;
    }
    let line: String = plain(position.text).chars().take(WIDEST).collect();
    let width = position.width.min(WIDEST + 1 - position.column);
    let under = format!("{}{}", " ".repeat(position.column - 1), "^".repeat(width));
    *text += &format!("  {number} | {}\n  {margin} | {under}{help}\n", line.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_has_its_place_and_its_line() {
        let mut sources = Sources::default();
        let file = sources.add("web.toml".into(), "type = \"daemon\"\n\texce = 1\n".into());
        let place = Place::new(file, 17..21);
        let found = Diagnostic::new(Code::UnknownKey, place, "unknown key \"exce\"")
            .near("exce", ["exec", "user"])
            .note(Place::top(file), "here");
        let expected = "web.toml:2:2: error[E003]: unknown key \"exce\"
  2 |  exce = 1
    |  ^^^^ did you mean \"exec\"?
  web.toml:1:1: here
";
        assert_eq!(found.shown(&sources), expected);
        assert!(found.is_error());
    }

    #[test]
    fn every_code_is_its_own() {
        let mut codes: Vec<_> = CODES.iter().map(|(code, _)| code).collect();
        codes.dedup();
        assert_eq!(codes.len(), CODES.len());
    }
}
