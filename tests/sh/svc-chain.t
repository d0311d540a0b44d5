#!/bin/sh
# svc-chain: run scripts without a shell.
# shellcheck disable=SC2016,SC2059,SC1003,SC1083  # what is quoted, and braces, are for svc-chain
. "${0%/*}/lib.sh"
. "$here/link.sh"

# chain NAME - a file from standard input, executable.
chain() { { echo "#!$(command -v svc-chain)"; cat; } >"$1"; chmod 755 "$1"; }
mkdir sub
chain run <<'EOT'
# A comment.
svc-cd sub      # as is this
svc-umask 027
svc-env 'GREETING=hello  you' "TAB=a\tb"

sh -c 'pwd -P; umask; echo "$GREETING|$TAB|$*"' \
	sh "it's"
EOT
is 'a chain is run' "$(./run)" "$T/sub
0027
hello  you|a	b|it's"
is 'words behind the file are ignored, as a supervisor gives its run script one' "$(./run run)" "$(./run)"
is 'with -a they are the program'\''s' "$(svc-chain -a run -n --help | tail -n 1)" "hello  you|a	b|it's -n --help"
is '--show prints the command' "$(svc-chain --show run)" "svc-cd sub \\
svc-umask 027 \\
svc-env 'GREETING=hello  you' 'TAB=a	b' \\
sh -c 'pwd -P; umask; echo \"\$GREETING|\$TAB|\$*\"' sh 'it'\\''s'"
is 'which a shell runs to the same end' "$(eval "$(svc-chain --show run)")" "$(./run)"
is '--check finds nothing, and runs nothing' "$(svc-chain --check run)" ''
is 'a chain can be words' "$(svc-chain -c svc-cd sub svc-umask 7 sh -c 'pwd -P; umask')" "$T/sub
0007"
is 'links may share a line' "$(printf 'svc-cd sub svc-umask 7\nsh -c "umask"\n' >two; svc-chain two)" 0007
exits 7 'its exit code is that of the program' svc-chain -c svc-cd sub sh -c 'exit 7'
exits 1 'or that of a link that ends the chain' svc-chain -c svc-setlock lock svc-setlock -n lock true

