//! For bash: share/bash-completion/completions/svctl.

use common::base::sort::sort;

use super::{Kind, Place, kind, place};
use crate::svctl::call::{EVERYWHERE, Opt, Verb, Verbs};

/// What is in front of the tables.
const HEAD: &str = r#"# Completes svctl; made by: svctl completions bash
_svctl() {
	local current=${COMP_WORDS[COMP_CWORD]} verb= options= words= asked= count=0 i word before=
	local -a tree=()
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		# What stands behind --option= comes as words of its own.
		if [[ $word == = ]]; then continue; fi
		if [[ $before ]]; then
			case $before in --prefix | --root) tree+=("$before" "$word") ;; esac
			before=
			continue
		fi
		case $word in
		--user) tree+=(--user) ;;
"#;

/// What is behind them.
const TAIL: &str = r#"	if [[ $current == -* ]]; then words=$options
	elif [[ $asked == / ]]; then compopt -o default; return
	elif [[ $asked ]]; then words=$(svctl "${tree[@]}" completions "$asked" 2>/dev/null); fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _svctl svctl
"#;

/// The whole script.
pub(super) fn script(verbs: Verbs) -> String {
    let options = || verbs.all().flat_map(|verb| verb.options).chain(EVERYWHERE);
    let mut with: Vec<&str> =
        options().filter(|opt| !opt.value.is_empty()).map(|opt| opt.name).collect();
    sort(&mut with);
    with.dedup();
    let mut text = HEAD.to_owned();
    text += &format!("\t\t{}) before=$word ;;\n", with.join(" | "));
    text += "\t\t-*) ;;\n\t\t*) if [[ $verb ]]; then ((++count)); else verb=$word; fi ;;\n";
    text += "\t\tesac\n\tdone\n\t[[ $current == = ]] && current=\n\tcase $before in\n\t'') ;;\n";
    let mut values: Vec<String> = options().filter_map(value).collect();
    sort(&mut values);
    values.dedup();
    text += &values.concat();
    text += "\t*) return ;;\n\tesac\n\tcase $verb in\n";
    let words: Vec<_> = verbs.all().map(|verb| verb.word).collect();
    text += &format!("\t'') words='{}' options='{}' ;;\n", words.join(" "), names(EVERYWHERE));
    text += &verbs.all().map(arm).collect::<String>();
    text + "\tesac\n" + TAIL
}

fn names(options: &[Opt]) -> String {
    let names: Vec<_> = options.iter().map(|opt| opt.name).collect();
    names.join(" ")
}

/// The arm for the value of an option; none: nothing is completed.
fn value(option: &Opt) -> Option<String> {
    let what = match kind(option) {
        Kind::Directory => {
            "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$current\"); return"
        }
        Kind::File => {
            "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return"
        }
        Kind::Asked(words) => &format!("asked={words} verb=."),
        Kind::Words(words) => &format!("words='{words}' verb=."),
        Kind::Other => return None,
    };
    (!option.value.is_empty()).then(|| format!("\t{}) {what} ;;\n", option.name))
}

fn arm(verb: &Verb) -> String {
    let set = |place| match place {
        Place::Nothing => ":".to_owned(),
        Place::Asked(word) => format!("asked={word}"),
        Place::Words(words) => format!("words='{}'", words.replace('|', " ")),
        Place::Files => "asked=/".to_owned(),
    };
    let (first, other) = (set(place(verb, true)), set(place(verb, false)));
    let set = match first == other {
        true => first,
        false => format!("if ((count)); then {other}; else {first}; fi"),
    };
    let own = if verb.options.is_empty() { String::new() } else { names(verb.options) + " " };
    let most = verb.count.end();
    let most = if *most < usize::MAX {
        format!("; ((count < {most})) || asked= words=")
    } else {
        String::new()
    };
    format!("\t{}) options='{own}{} --help'; {set}{most} ;;\n", verb.word, names(EVERYWHERE))
}
