//! What the manager announces in `manager/event`: a line each. It is a hint; what is so, the files say.

use std::fmt;

use super::engine::State;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcement<'a> {
    /// A service is in another state.
    Service(&'a str, State),
    /// A request is on file: it will be carried out, whoever dies.
    Accepted(&'a str),
    /// A request is over, and its answer is there.
    Done(&'a str),
    /// The answer of a request could not be written, and why.
    Lost(&'a str, &'a str),
    /// Another generation is live.
    Generation(u64),
    /// A manager takes requests: its predecessor is gone.
    Started,
}

impl Announcement<'_> {
    /// From a line without its newline.
    pub fn unpack(line: &[u8]) -> Option<Announcement<'_>> {
        let (word, rest) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        match word {
            "service" => {
                let (name, state) = rest.split_once(' ')?;
                Some(Announcement::Service(name, State::parse(state)?))
            }
            "request" => match rest.split_once(' ')? {
                (id, "accepted") => Some(Announcement::Accepted(id)),
                (id, "done") => Some(Announcement::Done(id)),
                (id, lost) => Some(Announcement::Lost(id, lost.strip_prefix("lost ")?)),
            },
            "generation" => rest.parse().ok().map(Announcement::Generation),
            "managerd" => (rest == "started").then_some(Announcement::Started),
            _ => None,
        }
    }
}

/// As the line without its newline.
impl fmt::Display for Announcement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Announcement::Service(name, state) => write!(f, "service {name} {}", state.word()),
            Announcement::Accepted(id) => write!(f, "request {id} accepted"),
            Announcement::Done(id) => write!(f, "request {id} done"),
            Announcement::Lost(id, why) => write!(f, "request {id} lost {why}"),
            Announcement::Generation(number) => write!(f, "generation {number}"),
            Announcement::Started => f.write_str("managerd started"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_reads_back_as_written() {
        for (announcement, line) in [
            (Announcement::Service("web", State::Ready), "service web ready"),
            (Announcement::Accepted("0f"), "request 0f accepted"),
            (Announcement::Done("0f"), "request 0f done"),
            (Announcement::Lost("0f", "No space left"), "request 0f lost No space left"),
            (Announcement::Generation(7), "generation 7"),
            (Announcement::Started, "managerd started"),
        ] {
            assert_eq!(announcement.to_string(), line);
            assert_eq!(Announcement::unpack(line.as_bytes()), Some(announcement));
        }
    }

    #[test]
    fn what_is_none_is_left_out() {
        for line in ["", "service web", "service web gone", "request 0f", "request 0f gone", "x y"]
        {
            assert_eq!(Announcement::unpack(line.as_bytes()), None, "{line}");
        }
    }
}
