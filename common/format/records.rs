//! The small records of `supervise/`: who supervises, which process was started, how an orphan ended.

use rustix::io::Errno;
use rustix::process::Pid;

use super::record::{Writer, parse};
use crate::base::death::Death;
use crate::base::error::errno;
use crate::base::text::Text;
use crate::os::file::Inode;
use crate::os::process::{BootId, Identity};

/// The size of each of these records, padding included.
pub const SIZE: usize = 256;

/// A record ready to be written.
pub type Bytes = Text<SIZE>;

/// Which program of a service a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `./run`.
    Run,
    /// `./finish`.
    Finish,
}

impl Kind {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Run => "run",
            Kind::Finish => "finish",
        }
    }
}

/// `supervise/process`: the process last started, written by itself before it execs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// The number of the start that it belongs to.
    pub seq: u64,
    /// What it is.
    pub kind: Kind,
    /// Who it is.
    pub identity: Identity,
    /// Why it could not be executed, if so.
    pub failed: Option<Errno>,
}

impl Process {
    /// As bytes.
    pub fn pack(&self) -> Option<Bytes> {
        let mut w = Writer::new();
        w.put("seq", format_args!("{}", self.seq));
        w.put("kind", format_args!("{}", self.kind.word()));
        put_identity(&mut w, &self.identity);
        if let Some(failed) = self.failed {
            w.put("failed", format_args!("{}", failed.raw_os_error()));
        }
        w.into_sealed()
    }

    /// From bytes; `None` when they are not a whole record.
    pub fn unpack(bytes: &[u8]) -> Option<Process> {
        let fields = parse(bytes)?;
        let get = |key| fields.clone().find(|(k, _)| *k == key).map(|(_, v)| v);
        Some(Process {
            seq: get("seq")?.parse().ok()?,
            kind: match get("kind")? {
                "run" => Kind::Run,
                "finish" => Kind::Finish,
                _ => return None,
            },
            identity: identity(get)?,
            failed: get("failed").and_then(|v| v.parse().ok()).map(errno),
        })
    }
}

/// `.svc-scan/scan`: the root of the tree, and where its programs are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Who it is.
    pub identity: Identity,
    /// The directory that its supervisors are executed from; empty when PATH is searched.
    pub programs: String,
}

impl Root {
    /// As bytes.
    pub fn pack(&self) -> Option<Text<4096>> {
        let mut w = Writer::new();
        put_identity(&mut w, &self.identity);
        w.put("programs", format_args!("{}", self.programs));
        w.into_sealed()
    }

    /// From bytes; `None` when they are not a whole record.
    pub fn unpack(bytes: &[u8]) -> Option<Root> {
        let fields = parse(bytes)?;
        let get = |key| fields.clone().find(|(k, _)| *k == key).map(|(_, v)| v);
        Some(Root { identity: identity(get)?, programs: get("programs")?.to_owned() })
    }
}

/// `supervise/supervisor`: who holds the lock, and of which directory: a copy of it is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub identity: Identity,
    /// The `supervise/` that it is in.
    pub directory: Inode,
}

impl Holder {
    /// As bytes.
    pub fn pack(&self) -> Option<Bytes> {
        let mut w = Writer::new();
        put_identity(&mut w, &self.identity);
        w.put("device", format_args!("{}", self.directory.device));
        w.put("inode", format_args!("{}", self.directory.number));
        w.into_sealed()
    }

    /// From bytes; `None` when they are not a whole record.
    pub fn unpack(bytes: &[u8]) -> Option<Holder> {
        let fields = parse(bytes)?;
        let get = |key| fields.clone().find(|(k, _)| *k == key).map(|(_, v)| v);
        let directory =
            Inode { device: get("device")?.parse().ok()?, number: get("inode")?.parse().ok()? };
        Some(Holder { identity: identity(get)?, directory })
    }
}

/// Behind that record: how the process ended, if it was an orphan, written by svc-scan before it reaped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Who it was.
    pub identity: Identity,
    /// How it ended.
    pub death: Death,
}

impl Exit {
    /// As bytes.
    pub fn pack(&self) -> Option<Bytes> {
        let mut w = Writer::new();
        put_identity(&mut w, &self.identity);
        w.line(format_args!("{}", self.death));
        w.into_sealed()
    }

    /// From bytes; `None` when they are not a whole record.
    pub fn unpack(bytes: &[u8]) -> Option<Exit> {
        let fields = parse(bytes)?;
        let get = |key| fields.clone().find(|(k, _)| *k == key).map(|(_, v)| v);
        let death =
            ["exit", "signal"].into_iter().find_map(|k| Some(format!("{k}={}", get(k)?)))?;
        Some(Exit { identity: identity(get)?, death: Death::parse(&death)? })
    }
}

fn put_identity<const N: usize>(w: &mut Writer<N>, identity: &Identity) {
    w.put("pid", format_args!("{}", identity.pid.as_raw_pid()));
    w.put("start", format_args!("{}", identity.start));
    w.put("boot", format_args!("{}", identity.boot.as_str()));
}

fn identity<'a>(get: impl Fn(&'static str) -> Option<&'a str>) -> Option<Identity> {
    Some(Identity {
        pid: Pid::from_raw(get("pid")?.parse().ok().filter(|p| *p > 0)?)?,
        start: get("start")?.parse().ok()?,
        boot: BootId::parse(get("boot")?.as_bytes())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::signal::Signal;

    fn me() -> Identity {
        Identity {
            pid: Pid::from_raw(123).unwrap(),
            start: 456,
            boot: BootId::parse(b"01234567-89ab-cdef-0123-456789abcdef").unwrap(),
        }
    }

    #[test]
    fn golden() {
        let process =
            Process { seq: 9, kind: Kind::Run, identity: me(), failed: Some(Errno::ACCESS) };
        let text = process.pack().unwrap();
        assert_eq!(
            std::str::from_utf8(text.bytes()).unwrap(),
            "version=1\nseq=9\nkind=run\npid=123\nstart=456\n\
             boot=01234567-89ab-cdef-0123-456789abcdef\nfailed=13\ncheck=98a316db\n"
        );
        assert_eq!(Process::unpack(text.bytes()), Some(process));
    }

    #[test]
    fn records_read_back_as_written() {
        let root = Root { identity: me(), programs: "/usr/bin".to_owned() };
        assert_eq!(Root::unpack(root.pack().unwrap().bytes()), Some(root));
        let directory = Inode { device: 1, number: u64::MAX };
        let holder = Holder { identity: me(), directory };
        assert_eq!(Holder::unpack(holder.pack().unwrap().bytes()), Some(holder));
        for death in [Death::Exit(3), Death::Signal(Signal::KILL), Death::Unknown] {
            let exit = Exit { identity: me(), death };
            assert_eq!(Exit::unpack(exit.pack().unwrap().bytes()), Some(exit));
        }
    }

    #[test]
    fn the_longest_process_record_fits() {
        let identity = Identity { pid: Pid::from_raw(i32::MAX).unwrap(), start: u64::MAX, ..me() };
        let kind = Kind::Finish;
        let process = Process { seq: u64::MAX, kind, identity, failed: Some(Errno::ACCESS) };
        assert!(process.pack().is_some());
    }
}
