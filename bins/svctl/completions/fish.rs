//! For fish: share/fish/vendor_completions.d/svctl.fish.

use common::base::sort::sort;

use super::{Kind, Place, kind, place};
use crate::svctl::call::{EVERYWHERE, Opt, Verb, Verbs};

const HEAD: &str = r#"# Completes svctl; made by: svctl completions fish
# __svctl_line - the options that say which tree, --, and the words that are none: first the verb.
function __svctl_line
    set -l before ''
    set -l tree
    set -l words
    for word in (commandline -opc)[2..]
        if test -n "$before"
            contains -- $before --prefix --root; and set -a tree $before $word
            set before ''
            continue
        end
        switch $word
            case --user '--prefix=*' '--root=*'
                set -a tree $word
"#;

const TAIL: &str = r#"                set before $word
            case '-*'
            case '*'
                set -a words $word
        end
    end
    string join -- \n $tree -- $words
end
# __svctl_verb [VERB [COUNT]] - whether that verb, or none yet, is on the line, with COUNT arguments
function __svctl_verb
    set -l line (__svctl_line)
    set -l at (contains -i -- -- $line)
    set -l words $line[(math $at + 1)..]
    test "$words[1]" = "$argv[1]"; or return
    set -q argv[2]; or return 0
    test (count $words) -eq (math $argv[2] + 1)
end
# __svctl_words WHAT - the words that svctl has for this tree
function __svctl_words
    set -l line (__svctl_line)
    set -l at (contains -i -- -- $line)
    set -l tree
    test $at -gt 1; and set tree $line[1..(math $at - 1)]
    svctl $tree completions $argv[1] 2>/dev/null
end
complete -c svctl -f
"#;

/// The whole script.
pub(super) fn script(verbs: Verbs) -> String {
    let options = || verbs.all().flat_map(|verb| verb.options).chain(EVERYWHERE);
    let mut with: Vec<&str> =
        options().filter(|opt| !opt.value.is_empty()).map(|opt| opt.name).collect();
    sort(&mut with);
    with.dedup();
    let mut text = format!("{HEAD}            case {}\n{TAIL}", with.join(" "));
    EVERYWHERE.iter().for_each(|opt| text += &option("", opt));
    for verb in verbs.all() {
        text += &format!(
            "complete -c svctl -n '__svctl_verb \"\"' -a {} -d {}\n",
            verb.word,
            quoted(verb.summary)
        );
        let is = format!(" -n '__svctl_verb {}'", verb.word);
        verb.options.iter().for_each(|opt| text += &option(&is, opt));
        text += &arguments(verb);
    }
    text
}

fn arguments(verb: &Verb) -> String {
    let word = verb.word;
    let line = |condition: &str, place| {
        let what = match place {
            Place::Nothing => return String::new(),
            Place::Asked(asked) => format!("-a '(__svctl_words {asked})'"),
            Place::Words(words) => format!("-a '{}'", words.replace('|', " ")),
            Place::Files => "-F".to_owned(),
        };
        format!("complete -c svctl -n '__svctl_verb {word}{condition}' {what}\n")
    };
    let (first, other) = (place(verb, true), place(verb, false));
    match (first == other, *verb.count.end()) {
        (true, usize::MAX) => line("", first),
        (true, most) => (0..most).map(|count| line(&format!(" {count}"), first)).collect(),
        (false, most) => {
            let others = 1..most.min(3);
            let others = others.map(|count| line(&format!(" {count}"), other));
            line(" 0", first) + &others.collect::<String>()
        }
    }
}

fn option(condition: &str, option: &Opt) -> String {
    let name = match option.name.strip_prefix("--") {
        Some(long) => format!("-l {long}"),
        None => format!("-s {}", option.name.trim_start_matches('-')),
    };
    let value = match (option.value, kind(option)) {
        ("", _) => String::new(),
        (_, Kind::Directory) => " -x -a '(__fish_complete_directories)'".to_owned(),
        (_, Kind::File) => " -r -F".to_owned(),
        (_, Kind::Asked(words)) => format!(" -x -a '(__svctl_words {words})'"),
        (_, Kind::Words(words)) => format!(" -x -a '{words}'"),
        (_, Kind::Other) => " -x".to_owned(),
    };
    format!("complete -c svctl{condition} {name}{value} -d {}\n", quoted(option.help))
}

/// A text between single quotes, as fish has it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