# One exec.
if has strace && strace -qq -o try true 2>/dev/null && [ -s try ]; then
	program=$(command -v env)
	printf 'svc-cd /\nsvc-umask 22\nsvc-env A=1\nsvc-nice 0\nsvc-limit core=0\n%s\n' "$program" >five
	strace -qq -o trace -e trace=execve svc-chain five >/dev/null
	is 'five links and a program cost one exec' "$(sed '1d; s/^execve("\([^"]*\).*/\1/' trace)" "$program"
else
	skip 'five links and a program cost one exec' 'no strace here'
fi

# Foreign programs.
chain foreign <<'EOT'
svc-cd sub
nice -n 0
svc-umask 7
env A=1
svc-env B=2
sh -c 'pwd -P; umask; echo $A$B'
EOT
is 'foreign programs may stand among links' "$(./foreign)" "$T/sub
0007
12"
if has execlineb; then
	chain braces <<-'EOT'
		svc-cd sub
		execline-umask 027
		foreground {
			printf '%s.' a 'b c' # a comment
				'{' '}' \}
		}
		foreground { foreground { pwd -P } sh -c umask }
		svc-umask 7
		sh -c umask
	EOT
	is 'blocks are what execline takes' "$(./braces)" "a.b c.{.}.}.$T/sub
0027
0007"
	is 'a line may begin with a word that a shell reserves' "$(printf 'if { true }\necho yes\n' >if; svc-chain if; eval "$(svc-chain --show if)")" 'yes
yes'
	printf '#!%s -P\nsvc-chain -c svc-umask 27\nsh -c umask\n' "$(command -v execlineb)" >el; chmod 755 el
	is 'and execline takes us' "$(./el)" 0027
else
	skip 'blocks are what execline takes' 'execline is not installed'
fi
mkdir other
printf '#!/bin/sh\necho other\n' >other/svc-cd; chmod 755 other/svc-cd
is 'a link with a path is a program like any other' "$(svc-chain -c ./other/svc-cd sub true)" other
is 'one without is ours, whatever PATH says' "$(PATH=$T/other:$PATH svc-chain -c svc-cd sub pwd -P)" "$T/sub"
is 'PATH is that which the chain makes' "$(svc-chain -c svc-env PATH="$T/other" svc-setlock l svc-umask 22 svc-nnp svc-cd / svc-cd 2>&1)" \
	'svc-chain: fatal: svc-cd: missing directory (usage: svc-cd DIR PROG...)'
is 'for the program too' "$(cp other/svc-cd other/prog; svc-chain -c svc-env PATH="$T/other" prog)" other
is 'the name is that of the program, not of a link before it' \
	"$(svc-chain -c svc-argv0 one svc-argv0 two sh -c 'echo $0'; svc-chain -c svc-argv0 one svc-umask 22 sh -c 'echo $0')" 'two
sh'

# Mistakes.
# bad TEXT MESSAGE - this file is refused, with this message.
bad() {
	printf "$1" >bad
	exits 100 "a mistake: $2" svc-chain bad
	is 'which has its place' "$(cat err)" "svc-chain: fatal: bad:$2"
	exits 100 'for --show' svc-chain --show bad
}
bad "true\\n  'a" "2:3: ' without another at the end"
bad 'true "a' '1:6: " without another at the end'
bad 'true "\\q"' '1:7: unknown escape: \\ \" \n \t \r \e \xHH are known'
bad 'true "\\x4g"' '1:7: \x takes two hexadecimal digits'
bad 'true "\\x00"' "1:7: a NUL can't be in a word"
bad 'true a\0b' "1:7: a NUL can't be in a word"
bad 'true \\' '1:6: \ at the end of the file'
bad 'x {\ny' '1:3: block without a } at its end'
bad 'x\n}' "2:1: } without a block (a } as a word is written '}')"
bad '{ a }\nx' '1:3: a line begins with the name of a program'
bad '# nothing\n' ' no program in this file'
# wrong TEXT MESSAGE - this file is refused before anything is changed.
wrong() {
	printf "$1" >bad
	exits 100 "a mistake: $2" svc-chain bad
	is 'which has its line' "$(sed 's/ (usage: .*)$//' err)" "svc-chain: fatal: bad:$2"
	ok 'and changes nothing' test ! -e made
}
wrong 'svc-mkdir made\nsvc-umask 9\ntrue' '2: svc-umask: invalid mask: 9'
wrong 'svc-mkdir made\nsvc-cd\n/ true' '2: svc-cd: missing directory'
wrong 'svc-mkdir made\nsvc-nice 5' '2: missing program behind the last link'
wrong 'svc-setuid no-such-user\nsvc-mkdir made\ntrue' '1: svc-setuid: unknown user no-such-user'
wrong 'svc-env -x\nsvc-mkdir made\ntrue' '1: svc-env: invalid option -x'
printf 'true\nsvc-cd none\ntrue\n' >bad
exits 111 'what a link meets' svc-chain -c svc-umask 22 svc-cd none true
is 'is said with its name' "$(cat err)" 'svc-chain: fatal: svc-cd: unable to change directory to none: No such file or directory'
exits 127 'a program that is missing' svc-chain -c svc-umask 22 "$PWD/none"
is 'is said' "$(cat err)" "svc-chain: fatal: unable to run $PWD/none: No such file or directory"
: >plain
exits 126 "a program that can't be run" svc-chain -c svc-umask 22 "$PWD/plain"
mistake 'missing file' svc-chain
mistake 'missing program' svc-chain -c
mistake 'invalid option -x' svc-chain -x run
refused 'unable to read none: No such file or directory' svc-chain none
refused 'unable to read sub: Is a directory' svc-chain sub
mkfifo fifo
refused 'unable to read fifo: no regular file' svc-chain fifo
head -c 1048577 /dev/zero | tr '\0' '#' >long
refused 'unable to read long: longer than 1 MB' svc-chain long
head -c 1048576 /dev/zero | tr '\0' '#' >long
exits 100 'a file may have 1 MiB' svc-chain long

# What --check finds.
cat >bad <<'EOT'
svc-cd
svc-envfile /nonexistent/file
svc-setuid no-such-user
svc-env PATH=/nonexistent
svc-umask 999
no-such-program
svc-nice 3
EOT
exits 100 '--check finds what is wrong' svc-chain --check bad
is 'all of it, a line each' "$(sed 's/ (usage: .*)$//' err)" 'svc-chain: error: bad:1: svc-cd: missing directory
svc-chain: error: bad:2: svc-envfile: unable to read /nonexistent/file: No such file or directory
svc-chain: error: bad:3: svc-setuid: unknown user no-such-user
svc-chain: error: bad:5: svc-umask: invalid mask: 999
svc-chain: error: bad:6: no-such-program: no such program in PATH
svc-chain: error: bad:7: missing program behind the last link'
printf 'svc-mkdir made\nsvc-cd made\nsvc-envfile env\n./prog\n' >later
exits 0 'what may be there when it runs is no mistake' svc-chain --check later
ok 'and nothing is run' test ! -e made
cat >order <<'EOT'
svc-chroot /
svc-setuid 65534:65534
svc-chroot /
svc-nice -5 svc-oom -100
svc-sched -p fifo
svc-setuid 1:1
svc-setuid 65534:65534
svc-nice 5
true
EOT
exits 100 'a privilege that was dropped is missed' svc-chain --check order
is 'with the line to move' "$(cat err)" 'svc-chain: error: order:3: svc-chroot needs CAP_SYS_CHROOT, which svc-setuid in line 2 drops: move line 3 before line 2
svc-chain: error: order:4: svc-nice needs CAP_SYS_NICE, which svc-setuid in line 2 drops: move line 4 before line 2
svc-chain: error: order:4: svc-oom needs CAP_SYS_RESOURCE, which svc-setuid in line 2 drops: move line 4 before line 2
svc-chain: error: order:5: svc-sched needs CAP_SYS_NICE, which svc-setuid in line 2 drops: move line 5 before line 2
svc-chain: error: order:6: svc-setuid needs CAP_SETUID, which svc-setuid in line 2 drops: move line 6 before line 2'
exits 100 'in words as well' svc-chain -c --check svc-setuid 1:1 svc-chroot / true
is 'where there is no line' "$(cat err)" 'svc-chain: error: svc-chroot needs CAP_SYS_CHROOT, which svc-setuid drops: move it before svc-setuid'
exits 0 'nor what a limit allows' svc-chain -c --check svc-limit nice=-5 svc-setuid 1:1 svc-nice -5 true
cat >words <<'EOT'
svc-setuid 1:1
sh -c 'exec "$@"' sh
printf
'%s\n'
a
EOT
exits 0 'words of another program are no programs' svc-chain --check words
exits 100 'a block in a block is looked at' svc-chain -c --check svc-if { svc-if { no-such-program } true } true
is 'as a chain of its own' "$(cat err)" 'svc-chain: error: no-such-program: no such program in PATH'
exits 100 'so is what can be known behind svc-expand' svc-chain -c --check svc-expand no-such-program a
exits 0 'and what can not is not' svc-chain -c --check svc-expand '$PROGRAM' a
exits 100 'links behind svc-expand are looked at' svc-chain -c --check svc-expand svc-umask 9 true
exits 100 'a block finds its links by PATH' svc-chain -c --check svc-env PATH=/bin svc-if { svc-umask 22 /bin/true } /bin/true
is 'and is told so' "$(cat err)" 'svc-chain: error: svc-umask: no such program in PATH'
exits 100 'a link that is mistyped' svc-chain -c --check svc-setuidd 1:1 true
is 'is found' "$(cat err)" 'svc-chain: error: svc-setuidd: no such program in PATH; is it svc-setuid?'
exits 100 'a directory is no program' svc-chain -c --check svc-umask 22 /etc
printf '#!/bin/sh\ncd /\nexec true\n' >shell
exits 100 'a script of another kind is none of ours' svc-chain --check shell
is 'which is said once' "$(cat err)" 'svc-chain: error: shell:1: the first line names /bin/sh: this is no chain file'
printf 'svc-umask 9\ntrue\n' >run
exits 100 'a supervisor gives the name' svc-chain ./run web
like 'and it is told' "$(cat err)" '^svc-chain: fatal: web/run:1: svc-umask: invalid mask: 9 '
exits 0 'what svc-caps keeps is not missed' svc-chain -c --check svc-caps -a sys_nice svc-setuid 1:1 svc-nice -5 true
exits 0 'root that stays root drops nothing' svc-chain -c --check svc-setuid 0:0 svc-nice -5 true

done_testing
