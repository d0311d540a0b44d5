//! Verbs of other systems, and what does the same here: for the fingers that know them.

/// The verb, and what is to be said of it.
const VERBS: &[(&str, &str)] = &[
    ("add-requires", "svctl edit NAME, with requires"),
    ("add-wants", "svctl edit NAME, with wants"),
    ("cancel", "svctl stop NAME takes a start back"),
    ("condrestart", "svctl is-up --quiet NAME && svctl restart NAME does that"),
    ("daemon-reexec", "svc-scanctl --reexec does that"),
    ("daemon-reload", "svctl apply does that"),
    ("default", "svctl apply brings up what is enabled"),
    ("force-reload", "svctl reload NAME, or svctl restart NAME"),
    ("get-default", "there is one set of services to boot: svctl list --enabled"),
    ("is-active", "svctl is-up NAME does that"),
    ("is-enabled", "svctl list --enabled shows which are"),
    ("is-system-running", "svctl why says what is not as wanted"),
    ("isolate", "svctl apply GENERATION changes from one set of services to another"),
    ("journal", "svctl logs NAME does that"),
    ("link", "service files are in etc/coppice/services: svctl edit --new NAME"),
    ("list-dependencies", "svctl tree NAME does that"),
    ("list-jobs", "svctl why says what is under way"),
    ("list-sockets", "there are no sockets yet"),
    ("list-timers", "there are no timers yet: cron does that"),
    ("list-unit-files", "svctl list does that"),
    ("list-units", "svctl status does that"),
    ("log", "svctl logs NAME does that"),
    ("poweroff", "that is for who is process 1; svctl halt ends the tree"),
    ("preset", "what is enabled is so by hand: svctl enable NAME"),
    ("preset-all", "what is enabled is so by hand: svctl enable NAME"),
    ("reboot", "that is for who is process 1; svctl halt ends the tree"),
    ("reenable", "svctl disable NAME, then svctl enable NAME"),
    ("reexec", "svc-scanctl --reexec does that"),
    ("reload-or-restart", "svctl reload NAME, or svctl restart NAME"),
    ("reset-failed", "svctl reset NAME does that"),
    ("revert", "svctl edit NAME, with an empty text, removes your drop-in"),
    ("set-default", "there is one set of services to boot: svctl enable NAME"),
    ("set-environment", "svctl edit NAME, with environment"),
    ("set-property", "svctl edit NAME, then svctl apply"),
    ("show-environment", "svctl show --script NAME shows what a service gets"),
    ("shutdown", "svctl halt ends the tree"),
    ("try-restart", "svctl is-up --quiet NAME && svctl restart NAME does that"),
    ("zap", "svctl reset NAME does that"),
];

/// What does here what that verb does elsewhere.
pub(super) fn ours(word: &str) -> Option<&'static str> {
    VERBS.iter().find(|(other, _)| *other == word).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svctl::verbs::VERBS as OURS;

    #[test]
    fn each_leads_to_a_verb_that_there_is_and_hides_none() {
        for (other, text) in VERBS {
            assert!(OURS.find(other).is_none(), "{other}");
            for (_, rest) in
                text.match_indices("svctl ").map(|(at, it)| (at, &text[at + it.len()..]))
            {
                let word = rest.split([' ', ',', ':']).next().unwrap_or_default();
                assert!(OURS.find(word).is_some(), "{text}");
            }
        }
        assert!(VERBS.is_sorted());
    }
}
