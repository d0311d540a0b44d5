//! The readiness of a daemon: the words of the key `ready`.

use super::diagnostic::Code;
use super::words;

/// How a daemon is known to be ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Once it runs.
    #[default]
    Exec,
    /// It writes a newline to this descriptor.
    NotifyFd(u16),
    /// It says so by sd_notify(3).
    SdNotify,
    /// The command exits 0.
    Check(Vec<String>),
    /// It accepts TCP connections at this address and port.
    Tcp(String),
    /// It accepts connections on the socket of this path.
    Socket(String),
    /// The file is there.
    File(String),
    /// It has gone into the background.
    Forked,
}

const FORMS: &str = "exec, notify-fd N, sd-notify, check COMMAND, listen tcp:ADDRESS:PORT, \
                     listen unix:PATH, file PATH or forked";

/// Reads the words.
pub(super) fn parse(text: &str) -> Result<Readiness, (Code, String)> {
    let bad = |what: String| Err((Code::BadValue, format!("ready: {what}")));
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    match (word, rest) {
        ("exec", "") => Ok(Readiness::Exec),
        ("sd-notify", "") => Ok(Readiness::SdNotify),
        ("forked", "") => Ok(Readiness::Forked),
        ("notify-fd", number) => match number.parse() {
            Ok(fd @ 3..) => Ok(Readiness::NotifyFd(fd)),
            _ => bad(format!("\"{number}\" is not the number of a descriptor from 3 on")),
        },
        ("check", command) => match words::split(command) {
            Ok(words) => Ok(Readiness::Check(words)),
            Err(e) => Err((Code::BadCommand, format!("ready: {}", e.what))),
        },
        ("file", path) if path.starts_with('/') => Ok(Readiness::File(path.to_owned())),
        ("file", path) => {
            Err((Code::RelativePath, format!("ready: \"{path}\" does not begin with a slash")))
        }
        ("listen", at) => match at.split_once(':') {
            Some(("tcp", address)) if is_address(address) => Ok(Readiness::Tcp(address.to_owned())),
            Some(("unix", path)) if path.starts_with('/') => Ok(Readiness::Socket(path.to_owned())),
            _ => bad(format!("\"{at}\" is neither tcp:PORT, tcp:ADDRESS:PORT nor unix:/PATH")),
        },
        _ => bad(format!("\"{text}\" is none of {FORMS}")),
    }
}

/// As svc-readycheck takes it: numbers, `10.0.0.1:80`, `[::1]:80`, or a port alone.
fn is_address(text: &str) -> bool {
    text.parse::<std::net::SocketAddr>().is_ok() || text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_words() {
        assert_eq!(parse("exec"), Ok(Readiness::Exec));
        assert_eq!(parse("notify-fd 3"), Ok(Readiness::NotifyFd(3)));
        assert_eq!(
            parse("check wget -q 'a b'"),
            Ok(Readiness::Check(["wget", "-q", "a b"].map(String::from).to_vec()))
        );
        assert_eq!(parse("listen tcp:80"), Ok(Readiness::Tcp("80".into())));
        assert_eq!(parse("listen tcp:[::1]:80"), Ok(Readiness::Tcp("[::1]:80".into())));
        assert_eq!(parse("listen unix:/run/a b"), Ok(Readiness::Socket("/run/a b".into())));
        for bad in [
            "",
            "Exec",
            "exec now",
            "notify-fd",
            "notify-fd 2",
            "notify-fd x",
            "check",
            "check 'a",
            "listen 80",
            "listen tcp:localhost:80",
            "listen tcp:0",
            "listen unix:a",
            "file a",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
