//! Process groups and sessions, which may be led from outside of our pid namespace. (rustix takes
//! them for pids, which are never 0.)

use rustix::process::Pid;

/// The process group that we are in; `None`: its leader is of another namespace.
pub fn group() -> Option<Pid> {
    // SAFETY: getpgrp takes nothing and can't fail.
    Pid::from_raw(unsafe { libc::getpgrp() })
}

/// The session that a process is in; `None`: there is no such process, or the session's leader is of
/// another namespace.
pub fn session(of: Pid) -> Option<Pid> {
    // SAFETY: getsid takes any number.
    let session = unsafe { libc::getsid(of.as_raw_pid()) };
    (session > 0).then(|| Pid::from_raw(session)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_in_a_session_or_it_is_not_ours() {
        let ours = session(rustix::process::getpid());
        assert!(ours.is_none_or(|pid| pid.as_raw_pid() > 0));
        assert_eq!(session(Pid::from_raw(i32::MAX).unwrap()), None);
    }
}
