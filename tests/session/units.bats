#!/usr/bin/env bats
# The unit tests of session/: one program per file, tests/unit/session-*.c.

bats_require_minimum_version 1.5.0
load ../lib

need_root() {
	[ "$EUID" -eq 0 ] || skip "only root can become somebody else"
}

@test "session: lines and blocks with deadlines" { unit conn; }
@test "session: records" { unit record; }
@test "session: log" { unit log; }
@test "session: mailroom.conf, domains" { unit config; }
@test "session: monitor" { unit monitor; }
@test "session: sandbox" { unit sandbox; }
@test "session: system calls" { unit syscalls; }
@test "session: start" { unit start; }
@test "session: failed logins and slots" { unit guard; }
@test "session: SCRAM and what it stands on" { unit scram; }
@test "session: SASL, and the exchange behind it" { unit sasl; }
@test "session: users file and passwords" { unit users; }
@test "session: application passwords" { unit passwords; }
@test "session: SASLprep" { unit saslprep; }
@test "session: PROXY protocol" { unit proxy; }
@test "session: accounts" { unit account; }
@test "session: roles" { unit role numbers names without_root; }

@test "session: no way back from a role" {
	need_root
	unit role root_drop root_jail
}

# The same without root: one role only, and files of our own.
@test "session: users, start and sandbox as an ordinary user" {
	local u

	need_root
	for u in users passwords start sandbox syscalls monitor; do
		cp "$BUILD/unit/session-$u" "$T/$u"
		as alice "$T/$u"
	done
}

@test "session: a listener leaves after an idle minute" {
	[ -n "$SOAK" ] || skip "takes a minute: make soak"
	unit start idle
}

@test "session: no unit test is forgotten" {
	local f name

	for f in "$ROOT"/tests/unit/session-*.c; do
		name=${f##*/session-}
		grep -Eq "unit ${name%.c}[; ]|unit/session-${name%.c}\"" \
			"$BATS_TEST_DIRNAME"/*.bats || {
			echo "not run: $f"
			return 1
		}
	done
}

@test "find-user asks the name service" {
	run -0 "$BIN/find-user" root
	[ "$output" = root::0:0::/root: ]
	run -0 "$BIN/find-user" -u 0
	[ "$output" = root::0:0::/root: ]
	run -67 "$BIN/find-user" no-such-user
	[ -z "$output" ]
	run -67 "$BIN/find-user" -u 4000000000
	run -64 "$BIN/find-user" -u 1x
	run -64 "$BIN/find-user"
}
