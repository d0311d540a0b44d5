//! The long options that set what directives start from: on a command line before the directives,
//! in a file on lines of their own.

use std::os::unix::ffi::OsStrExt;

use common::base::args::{Args, unknown};
use common::base::error::{Error, exit};

use super::quantity::{number, seconds, shown, size};
use super::settings::{MIN_SIZE, Settings};
use super::{Full, Processor, Stamp};

/// Whether an option has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Always.
    Value,
    /// In the same word, or not at all.
    MaybeValue,
    /// Never.
    Nothing,
}

/// All of them, without the dashes.
const OPTIONS: &[(&str, Takes)] = &[
    ("compress", Takes::MaybeValue),
    ("keep", Takes::Value),
    ("max-total", Takes::Value),
    ("prefix", Takes::Value),
    ("rate", Takes::Value),
    ("rotate-every", Takes::Value),
    ("rotate-size", Takes::Value),
    ("stamp", Takes::Value),
    ("sync", Takes::Nothing),
    ("when-full", Takes::Value),
];

/// Whether there is such an option, and what it takes.
pub(crate) fn takes(name: &str) -> Option<Takes> {
    OPTIONS.iter().find(|row| row.0 == name).map(|row| row.1)
}

impl Settings {
    /// Takes an option of a command line, with its value.
    pub(crate) fn take(&mut self, option: &str, args: &mut Args) -> Result<(), Error> {
        let name = option.strip_prefix("--").ok_or_else(|| unknown(option))?;
        let value = match takes(name).ok_or_else(|| unknown(option))? {
            Takes::Value => Some(args.raw_value()?),
            Takes::MaybeValue => args.attached_value(),
            Takes::Nothing => None,
        };
        let set = self.option(name, value.as_deref().map(OsStrExt::as_bytes));
        set.map_err(|complaint| bad(option, &complaint))
    }

    /// Sets what the option says; complains about the value. An option that there is not, or one
    /// without the value that it takes, changes nothing.
    pub(crate) fn option(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), String> {
        let value = value.unwrap_or_default();
        let not = |what: &str| format!("{}: not {what}", shown(value));
        match name {
            "rotate-size" => {
                let size = size(value).filter(|n| *n >= MIN_SIZE);
                self.size = size.ok_or_else(|| not("a size of at least 4K (such as 10M)"))?;
            }
            "rotate-every" => {
                self.period =
                    seconds(value).ok_or_else(|| not("a duration (such as 12h or 1d)"))?;
            }
            "keep" => {
                let keep = number(value, u32::MAX.into()).and_then(|n| usize::try_from(n).ok());
                self.keep = keep.ok_or_else(|| not("a number of archives"))?;
            }
            "max-total" => self.total = size(value).ok_or_else(|| not("a size (such as 100M)"))?,
            "prefix" => self.set_prefix(value),
            "rate" => {
                let rate = number(value, u32::MAX.into()).and_then(|n| u32::try_from(n).ok());
                self.rate = rate.ok_or_else(|| not("a number of lines a second"))?;
            }
            "stamp" => self.stamp = stamp(value).ok_or_else(|| not("iso, tai64n, both or none"))?,
            "sync" => self.sync = true,
            "when-full" => self.full = full(value).ok_or_else(|| not("wait or drop-oldest"))?,
            "compress" => {
                self.processor = Some(compress(value).ok_or_else(|| not("gzip, zstd or xz"))?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The complaint about an option's value.
pub(super) fn bad(option: &str, complaint: &str) -> Error {
    Error::new(exit::USAGE, format_args!("{option}: {complaint}"))
}

fn stamp(name: &[u8]) -> Option<Stamp> {
    match name {
        b"none" => Some(Stamp::None),
        b"tai64n" => Some(Stamp::Tai64n),
        b"iso" => Some(Stamp::Iso),
        b"both" => Some(Stamp::Both),
        _ => None,
    }
}

fn full(name: &[u8]) -> Option<Full> {
    match name {
        b"wait" => Some(Full::Wait),
        b"drop-oldest" => Some(Full::DropOldest),
        _ => None,
    }
}

fn compress(program: &[u8]) -> Option<Processor> {
    let (program, suffix) = match program {
        b"" | b"gzip" => ("gzip", ".gz"),
        b"zstd" => ("zstd", ".zst"),
        b"xz" => ("xz", ".xz"),
        _ => return None,
    };
    Some(Processor::Compress { program, suffix })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        settings.option(name, Some(value.as_bytes())).map(|()| settings)
    }

    #[test]
    fn each_option_sets_its_own() {
        assert_eq!(with("rotate-size", "10M").map(|s| s.size), Ok(10 << 20));
        assert_eq!(with("rotate-every", "1d").map(|s| s.period), Ok(86_400));
        assert_eq!(with("keep", "0").map(|s| s.keep), Ok(0));
        assert_eq!(with("max-total", "1G").map(|s| s.total), Ok(1 << 30));
        assert_eq!(with("rate", "100").map(|s| s.rate), Ok(100));
        assert_eq!(with("prefix", "a").map(|s| s.prefix), Ok(b"a ".to_vec()));
        assert_eq!(with("stamp", "both").map(|s| s.stamp), Ok(Stamp::Both));
        assert_eq!(with("when-full", "drop-oldest").map(|s| s.full), Ok(Full::DropOldest));
        assert_eq!(with("sync", "").map(|s| s.sync), Ok(true));
        let zstd = Processor::Compress { program: "zstd", suffix: ".zst" };
        assert_eq!(with("compress", "zstd").map(|s| s.processor), Ok(Some(zstd)));
    }

    #[test]
    fn every_option_of_the_table_is_known_and_its_values_are_checked() {
        for (name, takes) in OPTIONS {
            let checked = with(name, "\0 nonsense").is_err();
            assert_eq!(checked, *takes != Takes::Nothing && *name != "prefix", "{name}");
        }
        assert_eq!(takes("dir"), None);
    }
}
