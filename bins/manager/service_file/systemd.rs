//! What systemd's names are here, for who writes them from habit. The page from-systemd.html says more.

/// Names of keys, and what they are here.
const KEYS: &[(&str, &str)] = &[
    ("ExecStart", "exec, or start of a oneshot"),
    ("ExecStartPre", "before-start"),
    ("ExecStartPost", "a oneshot that requires it"),
    ("ExecStop", "stop, of a oneshot"),
    ("ExecStopPost", "after-stop"),
    ("ExecReload", "reload"),
    ("WantedBy RequiredBy Also", "a name in enabled/ (svctl enable)"),
    ("Environment", "the table [environment]"),
    ("PIDFile", "pid-file"),
    ("RestartSec", "restart-delay"),
    ("TimeoutSec", "timeout-start and timeout-stop"),
    ("KillMode", "kill-scope"),
    ("BindsTo Requisite", "requires"),
    ("SupplementaryGroups", "groups"),
    ("OOMScoreAdjust", "oom-score-adjust"),
    ("UMask", "umask"),
    ("MemoryMax MemoryLimit", "cgroup.memory-max"),
    ("TasksMax", "cgroup.tasks-max"),
    ("IOWeight", "cgroup.io-weight"),
    ("Slice Delegate", "cgroup.path"),
    ("TTYPath StandardInput", "tty"),
    ("LogRateLimitIntervalSec", "log.rate, in lines a second"),
    ("StandardOutput StandardError SyslogIdentifier", "nothing, its output is in its log"),
    ("RemainAfterExit", "nothing, what a oneshot did holds"),
    ("DefaultDependencies", "nothing"),
    ("Documentation", "a comment"),
    ("StartLimitBurst StartLimitIntervalSec", "nothing, it is tried again for ever"),
];

/// What a key or a section of systemd's is here; none: it is not known, or has the same name.
pub(super) fn hint(word: &str) -> Option<String> {
    if matches!(word, "Unit" | "Service" | "Install") {
        return Some(format!("there is no [{word}] here: its keys stand above the first table"));
    }
    let known = KEYS.iter().find(|(words, _)| words.split(' ').any(|known| known == word));
    let limit = word.strip_prefix("Limit").map(|limit| format!("limits.{}", limit.to_lowercase()));
    let limit = limit.filter(|limit| super::keys::find(limit).is_some());
    let here = known.map(|(_, here)| (*here).to_owned()).or(limit)?;
    Some(format!("systemd's {word}: here {here}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_on_the_page() {
        let page = include_str!("../../../doc/html/from-systemd.html");
        for word in KEYS.iter().flat_map(|(words, _)| words.split(' ')) {
            assert!(page.contains(&format!("<code>{word}=</code>")), "{word}");
        }
    }

    #[test]
    fn a_limit_is_in_its_table() {
        let found = hint("LimitNOFILE");
        assert_eq!(found.as_deref(), Some("systemd's LimitNOFILE: here limits.nofile"));
        assert_eq!(hint("LimitRTTIME"), None);
        assert_eq!(hint("Limit"), None);
    }
}
