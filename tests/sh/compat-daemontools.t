#!/bin/sh
# Service directories of daemontools': run, down, log/run. Each scenario is a log of what the service
# saw; where daemontools is installed, its supervise must lead to the same one. svstat, svok and svc
# of daemontools read files of their own, and are not expected to know ours.
. "${0%/*}/lib.sh"
. "$here/compat.sh"

witness() {
	mkdir -p "$1"
	script "$1/run" <<-'EOF'
		#!/bin/sh
		for signal in HUP INT ALRM CONT; do
			trap "echo $signal >>seen" $signal
		done
		trap 'echo TERM >>seen; exit 7' TERM
		echo up >>seen
		until [ -e fate ]; do sleep 0.02; done
		rm fate
	EOF
}

lives() {
	dir=$1.lives
	witness "$dir"
	under "$1" "$dir"
	until_ok 10 seen "$dir" up
	for pair in h:HUP a:ALRM i:INT c:CONT; do
		letters "${pair%:*}" "$dir"
		until_ok 10 seen "$dir" "${pair#*:}"
	done
	: >"$dir/fate"
	until_ok 10 seen "$dir" CONT up
	letters t "$dir"
	until_ok 10 seen "$dir" TERM up
	letters k "$dir"
	until_ok 10 seen "$dir" up up
	letters o "$dir"
	: >"$dir/fate"
	until_ok 10 test ! -e "$dir/fate"
	# It is dead, or about to be; x lets the supervisor go when it is.
	letters x "$dir"
	until_ok 10 gone "$supervisor"
	cat "$dir/seen"
}

file_down() {
	dir=$1.down
	witness "$dir"
	: >"$dir/down"
	under "$1" "$dir"
	letters u "$dir"
	until_ok 10 seen "$dir" up
	letters p "$dir"
	letters c "$dir"
	until_ok 10 seen "$dir" up CONT
	letters dx "$dir"
	until_ok 10 gone "$supervisor"
	# The CONT that comes with down may find it dead.
	sed 2q "$dir/seen"
	grep TERM "$dir/seen"
}

# scenario NAME DESCRIPTION - the log that it must leave is standard input.
scenario() {
	want=$(cat)
	is "$2" "$("$1" svc-supervise </dev/null)" "$want"
	if has supervise svscan; then
		is 'supervise does the same' "$("$1" supervise </dev/null)" "$want"
	else
		skip 'supervise does the same' 'daemontools is not installed'
	fi
}
scenario lives 'each letter does what it does' <<'EOF'
up
HUP
ALRM
INT
CONT
up
TERM
up
up
EOF
scenario file_down 'with a file down it waits for u' <<'EOF'
up
CONT
TERM
EOF

# A scan directory with a logger, a link to a directory elsewhere, and a name with a point, which is
# none.
mkdir tree away
service away/talks <<'EOF'
#!/bin/sh
exec 2>&1
echo 'to stdout'
echo 'to stderr' >&2
exec sleep 1000
EOF
service away/talks/log <<'EOF'
#!/bin/sh
exec multilog t n3 s10000 '-*' '+* to std*' ./main
EOF
if ! has multilog; then printf '#!/bin/sh\nmkdir -p main\nexec cat >main/current\n' | script away/talks/log/run; fi
ln -s ../away/talks tree/talks
cp -R away/talks tree/.hidden
background svc-scan tree
becomes 10 'a logger gets what the service says on either' grep -qs 'to stderr' away/talks/log/main/current
like 'in order' "$(sed 1q away/talks/log/main/current)" 'to stdout$'
exits 1 'a name that begins with a point is no service' svc-ok tree/.hidden
if has multilog; then
	like 'multilog stamps the lines' "$(sed 1q away/talks/log/main/current)" '^@[0-9a-f]{24} to stdout$'
	logger=$(svc-stat -o pid tree/talks/log)
	svc-ctl alarm tree/talks/log
	ok 'and takes its signals' test "$logger" = "$(svc-stat -o pid tree/talks/log)"
	svc-scanctl terminate tree
	until_ok 20 gone "$pid"
	ok 'and is told the end' test -x away/talks/log/main/current
else
	skip 'multilog stamps the lines' 'daemontools is not installed'
fi

if has setuidgid envdir softlimit setlock; then
	service chain <<-'EOF'
		#!/bin/sh
		exec envdir ./env setlock -n lock softlimit -o 50 \
			sh -c 'echo "$WORD $(ulimit -n)" >seen; exec sleep 1000'
	EOF
	mkdir chain/env
	echo hello >chain/env/WORD
	background svc-supervise chain
	becomes 10 'the chainloaders of daemontools are like any other' seen chain 'hello 50'
else
	skip 'the chainloaders of daemontools are like any other' 'daemontools is not installed'
fi

done_testing
