//! The policy file: which groups may ask for what, of which services.
//!
//! A line is `GROUP VERB...` or `GROUP VERB... : NAME...`; `*` is every verb, and at the end of a name
//! anything. `#` begins a comment. Who runs the manager may do everything.

use std::collections::BTreeMap;

use super::places::OWNER;
use super::request::{Request, Verb};

/// The longest file, bytes.
pub const LONGEST: usize = 1 << 20;

/// What one line allows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    /// None: all.
    verbs: Option<Vec<Verb>>,
    /// Empty: all.
    names: Vec<String>,
}

/// Who may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy(BTreeMap<String, Vec<Grant>>);

impl Policy {
    /// From the file's text; and what is wrong with it, with the lines. What is wrong allows nothing.
    pub fn read(text: &str) -> (Policy, Vec<String>) {
        let (mut policy, mut errors) = (Policy::default(), Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default();
            let (head, names) = match line.split_once(':') {
                Some((head, names)) => (head, Some(names)),
                None => (line, None),
            };
            let mut words = head.split_whitespace();
            let Some(group) = words.next() else { continue };
            let names: Option<Vec<String>> =
                names.map(|names| names.split_whitespace().map(str::to_owned).collect());
            match (verbs(words), names) {
                (Err(what), _) => errors.push(format!("line {number}: {what}")),
                (_, Some(names)) if names.is_empty() => {
                    errors.push(format!("line {number}: no service after the colon"));
                }
                _ if group == OWNER || group.contains('/') || group.starts_with('.') => {
                    errors.push(format!("line {number}: {group} is not the name of a group"));
                }
                (Ok(verbs), names) => {
                    let grant = Grant { verbs, names: names.unwrap_or_default() };
                    policy.0.entry(group.to_owned()).or_default().push(grant);
                }
            }
        }
        (policy, errors)
    }

    /// The groups that may do something.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What a group may do, for people: `up restart of web web-*, reload`.
    pub fn words(&self, group: &str) -> String {
        let words = |grant: &Grant| {
            let verbs = grant.verbs.as_ref().map_or_else(
                || "all".to_owned(),
                |verbs| verbs.iter().map(|verb| verb.word()).collect::<Vec<_>>().join(" "),
            );
            let of = if grant.names.is_empty() { "" } else { " of " };
            format!("{verbs}{of}{}", grant.names.join(" "))
        };
        let grants = self.0.get(group).map_or(&[] as &[Grant], Vec::as_slice);
        grants.iter().map(words).collect::<Vec<_>>().join(", ")
    }

    /// What of a request a principal may not ask for, if anything.
    pub fn refuses(&self, principal: &str, request: &Request) -> Option<String> {
        if principal == OWNER {
            return None;
        }
        let grants = self.0.get(principal).map_or(&[] as &[Grant], Vec::as_slice);
        let verb = request.verb;
        let of_verb = |grant: &&Grant| grant.verbs.as_ref().is_none_or(|all| all.contains(&verb));
        let mut grants = grants.iter().filter(of_verb).peekable();
        if grants.peek().is_none() {
            return Some(format!("{principal} may not {}", verb.word()));
        }
        let grants: Vec<&Grant> = grants.collect();
        let is_all = |grant: &&Grant| grant.names.is_empty();
        if grants.iter().any(is_all) {
            return None;
        }
        if !verb.takes_names() {
            return Some(format!("{principal} may not {}", verb.word()));
        }
        let covers = |grant: &&Grant, name: &str| grant.names.iter().any(|p| matches(p, name));
        let refused =
            request.names.iter().find(|name| !grants.iter().any(|grant| covers(grant, name)));
        refused.map(|name| format!("{principal} may not {} {name}", verb.word()))
    }
}

fn verbs<'a>(words: impl Iterator<Item = &'a str>) -> Result<Option<Vec<Verb>>, String> {
    let words: Vec<&str> = words.collect();
    match words.as_slice() {
        [] => Err("no verb".to_owned()),
        ["*"] => Ok(None),
        words => {
            let verb = |word: &&str| Verb::parse(word).ok_or_else(|| format!("{word} is no verb"));
            words.iter().map(verb).collect::<Result<_, _>>().map(Some)
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(policy: &Policy, who: &str, what: &str) -> Option<String> {
        policy.refuses(who, &Request::unpack(what).unwrap())
    }

    #[test]
    fn a_line_allows_verbs_of_services() {
        let text = "wheel *\nwww up restart : web web-* # the site\nwww reload\n";
        let (policy, errors) = Policy::read(text);
        assert_eq!(errors, [] as [String; 0]);
        assert_eq!(policy.words("wheel"), "all");
        assert_eq!(policy.words("www"), "up restart of web web-*, reload");
        for (who, what) in [
            (OWNER, "apply"),
            ("wheel", "down db"),
            ("wheel", "apply 7"),
            ("www", "up web web-admin"),
            ("www", "reload db"),
        ] {
            assert_eq!(refuses(&policy, who, what), None, "{who} {what}");
        }
        for (who, what, why) in [
            ("www", "up web db", "www may not up db"),
            ("www", "down web", "www may not down"),
            ("www", "apply", "www may not apply"),
            ("other", "up web", "other may not up"),
        ] {
            assert_eq!(refuses(&policy, who, what), Some(why.to_owned()));
        }
    }

    #[test]
    fn a_mistake_is_named_and_allows_nothing() {
        let text = "www\nwww fly\nwww up :\nowner *\n../x *\n";
        let (policy, errors) = Policy::read(text);
        assert_eq!(policy, Policy::default());
        assert_eq!(
            errors,
            [
                "line 1: no verb",
                "line 2: fly is no verb",
                "line 3: no service after the colon",
                "line 4: owner is not the name of a group",
                "line 5: ../x is not the name of a group",
            ]
        );
    }
}
