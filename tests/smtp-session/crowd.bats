#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash and of the instance
# Silent and dripping clients, one process or more for each: a good client is
# served among them, memory has a bound, and when they leave all is as before.
# SOAK=1: 300 of them for 12 seconds, with the bounds that are promised.

load ../lib

setup() { :; }
teardown() { [ -z "${D:-}" ] || "$ROOT/tests/instance" stop "$D"; }

# crowd FORM [OPTION OF CROWD...]: what it says, as variables.
crowd() {
	local form=$1 n=60 seconds=3
	shift
	[ -z "${SOAK:-}" ] || n=300 seconds=12
	D=$BATS_TEST_TMPDIR/instance
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_TEST_TMPDIR" ||
		:
	eval "$("$ROOT/tests/instance" start "$D" --form "$form" --no-tls \
		"${words[@]}")"
	"$TOOL/crowd" -n "$n" -s "$seconds" "$@" "$SMTP_HOST" "$SMTP_PORT" \
		"$D/bin/smtp-session" >"$BATS_TEST_TMPDIR/said"
	cat "$BATS_TEST_TMPDIR/said"
	eval "$(tr ' ' '\n' <"$BATS_TEST_TMPDIR/said")"
	all=$n
	[ "$served" -ge "$((seconds * 2))" ]
	[ "$slowest" -lt "$([ -n "${SOAK:-}" ] && echo 1000 || echo 5000)" ]
	[ "$memory" -gt 0 ]
	[ "$memory" -lt $((512 * 1024)) ]
	[ "$after" -lt 5000 ]
}

@test "crowd: all are let in, a process each (inetd)" {
	words=(--set 'connections 1000' --set 'connections-per-address 1000')
	crowd nowait
	[ "$clients" -eq "$all" ]
	[ "$left" -eq 0 ]
}

@test "crowd: all are let in, accept mode" {
	words=(--set 'connections 1000' --set 'connections-per-address 1000')
	crowd wait
	[ "$clients" -eq "$all" ]
	[ "$left" -le 20 ] # who listens, and some that are ready
}

@test "crowd: the limit for one address keeps the others safe (inetd)" {
	words=()
	crowd nowait -f 127.0.5.6 -g 127.0.5.7
	[ "$clients" -eq 20 ]
	[ "$left" -eq 0 ]
	grep -q 'refused ip=127.0.5.6 .*setting=connections-per-address' "$LOG"
}

@test "crowd: the limit for one address keeps the others safe, accept mode" {
	words=()
	crowd wait -f 127.0.5.6 -g 127.0.5.7
	[ "$clients" -eq 20 ]
	[ "$left" -le 20 ]
	grep -q 'refused ip=127.0.5.6 .*setting=connections-per-address' "$LOG"
}
