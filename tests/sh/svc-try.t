#!/bin/sh
# svc-try: one program or another.
# shellcheck disable=SC1083,SC2016  # braces and dollars are for others
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-try { ./none }
exits 7 'it becomes the program of the block' svc-try { sh -c 'exit 7' } echo prog
is 'and no other' "$(cat out err)" ''
is 'with its pid' "$(sh -c 'echo $$; exec svc-try { sh -c "echo \$\$" } true' | uniq | wc -l)" 1
is 'its failure is its own' "$(svc-try { false } echo prog; echo $?)" 1
: >plain
mkdir dir
printf '#!/none\n' >script && chmod 755 script
for block in ./none none ./plain ./dir ./script plain/x; do
	exits 0 "what can't be run is passed over: $block" svc-try { "$block" } echo prog
	is 'without a word' "$(cat out err)" prog
done
is '-a is its name' "$(svc-try -a -name { sh -c 'echo $0' } true)" -name
is 'but not that of the other' "$(svc-try -a name { ./none } sh -c 'echo $0')" sh
is 'the block is sought in the PATH that it gets' "$(printf '#!/bin/sh\necho found\n' >dir/prog && chmod 755 dir/prog
	svc-env "PATH=$PWD/dir:$PATH" svc-try { prog } true)" found
is 'it finds nothing of what the links behind it do' "$(A=0 svc-try { sh -c 'echo $A' } svc-env A=1 true)" 0
is 'the other does' "$(svc-try { ./none } svc-env A=1 sh -c 'echo $A')" 1
mistake 'missing block' svc-try
mistake 'write { before a block, not true' svc-try true
mistake 'empty block' svc-try { } true
same "it is execline's tryexec" 'svc-try { echo 1 } echo 2' 'tryexec " echo" " 1" "" echo 2'
same 'with a block that is missing' 'svc-try { ./none } echo 2' 'tryexec " ./none" "" echo 2'
same 'with one that is none' 'svc-try { ./plain } echo 2' 'tryexec " ./plain" "" echo 2'
same 'with -a' 'svc-try -a x { sh -c "echo \$0" } echo 2' 'tryexec -a x " sh" " -c" " echo \$0" "" echo 2'

done_testing
