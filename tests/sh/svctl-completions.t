#!/bin/sh
# svctl completions: what bash, zsh and fish make of them; and those of the other programs.
# shellcheck disable=SC2016,SC2089,SC2090,SC2119  # scripts for other shells
. "${0%/*}/lib.sh"
. "$here/svctl.sh"
. "$here/svctl-schema.sh"

unit web <<'EOF'
exec = ["/bin/sleep", "1000"]
EOF
unit 'getty@' <<'EOF'
exec = ["/bin/sleep", "1000"]
EOF
ln -s /dev/null "$etc/services/off.toml"
is 'services: those of files, templates, and what is masked' "$(ctl completions services | xargs)" 'getty@ off web'
enabled web getty@tty1
is 'and instances' "$(ctl completions services | xargs)" 'getty@ getty@tty1 off web'
compile
rm "$etc/services/web.toml"
is 'nothing of a tree that there is not' "$(svctl --prefix "$T/none" completions services 2>&1)" ''
is 'generations' "$(ctl completions generations | xargs)" '1 boot good'
contains 'signals' "$(svctl completions signals)" HUP
exits 100 'no such shell' svctl completions csh
is 'as JSON' "$(ctl completions generations --json)" '{"schema":"svctl-completions-1","for":"generations","text":"1\u000aboot\u000agood\u000a"}'
svctl completions fish --json >>objects

verbs=$(svctl --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | sort -u | xargs)
contains 'the help has verbs' "$verbs" enable

# in_bash WORD... - what the last word becomes.
in_bash() {
	bash --norc --noprofile -c '
		. "$0"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
		compopt() { :; }
		_svctl && printf "%s\n" "${COMPREPLY[@]}"' "$T/svctl.bash" "$@" | sort | xargs
}
if has bash; then
	svctl completions bash >svctl.bash
	is 'bash: the verbs' "$(in_bash svctl '')" "$verbs"
	is 'bash: a verb' "$(in_bash svctl una)" ''
	is 'bash: the rest of a verb' "$(in_bash svctl unm)" unmask
	is 'bash: services' "$(in_bash svctl --prefix "$T" enable get)" 'getty@ getty@tty1'
	is 'bash: and more of them' "$(in_bash svctl --prefix "$T" enable web o)" off
	is 'bash: one that is given by =' "$(in_bash svctl --prefix = "$T" show o)" off
	is 'bash: the options of a verb' "$(in_bash svctl enable --n)" --now
	is 'bash: an option for all, behind a verb' "$(in_bash svctl enable --pre)" --prefix
	is 'bash: the value of an option' "$(in_bash svctl --color al)" always
	is 'bash: directories' "$(in_bash svctl --prefix "$T/et")" "$T/etc"
	is 'bash: as many arguments as a verb has' "$(in_bash svctl --prefix "$T" edit web o)" ''
	is 'bash: files' "$(in_bash svctl check '[')" ''
	is 'bash: generations' "$(in_bash svctl --prefix "$T" graph --generation '')" '1 boot good'
	is 'bash: words' "$(in_bash svctl completions z)" zsh
else skip 'in bash' 'no bash here'; fi

if has fish; then
	svctl completions fish >svctl.fish
	# in_fish LINE - what its last word becomes.
	in_fish() {
		HOME=$T XDG_CONFIG_HOME=$T/.config fish --no-config -c "source svctl.fish; complete -C '$1'" 2>&1 | cut -f 1 | sort | xargs
	}
	is 'fish: the verbs' "$(in_fish 'svctl ')" "$verbs"
	is 'fish: services' "$(in_fish "svctl --prefix $T enable get")" 'getty@ getty@tty1'
	is 'fish: and more of them' "$(in_fish "svctl --prefix $T enable web o")" off
	is 'fish: the options of a verb' "$(in_fish 'svctl enable --n')" --now
	is 'fish: the value of an option' "$(in_fish 'svctl --color al')" always
	is 'fish: as many arguments as a verb has' "$(in_fish "svctl --prefix $T edit web o")" ''
	is 'fish: words' "$(in_fish 'svctl completions z')" zsh
else skip 'in fish' 'no fish here'; fi

if has zsh; then
	mkdir functions
	svctl completions zsh >functions/_svctl
	# in_zsh LINE - what is listed for its last word. A terminal is needed, and zsh has one.
	cat >complete.zsh <<'EOF'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PROMPT= RPROMPT= PROMPT_SP= ; unsetopt prompt_sp prompt_cr; stty -echo cols 500 rows 500"
zpty -w z "fpath=($PWD/functions \$fpath); autoload -Uz compinit; compinit -u -d $PWD/dump"
zpty -w z "bindkey '^I' complete-word; done_() { print -r -- \"DO\"\"NE<\$BUFFER>\"; exit }; zle -N done_; bindkey '^T' done_"
zpty -w z 'print "REA""DY"'
zpty -r -m z line '*READY*'
zpty -w -n z "$1"$'\t\C-t'
zpty -r -m z line '*DONE<*>*'
print -r -- "$line"
EOF
	in_zsh() { timeout 100 zsh -f complete.zsh "$1" 2>&1 | tr -d '\r\007' | grep -o 'DONE<.*'; }
	contains 'zsh: a verb' "$(in_zsh 'svctl unm')" 'DONE<svctl unmask'
	contains 'zsh: a service' "$(in_zsh "svctl --prefix $T enable of")" "enable off"
	contains 'zsh: an option of a verb' "$(in_zsh 'svctl enable --no')" 'DONE<svctl enable --now'
	contains 'zsh: the value of an option' "$(in_zsh 'svctl --color alw')" 'DONE<svctl --color always'
	contains 'zsh: words' "$(in_zsh 'svctl completions z')" 'DONE<svctl completions zsh'
else skip 'in zsh' 'no zsh here'; fi

# Those of the other programs.
for shell in bash zsh fish; do
	svc-log --help | "$root/tools/completions" svc-log "$shell" >"svc-log.$shell"
done
if has bash; then
	is 'bash: an option of another program' "$(bash --norc -c '. ./svc-log.bash
		COMP_WORDS=(svc-log --rotate-s) COMP_CWORD=1; _svc_log; echo "${COMPREPLY[@]}"')" --rotate-size
fi
if has fish; then
	like 'fish: an option of another program' "$(HOME=$T fish --no-config -c "source svc-log.fish; complete -C 'svc-log --rotate-s'")" '^--rotate-size'
fi
for name in $(cd "$BIN" && ls); do
	case $name in coppice-* | svctl) continue ;; esac
	for shell in bash zsh fish; do
		"$name" --help | "$root/tools/completions" "$name" "$shell" >script || fail "$name for $shell"
		if has "$shell"; then "$shell" -n script >>bad 2>&1 || echo "$name for $shell" >>bad; fi
	done
done
is 'what is made for all of them the shells can read' "$(cat bad)" ''

as_schemas_say objects

done_testing
