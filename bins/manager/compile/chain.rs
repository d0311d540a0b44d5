//! The chain file of a command: all that is changed before it runs, a link a line.

use super::directory::{DIRECTORIES, Paths, own_directories};
use super::service::Service;
use crate::manager::service_file::keys::Kind;
use crate::manager::service_file::ready::Readiness;

/// A chain file in the making.
pub(crate) struct Chain {
    text: String,
    /// Whether svc-expand stands in front of each command. One for all would not do: in a block a
    /// word is not what it is outside.
    expands: bool,
}

/// What a chain is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// What is kept running, or brings it up.
    Run,
    /// What takes it down or reloads it: nothing is made or waited for.
    Other,
    /// A command of before-start by itself, while the service is up: nothing that what runs would
    /// notice, as are its cgroup, its terminal, and who is told that it is ready.
    Test,
}

/// The chain that runs commands as the service does.
pub(super) fn of(service: &Service, paths: &Paths, what: For, commands: &[Vec<String>]) -> String {
    let mut chain = Chain::new(service, &paths.programs);
    // Errors belong into the log, those of the links as well.
    chain.line(["svc-fdmove", "-c", "2", "1"]);
    resources(service, what, &mut chain);
    if what != For::Other {
        directories(service, paths, &mut chain);
    }
    environment(service, paths, &mut chain);
    if what == For::Run {
        notification(service, &mut chain);
    }
    identity(service, &mut chain);
    if let Some(dir) = service.text("working-directory") {
        chain.line(["svc-cd", dir]);
    }
    chain.expands = service.flag("expand") == Some(true);
    if what == For::Run {
        for command in service.commands("before-start") {
            let program = program_of(command).0.unwrap_or_default();
            chain.block(&["svc-if", "-m", &format!("before-start failed: {program}")], command);
        }
        readiness(service, &mut chain);
    }
    chain.commands(commands, announcement(service, what));
    chain.text
}

/// What says that a daemon is ready, right in front of its program.
fn announcement(service: &Service, what: For) -> &'static [&'static str] {
    if what == For::Run && service.is_announced() { &["svc-announce", "3"] } else { &[] }
}

/// The chain that runs when a daemon has ended; none: nothing is to be done then.
pub(super) fn finish(service: &Service, paths: &Paths) -> Option<String> {
    let mut commands = service.commands("after-stop").to_vec();
    if service.flag("runtime-directory-preserve") != Some(true) {
        let dirs: Vec<String> = own_directories(service, paths)
            .filter(|own| own.key == "runtime-directory")
            .map(|own| own.path)
            .collect();
        if !dirs.is_empty() {
            let rm = ["rm", "-rf", "--"].map(str::to_owned);
            commands.push([&rm[..], &dirs[..]].concat());
        }
    }
    let (last, others) = commands.split_last()?;
    let mut chain = Chain::new(service, &paths.programs);
    chain.line(["svc-fdmove", "-c", "2", "1"]);
    for command in others {
        chain.block(&["svc-foreground"], command);
    }
    chain.last(&[], last);
    Some(chain.text)
}

fn resources(service: &Service, what: For, chain: &mut Chain) {
    let settings: Vec<_> =
        service.cgroup_settings().map(|(name, value)| format!("{name}={value}")).collect();
    if let Some(path) =
        service.cgroup().filter(|_| !settings.is_empty() || service.kind == Kind::Oneshot)
        && what != For::Test
    {
        chain.line(["svc-cgroup", &path].into_iter().chain(settings.iter().map(String::as_str)));
    }
    let timeout = match what {
        For::Run => service.timeout_start(),
        For::Other => service.timeout_stop(),
        // Who runs it knows when it is over.
        For::Test => None,
    };
    if let (Some(ms), Kind::Oneshot) = (timeout, service.kind) {
        chain.line(["svc-timeout", &format!("{ms}ms")]);
    }
    if let Some(tty) = service.text("tty").filter(|_| what != For::Test) {
        chain.line(["svc-tty", tty]);
    }
    let limits: Vec<_> =
        service.texts("limits").map(|(name, value)| format!("{name}={value}")).collect();
    if !limits.is_empty() {
        chain.line(["svc-limit"].into_iter().chain(limits.iter().map(String::as_str)));
    }
    if let Some(nice) = service.number("nice") {
        chain.line(["svc-nice", &format!("={nice}")]);
    }
    if let Some(score) = service.number("oom-score-adjust") {
        chain.line(["svc-oom", &score.to_string()]);
    }
    if let Some(mask) = service.text("umask") {
        chain.line(["svc-umask", mask]);
    }
}

fn directories(service: &Service, paths: &Paths, chain: &mut Chain) {
    let owner = service.text("directory-owner").or(service.text("user"));
    for own in own_directories(service, paths) {
        let mode = service.text(&format!("{}-mode", own.key)).unwrap_or("0755");
        let mut words = vec!["svc-mkdir", "-p", "-m", mode];
        words.extend(owner.into_iter().flat_map(|owner| ["-o", owner]));
        words.push(&own.path);
        chain.line(words);
    }
}

fn environment(service: &Service, paths: &Paths, chain: &mut Chain) {
    let mut words: Vec<String> = vec!["svc-env".to_owned()];
    for (name, _) in service.list("unset-environment") {
        words.extend(["-u".to_owned(), name.clone()]);
    }
    for (key, variable) in DIRECTORIES {
        let own = own_directories(service, paths).filter(|own| own.key == key).map(|own| own.path);
        let own: Vec<_> = own.collect();
        if !own.is_empty() {
            words.push(format!("{variable}={}", own.join(":")));
        }
    }
    words.extend(service.texts("environment").map(|(name, value)| format!("{name}={value}")));
    if words.len() > 1 {
        chain.line(words.iter().map(String::as_str));
    }
    for (file, _) in service.list("environment-file") {
        chain.line(["svc-envfile", file]);
    }
}

