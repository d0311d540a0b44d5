//! The names of services.

/// The longest name of a service, in bytes: with "/log" and a prefix it still fits a file name and
/// an event line. The same as s6-svscan's default.
pub const MAX: usize = 251;

/// Why a name can't be a service's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Longer than [`MAX`].
    TooLong,
    /// It has a control character, which would break the lines that name it.
    Control,
    /// It is not UTF-8, as status and messages are.
    Encoding,
}

impl Bad {
    /// For "NAME: ...".
    pub fn reason(self) -> &'static str {
        match self {
            Bad::TooLong => "name longer than 251 bytes",
            Bad::Control => "control character in the name",
            Bad::Encoding => "name that is not UTF-8",
        }
    }
}

/// Whether an entry of a scan directory can be a service, by its name alone.
pub fn check(name: &[u8]) -> Result<(), Bad> {
    if name.len() > MAX {
        Err(Bad::TooLong)
    } else if name.iter().any(u8::is_ascii_control) {
        Err(Bad::Control)
    } else if std::str::from_utf8(name).is_err() {
        Err(Bad::Encoding)
    } else {
        Ok(())
    }
}
