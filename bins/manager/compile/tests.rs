//! What is said of a key is in what comes of it.

use super::*;
use crate::manager::service_file::keys::{KEYS, Key, Kind};
use crate::manager::service_file::read::read;
use crate::manager::service_file::source::Place;
use service::Service;

/// What a key needs beside it to mean something.
fn beside(key: &Key) -> &'static str {
    match key.name {
        "groups" => "user = 'root'",
        "notify-access" | "watchdog" => "ready = 'sd-notify'",
        "pid-file" => "ready = 'forked'",
        "runtime-directory-mode" | "runtime-directory-preserve" => "runtime-directory = ['a']",
        "state-directory-mode" => "state-directory = ['a']",
        "cache-directory-mode" => "cache-directory = ['a']",
        "logs-directory-mode" | "directory-owner" => "logs-directory = ['a']",
        "log.directory" | "log.stamp" => "log.own = true",
        "on-loss.*" => "requires = ['database']",
        _ => "",
    }
}

/// All files of a set in which `a` has this text, and how many errors it has.
fn outcome(text: &str) -> (Tree, Vec<String>) {
    let mut sources = Sources::default();
    let mut found = Vec::new();
    let mut set = Set::default();
    let others = "network chrony disks-checked dhcpcd static-ip login apache mail database";
    for (name, text) in others.split(' ').map(|name| (name, "type = 'group'")).chain([("a", text)])
    {
        let file = sources.add(name.to_owned(), text.to_owned());
        let settings = read(&sources, file, None, &mut found);
        let service = Service::new(name.to_owned(), Place::top(file), settings, &mut found);
        set.services.insert(name.to_owned(), service);
    }
    let dependencies = edges::resolve(&set, &Found::default(), &mut found);
    let mut tree = Tree::new();
    let graph = dependencies.map(|d| super::graph(&set, &d)).unwrap_or_default();
    tree.insert("graph".to_owned(), File { text: graph, is_program: false });
    let paths = Paths::default();
    set.services.values().for_each(|service| directory::add(service, &paths, &mut tree));
    let errors = found.iter().filter(|d| d.is_error()).map(|d| d.shown(&sources)).collect();
    (tree, errors)
}

/// Each line of a chain is a link that takes all its words, or the program.
fn check(text: &str) {
    let lines = chainload::lines_of_chain(text.as_bytes());
    let lines = lines.unwrap_or_else(|at| panic!("{at:?} of {text}"));
    let (_, links) = lines.split_last().unwrap();
    for words in links {
        let link = chainload::LINKS.iter().find(|link| words[0] == link.name);
        let link = link.unwrap_or_else(|| panic!("no link {words:?}"));
        let mut args = Args::new(words[1..].to_vec());
        let read = (link.read)(&mut args).map(drop);
        assert_eq!(read.and_then(|()| args.rest()), Ok(Vec::new()), "{words:?}");
    }
}

#[test]
fn every_key_is_carried_out() {
    for key in KEYS.iter().filter(|key| key.name != "type") {
        for (word, kind) in Kind::WORDS.into_iter().filter(|(_, kind)| key.is_of(*kind)) {
            let needed = match kind {
                Kind::Daemon => "exec = 'a'",
                Kind::Oneshot => "start = 'a'",
                Kind::Group => "",
            };
            let needed = if needed.starts_with(key.name) { "" } else { needed };
            let before = format!("type = '{word}'\n{needed}\n{}\n", beside(key));
            let (without, _) = outcome(&before);
            let (with, errors) = outcome(&(before + key.example));
            assert_eq!(errors, [] as [&str; 0], "{}", key.example);
            assert_ne!(with, without, "{} of a {word}", key.name);
            with.values().filter(|file| file.is_program).for_each(|file| check(&file.text));
        }
    }
}

#[test]
fn a_test_touches_nothing_of_what_runs() {
    let (tree, errors) = outcome(
        "exec = '/bin/a'
before-start = [['-/bin/b'], ['/bin/c', '$D']]
expand = true
ready = 'sd-notify'
tty = '/dev/tty1'
cgroup.memory-max = '1M'
umask = '0027'
nice = 5
user = 'root'
runtime-directory = ['a']
working-directory = '/'",
    );
    assert_eq!(errors, [] as [&str; 0]);
    let links = "#!/usr/bin/svc-chain
svc-fdmove -c 2 1
svc-nice =5
svc-umask 0027
svc-mkdir -p -m 0755 -o root /run/a
svc-env RUNTIME_DIRECTORY=/run/a
svc-setuid root
svc-cd /
";
    for (name, last) in [
        ("before-start.1", "svc-foreground { svc-expand /bin/b } true\n"),
        ("before-start.2", "svc-expand /bin/c $D\n"),
    ] {
        let file = &tree[&format!("services/a/{name}")];
        assert_eq!((file.text.as_str(), file.is_program), (&*format!("{links}{last}"), true));
    }
    assert!(!tree.contains_key("services/a/before-start.3"));
}
