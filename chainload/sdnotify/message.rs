//! What a program says of itself in a datagram of sd_notify(3): lines `NAME=VALUE`.

/// The longest datagram that counts, as in systemd.
pub(crate) const MAX: usize = 4096;

/// What is understood of a datagram. Of a name that is there twice the last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// READY=1.
    pub ready: bool,
    /// RELOADING=1: not ready until it says so again.
    pub reloading: bool,
    /// STOPPING=1: never ready again.
    pub stopping: bool,
    /// STATUS=: one line for people; what can't be printed is a question mark.
    pub status: Option<String>,
    /// EXTEND_TIMEOUT_USEC=, in milliseconds: so much more time to become ready.
    pub extend: Option<u64>,
    /// WATCHDOG=1: a sign of life.
    pub alive: bool,
    /// WATCHDOG=trigger: it wants to be killed as if there had been none.
    pub trigger: bool,
    /// WATCHDOG_USEC=, in milliseconds: how often there will be signs of life from now on.
    pub watchdog: Option<u64>,
}

/// Reads a datagram. What is not understood is left out, as systemd does.
pub(crate) fn parse(datagram: &[u8]) -> Message {
    let mut message = Message::default();
    for line in datagram.split(|b| *b == b'\n') {
        let Some(equals) = line.iter().position(|b| *b == b'=') else { continue };
        let (name, value) = (&line[..equals], &line[equals + 1..]);
        match (name, value) {
            (b"READY", b"1") => message.ready = true,
            (b"RELOADING", b"1") => message.reloading = true,
            (b"STOPPING", b"1") => message.stopping = true,
            (b"STATUS", text) => message.status = Some(printable(text)),
            (b"EXTEND_TIMEOUT_USEC", text) => message.extend = milliseconds(text),
            (b"WATCHDOG", b"1") => message.alive = true,
            (b"WATCHDOG", b"trigger") => message.trigger = true,
            (b"WATCHDOG_USEC", text) => message.watchdog = milliseconds(text),
            _ => {}
        }
    }
    message
}

fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Microseconds as milliseconds, rounded up.
fn milliseconds(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| digits)?;
    text.parse::<u64>().ok().map(|usec| usec.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_known_count() {
        let message =
            parse(b"READY=1\nSTATUS=up and\x07running\nMAINPID=12\nFDSTORE=1\nWATCHDOG=1");
        let status = Some("up and?running".to_owned());
        let expected = Message { ready: true, alive: true, status, ..Message::default() };
        assert_eq!(message, expected);
        assert_eq!(parse(b"EXTEND_TIMEOUT_USEC=1500001").extend, Some(1501));
    }

    #[test]
    fn anything_else_says_nothing() {
        let nothing: [&[u8]; 8] = [
            b"",
            b"READY",
            b"READY=0",
            b"READY=1 ",
            b"XREADY=1",
            b"\0READY=1",
            b"WATCHDOG_USEC=+1",
            b"EXTEND_TIMEOUT_USEC=99999999999999999999",
        ];
        for datagram in nothing {
            assert_eq!(parse(datagram), Message::default(), "{datagram:?}");
        }
    }
}
