#!/bin/sh
# svc-nnp: no new privileges.
. "${0%/*}/lib.sh"
. "$here/link.sh"

link svc-nnp
is 'the kernel says so' "$(svc-nnp sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status)" 1
if is_root; then
	chmod 755 . && cp "$(command -v id)" suid && chmod 4755 suid
	if [ "$(svc-setuid 65534:65534 ./suid -u)" = 0 ]; then
		is 'a set-user-id file gives nothing' "$(svc-setuid 65534:65534 svc-nnp ./suid -u)" 65534
	else skip 'a set-user-id file gives nothing' 'nor does it here without svc-nnp'; fi
	if has setpriv; then
		bits() { "$@" setpriv --dump | sed -n 's/^Securebits: //p'; }
		is 'securebits' "$(bits svc-nnp -s noroot,noroot-locked)" noroot,noroot_locked
		is 'are added' "$(bits svc-nnp -s no-setuid-fixup svc-nnp -s noroot)" noroot,no_setuid_fixup
	else skip securebits 'no setpriv here'; fi
fi
unprivileged svc-nnp -s noroot true 2>err || code=$?
is 'securebits need a privilege' "$code: $(cat err)" \
	'111: svc-nnp: fatal: unable to set the securebits: Operation not permitted'
mistake 'invalid securebit: x' svc-nnp -s x true
mistake 'invalid securebit: ' svc-nnp -s '' true

done_testing
