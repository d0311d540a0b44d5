//! What the value of a key may be.

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// One line.
    Text,
    /// Any text.
    Variable,
    Bool,
    /// From, to.
    Integer(i64, i64),
    /// An octal number.
    Mode,
    Duration,
    Size,
    Choice(&'static [&'static str]),
    /// Absolute.
    Path,
    /// Absolute, each perhaps with a minus in front.
    Files,
    /// Relative.
    Directories,
    Words,
    Command,
    Commands,
    Account,
    Group,
    Groups,
    Capabilities,
    Signal,
    Ready,
    /// What svc-limit takes, with its units.
    Limit(&'static str),
    Cgroup,
    Services,
    Conditions,
}

/// How TOML writes a value: what the schema says, and complaints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Bool,
    Integer,
    /// A list of texts.
    List,
    /// A text or a list of texts.
    TextOrList,
    /// A text, a list of texts, or a list of such lists.
    Lists,
    TextOrInteger,
}

impl Type {
    /// Its name on the page.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Type::Text => "text",
            Type::Variable => "text of any lines",
            Type::Bool => "true or false",
            Type::Integer(..) => "number",
            Type::Mode => "octal number in quotes",
            Type::Duration => "duration",
            Type::Size => "size",
            Type::Choice(_) => "one of",
            Type::Path => "absolute path",
            Type::Files => "list of absolute paths",
            Type::Directories => "list of relative paths",
            Type::Words => "list of names",
            Type::Command => "command",
            Type::Commands => "command, or list of commands",
            Type::Account => "user",
            Type::Group => "group",
            Type::Groups => "list of groups",
            Type::Capabilities => "list of capabilities",
            Type::Signal => "signal",
            Type::Ready => "readiness",
            Type::Limit(_) => "limit",
            Type::Cgroup => "cgroup",
            Type::Services => "list of services",
            Type::Conditions => "list of conditions",
        }
    }

    /// The units that it carries, the words or the range; empty if none.
    pub(crate) fn unit(self) -> String {
        match self {
            Type::Duration => "ms, s, min, h, d, w".to_owned(),
            Type::Size => "B, K, M, G, T".to_owned(),
            Type::Limit(unit) => unit.to_owned(),
            Type::Choice(words) => words.join(", "),
            Type::Integer(from, to) => format!("{from} to {to}"),
            Type::Text
            | Type::Variable
            | Type::Bool
            | Type::Mode
            | Type::Path
            | Type::Files
            | Type::Directories
            | Type::Words
            | Type::Command
            | Type::Commands
            | Type::Account
            | Type::Group
            | Type::Groups
            | Type::Capabilities
            | Type::Signal
            | Type::Ready
            | Type::Cgroup
            | Type::Services
            | Type::Conditions => String::new(),
        }
    }

    /// How TOML writes it.
    pub(crate) fn shape(self) -> Shape {
        match self {
            Type::Bool => Shape::Bool,
            Type::Integer(..) => Shape::Integer,
            Type::Size | Type::Limit(_) => Shape::TextOrInteger,
            Type::Command => Shape::TextOrList,
            Type::Commands => Shape::Lists,
            Type::Files
            | Type::Directories
            | Type::Words
            | Type::Groups
            | Type::Capabilities
            | Type::Services
            | Type::Conditions => Shape::List,
            Type::Text
            | Type::Variable
            | Type::Mode
            | Type::Duration
            | Type::Choice(_)
            | Type::Path
            | Type::Account
            | Type::Group
            | Type::Signal
            | Type::Ready
            | Type::Cgroup => Shape::Text,
        }
    }
}

impl Shape {
    /// For "expected ...".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Shape::Text => "a text in quotes",
            Shape::Bool => "true or false",
            Shape::Integer => "a number",
            Shape::List => "a list of texts",
            Shape::TextOrList => "a text or a list of texts",
            Shape::Lists => "a text, a list of texts, or a list of such lists",
            Shape::TextOrInteger => "a number, or a text in quotes",
        }
    }
}