/// In front of svc-setuid: the listener needs the right to write to the supervisor.
fn notification(service: &Service, chain: &mut Chain) {
    if service.ready() != Readiness::SdNotify {
        return;
    }
    let mut words = vec!["svc-sdnotify".to_owned()];
    if service.text("notify-access") == Some("all") {
        words.push("-a".to_owned());
    }
    if let Some(Some(ms)) = service.duration("watchdog") {
        words.extend(["-w".to_owned(), ms.to_string()]);
    }
    chain.line(words.iter().map(String::as_str));
}

fn identity(service: &Service, chain: &mut Chain) {
    let list =
        |key| service.list(key).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",");
    let capabilities = list("ambient-capabilities");
    if !capabilities.is_empty() {
        chain.line(["svc-caps", "-a", &capabilities]);
    }
    let groups = list("groups");
    let mut words = vec!["svc-setuid"];
    if let Some(group) = service.text("group") {
        words.extend(["-g", group]);
    }
    if !groups.is_empty() {
        words.extend(["-s", &groups]);
    }
    words.extend(service.text("user"));
    if words.len() > 1 {
        chain.line(words);
    }
    if service.flag("no-new-privileges") == Some(true) {
        chain.line(["svc-nnp"]);
    }
}

fn readiness(service: &Service, chain: &mut Chain) {
    // Until the manager says that it took too long; it looks ten times a second.
    const LOOK: [&str; 5] = ["svc-readycheck", "-n", "0", "-w", "100"];
    match service.ready() {
        Readiness::Exec | Readiness::NotifyFd(_) | Readiness::SdNotify => {}
        Readiness::Check(command) => chain.block(&[&LOOK[..], &["-c"]].concat(), &command),
        Readiness::Tcp(address) => chain.line(LOOK.into_iter().chain(["-i", &address])),
        Readiness::Socket(path) => chain.line(LOOK.into_iter().chain(["-u", &path])),
        Readiness::File(path) => chain.line(LOOK.into_iter().chain(["-f", &path])),
        Readiness::Forked => {
            let file = service.text("pid-file").map(|file| ["-p", file]);
            let words = ["svc-follow", "-d", "3"].into_iter().chain(file.into_iter().flatten());
            chain.line(words);
        }
    }
}

impl Chain {
    fn new(service: &Service, programs: &str) -> Chain {
        let mut chain = Chain::empty(programs);
        if let Some(description) = service.text("description") {
            chain.text += &format!("# {description}\n");
        }
        chain
    }

    /// A chain file of these lines.
    pub(crate) fn of_lines(programs: &str, lines: &[Vec<&str>]) -> String {
        let mut chain = Chain::empty(programs);
        lines.iter().for_each(|line| chain.line(line.iter().copied()));
        chain.text
    }

    fn empty(programs: &str) -> Chain {
        Chain { text: format!("#!{programs}/svc-chain\n"), expands: false }
    }

    fn line<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        let words: Vec<_> = words.into_iter().map(quoted).collect();
        self.text += &words.join(" ");
        self.text.push('\n');
    }

    /// A link that runs a command beside what comes next.
    fn block(&mut self, link: &[&str], command: &[String]) {
        let link: Vec<_> = link.iter().map(|word| quoted(word)).collect();
        self.text += &format!("{} {{ {} }}\n", link.join(" "), self.command(&[], command));
    }

    /// One after the other, until one fails; these words stand in front of the last.
    fn commands(&mut self, commands: &[Vec<String>], front: &[&str]) {
        let Some((last, others)) = commands.split_last() else { return };
        for command in others {
            self.block(&["svc-if"], command);
        }
        self.last(front, last);
    }

    /// What the chain becomes.
    fn last(&mut self, front: &[&str], command: &[String]) {
        self.text += &format!("{}\n", self.command(front, command));
    }

    fn command(&self, front: &[&str], command: &[String]) -> String {
        let (program, may_fail) = program_of(command);
        let program = program.into_iter().chain(command.iter().skip(1).map(String::as_str));
        // svc-expand is first: what is looked for is what the program's name comes to.
        let words = self.expands.then_some("svc-expand").into_iter();
        let words = words.chain(front.iter().copied()).chain(program);
        let words = words.map(quoted).collect::<Vec<_>>().join(" ");
        if may_fail { format!("svc-foreground {{ {words} }} true") } else { words }
    }
}

/// The program of a command; and whether it may fail: a minus stands in front of it then.
pub(super) fn program_of(command: &[String]) -> (Option<&str>, bool) {
    let program = command.first().map(String::as_str);
    match program.and_then(|program| program.strip_prefix('-')) {
        Some(program) => (Some(program), true),
        None => (program, false),
    }
}

/// A word as a chain file has it.
fn quoted(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"%+,-./:=@_$~*?&;()[]<>|!^".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_back_as_it_is() {
        for word in ["a", "", "a b", "it's", "{", "}", "#", "\\", "\"", "a\nb", "'", "$A", "ä"] {
            let lines = chainload::lines_of_chain(quoted(word).as_bytes());
            // An empty word can't be a program: behind one it can be a word.
            if !word.is_empty() {
                assert_eq!(lines, Ok(vec![vec![word.into()]]), "{word:?}");
            }
            let lines = chainload::lines_of_chain(format!("x {}", quoted(word)).as_bytes());
            assert_eq!(lines, Ok(vec![vec!["x".into(), word.into()]]), "{word:?}");
        }
    }
}
