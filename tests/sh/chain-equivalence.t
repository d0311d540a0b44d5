#!/bin/sh
# Random chains: whether each link is executed or svc-chain applies them all, the process that comes out
# is the same in all that the kernel shows. CHAINS=10000 SEED=2 for more of them.
# limit: 600
. "${0%/*}/lib.sh"

tool=${TOOL:-$root/target/debug/coppice-test}
[ -x "$tool" ] || skip_all "no $tool (cargo build -p coppice-test)"

# The links have to be open to whomever a chain makes of us.
chmod 755 .
mkdir bin
for program in "$BIN"/svc-*; do ln "$program" bin 2>/dev/null || cp "$program" bin; done
cp "$tool" bin/process
PATH=$T/bin:/usr/bin:/bin
like 'the process that is looked at sees itself' "$(process)" '^status: CapBnd:'
ok 'chains are the same, fused and not' "$tool" chains -s "${SEED:-1}" -n "${CHAINS:-500}" "$T/bin" "$T/work"
like 'and not all of them end early' "$(cat out)" '; [1-9][0-9]* came'

done_testing
