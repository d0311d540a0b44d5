#!/bin/sh
# svc-tai64nlocal: turn labels into dates.
. "${0%/*}/lib.sh"

# 1 h ahead, 2 in summer: a rule that needs no file.
TZ=CET-1CEST,M3.5.0,M10.5.0/3
export TZ

# dates OPTION... - of one line.
dates() { printf '%s' "$line" | svc-tai64nlocal "$@"; }
line='@400000005f5e100a0000007b hello'
is 'a label becomes a local date' "$(dates)" '2020-09-13 14:26:40.000000123 hello'
is 'in UTC with -g' "$(dates -g)" '2020-09-13 12:26:40.000000123 hello'
is 'or with --utc' "$(dates --utc)" '2020-09-13 12:26:40.000000123 hello'
is 'leap seconds may count' "$(dates -g -l 37)" '2020-09-13 12:26:13.000000123 hello'
line='@400000005fe10a0a3b9ac9ff'
is 'in winter it is winter' "$(dates)" '2020-12-21 21:48:00.999999999'

cat >cases <<'EOF'
@400000005f5e100a0000007bhello
@400000005F5E100A0000007B upper case
@400000005f5e100a0000007b
 @400000005f5e100a0000007b a blank before it
x@400000005f5e100a0000007b
@400000005f5e100a0000007b @400000005f5e100a0000007b twice

@
@4000
@400000005f5e100a0000007
@4000000000000000000000zz
@400000005f5e100a000000 7b
@ffffffffffffffff00000000 no time
@000000000000000000000000 no time
EOF
printf '@400000005f5e100a0000007b\0\377\n\376@\n@400000005f5e100a0000007b last' >>cases
cat >want <<'EOF'
2020-09-13 14:26:40.000000123hello
2020-09-13 14:26:40.000000123 upper case
2020-09-13 14:26:40.000000123
 @400000005f5e100a0000007b a blank before it
x@400000005f5e100a0000007b
2020-09-13 14:26:40.000000123 @400000005f5e100a0000007b twice

@
@4000
@400000005f5e100a0000007
@4000000000000000000000zz
@400000005f5e100a000000 7b
@ffffffffffffffff00000000 no time
@000000000000000000000000 no time
EOF
printf '2020-09-13 14:26:40.000000123\0\377\n\376@\n2020-09-13 14:26:40.000000123 last' >>want
filtered() { svc-tai64nlocal <cases >filtered; }
exits 0 'any bytes pass' filtered
ok 'and only labels at the beginning of lines change' cmp filtered want

if has s6-tai64nlocal; then
	for option in '' -g; do
		# shellcheck disable=SC2086  # none, or one
		s6-tai64nlocal $option <cases >theirs
		# shellcheck disable=SC2086
		svc-tai64nlocal $option -l 37 <cases >ours
		ok "the output is that of s6-tai64nlocal $option, which counts leap seconds" cmp ours theirs
	done
else
	skip 'the output is that of s6-tai64nlocal' 'no s6'
	skip 'the output is that of s6-tai64nlocal -g' 'no s6'
fi
if has tai64nlocal; then
	printf '%s\n' '@400000005f5e100a0000007b x' 'no label' '@400000006b017c161476a3cc y' '' >cases
	filtered
	tai64nlocal <cases >theirs
	ok "and that of daemontools' tai64nlocal, which does not" cmp filtered theirs
	now=$(echo x | svc-tai64n)
	is 'our labels are theirs' "$(echo "$now" | tai64nlocal)" "$(echo "$now" | svc-tai64nlocal)"
else
	skip "and that of daemontools' tai64nlocal" 'no daemontools'
	skip 'our labels are theirs' 'no daemontools'
fi

# What can be said is said before the next read.
mkfifo to from
svc-tai64nlocal -g <to >from &
exec 3>to 4<from
printf 'prompt> ' >&3
is 'the beginning of a line does not wait for its end' "$(dd bs=8 count=1 <&4 2>/dev/null)" 'prompt> '
printf '\n@400000005f5e100a00' >&3
is 'that of a label does' "$(head -n 1 <&4)" ''
printf '00007b' >&3
is 'but for no longer than the label' "$(dd bs=29 count=1 <&4 2>/dev/null)" '2020-09-13 12:26:40.000000123'
exec 3>&- 4<&-

to_full() { echo x | svc-tai64nlocal >/dev/full; }
exits 111 'a full disk is an error' to_full
is 'which is named' "$(cat err)" 'svc-tai64nlocal: fatal: unable to write to standard output: No space left on device'
exits 100 'an unknown option is refused' svc-tai64nlocal -x
exits 100 'and a bad number' svc-tai64nlocal -l many
exits 100 'and an argument' svc-tai64nlocal file
done_testing
