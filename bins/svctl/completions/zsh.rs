//! For zsh: share/zsh/site-functions/_svctl.

use super::{Kind, Place, kind, place, quoted};
use crate::svctl::call::{EVERYWHERE, Opt, Verb, Verbs};

const HEAD: &str = r#"#compdef svctl
# Completes svctl; made by: svctl completions zsh

# _svctl_words WHAT - the words that svctl has for this tree
_svctl_words() {
	local -a found
	# _arguments puts options for compadd in front.
	found=(${(f)"$(svctl $svctl_tree completions $argv[-1] 2>/dev/null)"})
	compadd "${(@)argv[1,-2]}" -a found
}

_svctl() {
	local curcontext=$curcontext state line option
	local -a svctl_tree verbs everywhere
	typeset -A opt_args
"#;

const MIDDLE: &str = r#"	_arguments -C $everywhere '1:verb:->verb' '*::argument:->argument'
	for option in --user --prefix --root; do
		(( ${+opt_args[$option]} )) && svctl_tree+=($option ${(Q)opt_args[$option]})
	done
	case $state in
	verb) _describe verb verbs ;;
	argument)
		case $line[1] in
"#;

const TAIL: &str = r#"		esac ;;
	esac
}

_svctl "$@"
"#;

/// The whole script.
pub(super) fn script(verbs: Verbs) -> String {
    let line = |word: String| format!("\t\t{word}\n");
    let everywhere: String = EVERYWHERE.iter().map(|opt| line(option(opt))).collect();
    let verb =
        |verb: &Verb| line(quoted(&format!("{}:{}", verb.word, verb.summary.replace(':', "\\:"))));
    let arms: String = verbs.all().map(arm).collect();
    let verbs: String = verbs.all().map(verb).collect();
    format!("{HEAD}\teverywhere=(\n{everywhere}\t)\n\tverbs=(\n{verbs}\t)\n{MIDDLE}{arms}{TAIL}")
}

fn arm(verb: &Verb) -> String {
    let mut words: Vec<String> = verb.options.iter().map(option).collect();
    let (first, other) = (place(verb, true), place(verb, false));
    match *verb.count.end() {
        usize::MAX if first == other => words.extend(argument("*", first)),
        usize::MAX => {
            words.extend(argument("1", first));
            words.extend(argument("*", other));
        }
        most => (1..=most.min(9)).for_each(|at| {
            let place = if at == 1 { first } else { other };
            words.extend(argument(&at.to_string(), place));
        }),
    }
    format!("\t\t{}) _arguments $everywhere {} ;;\n", verb.word, words.join(" "))
}

fn argument(at: &str, place: Place) -> Option<String> {
    let action = match place {
        Place::Nothing => return None,
        Place::Asked(word) => format!("{}:_svctl_words {word}", word.trim_end_matches('s')),
        Place::Words(words) => format!("word:({})", words.replace('|', " ")),
        Place::Files => "file:_files".to_owned(),
    };
    Some(quoted(&format!("{at}:{action}")))
}

fn option(option: &Opt) -> String {
    let mut help = option.help.to_owned();
    for special in ['\\', '[', ']', ':'] {
        help = help.replace(special, &format!("\\{special}"));
    }
    let action = match (option.value, kind(option)) {
        ("", _) => String::new(),
        (value, Kind::Directory) => format!(":{value}:_files -/"),
        (value, Kind::File) => format!(":{value}:_files"),
        (value, Kind::Asked(words)) => format!(":{value}:_svctl_words {words}"),
        (value, Kind::Words(words)) => format!(":{value}:({words})"),
        (value, Kind::Other) => format!(":{value}: "),
    };
    quoted(&format!("{}[{help}]{action}", option.name))
}
