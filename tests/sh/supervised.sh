# shellcheck shell=sh
# supervised.sh - what the tests of svc-supervise share; sourced after lib.sh.

# key DIR KEY - its value in the status of a service.
key() { sed -n "s/^$2=//p" "$1/supervise/status"; }

# says DIR KEY VALUE - the status says so.
says() { [ "$(key "$1" "$2")" = "$3" ]; }

# lacks DIR KEY - the status is whole and says nothing of it.
lacks() { grep -q '^state=' "$1/supervise/status" && [ -z "$(key "$1" "$2")" ]; }

# supervisor_of DIR - the pid of its supervisor.
supervisor_of() { sed -n 's/^pid=//p' "$1/supervise/supervisor"; }

# supervise DIR - starts a supervisor by hand; its pid is in $pid.
# shellcheck disable=SC2154  # pid: from background
supervise() { background svc-supervise "$1"; until_ok 10 supervised "$1" "$pid"; }

# supervised DIR PID - that supervisor is at work.
supervised() { [ "$(supervisor_of "$1")" = "$2" ] && svc-ok "$1" && lacks "$1" left; }

# lines FILE N - it has that many lines.
lines() { [ "$(wc -l <"$1")" = "$2" ]; }

# there FILE... - they are there.
there() { for file do [ -e "$file" ] || return 1; done; }

# script FILE - makes an executable of standard input.
script() { cat >"$1"; chmod 755 "$1"; }
