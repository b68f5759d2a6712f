#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# How many recipients a user may have on one day.

load ../lib
load smtp

# write_to N [LINE]: alice logs in and writes to N people; LINE is the reply to
# DATA, or what stands behind the 354.
write_to() {
	local i
	{
		hello
		printf 'C: AUTH PLAIN %s\n' \
			"$(printf '\0alice\0%s' "$PASSWORD" | base64 -w 0)"
		echo 'S: 235 2.7.0 Logged in'
		echo 'C: MAIL FROM:<alice@here.test>'
		echo 'S: 250 2.1.0 Sender ok'
		for ((i = 0; i < $1; i++)); do
			echo "C: RCPT TO:<x$i@remote.test>"
			echo 'S: 250 2.1.5 Recipient ok'
		done
		echo 'C: DATA'
		if [ $# -gt 1 ]; then
			echo "$2"
		else
			printf '%s\n' 'S: 354...' 'C: .' \
				'S: 250 2.0.0 Ok, id ...'
		fi
	} | chat -q smtp-session -s
}

limit='S: 450 4.7.1 Daily sending limit reached'

letters() { find "$SPOOL/postmaster/new" -type f 2>/dev/null | wc -l; }

@test "limit: what is beyond comes another day, and the postmaster hears once" {
	config sends-per-day 3
	write_to 2
	[ "$(letters)" -eq 0 ]
	write_to 2 "$limit"
	write_to 5 "$limit"
	write_to 1
	write_to 1 "$limit"
	[ "$(letters)" -eq 1 ]
	[ "$(waiting)" -eq 2 ]
	grep -qx 'Subject: alice has reached the daily sending limit' \
		"$SPOOL"/postmaster/new/*
	grep -q '127.0.0.1' "$SPOOL"/postmaster/new/*
	grep -qx 'Return-Path: <>' "$SPOOL"/postmaster/new/*
	logged 'code=450 status=4.7.1 from=<alice@here.test> .*sends-per-day 3 of user alice'
	[ "$(stat -c %a "$RUN/sends")" = 600 ]
	nothing_left
}

@test "limit: the letter goes where the postmaster wants it" {
	config sends-per-day 1
	echo 'postmaster: bob' >"$CONFIG/aliases"
	write_to 2 "$limit"
	[ "$(count bob)" -eq 1 ]
	config sends-per-day 0
	write_to 20
}

@test "limit: mail that is refused does not count" {
	config sends-per-day 2
	for _ in 1 2 3; do
		write_to 2 'S: 354...
C: From: bob@here.test
C:
C: .
S: 550 5.7.1 Not your address in From'
	done
	write_to 2
}

@test "limit: BDAT swallows what it refuses" {
	config sends-per-day 1
	{
		hello
		printf 'C: AUTH PLAIN %s\n' \
			"$(printf '\0alice\0%s' "$PASSWORD" | base64 -w 0)"
		cat <<-END
		S: 235 2.7.0 Logged in
		$(from_to alice@here.test a@remote.test b@remote.test)
		C: BDAT 6
		C: NOOP
		$limit
		C: NOOP
		S: 250 2.0.0 Ok
		END
	} | chat -q smtp-session -s
	[ "$(waiting)" -eq 0 ]
}

@test "limit: eight sessions at once, and not one too many" {
	config sends-per-day 20
	local i pids=()
	for i in {1..8}; do
		write_to 5 >"$T/out$i" 2>&1 &
		pids+=("$!")
	done
	local good=0
	for i in "${pids[@]}"; do
		! wait "$i" || good=$((good + 1))
	done
	[ "$good" -eq 4 ]
	[ "$(waiting)" -eq 4 ]
	[ "$(letters)" -eq 1 ]
}

@test "limit: the socket counts users, not root and not strangers' mail" {
	[ "$EUID" -eq 0 ] || skip "needs root to be somebody else"
	getent passwd games >/dev/null || skip "needs the account games"
	config sends-per-day 1
	submit_socket
	try() {
		{ hello; cat; } <<-END | "${@:3}" "$TOOL/chat" "$RUN/submit"
		$(from_to games a@remote.test b@remote.test)
		C: DATA
		S: $1...
		C: .
		S: $2...
		END
	}
	try 450 221 setpriv --reuid games --regid games --clear-groups
	[ "$(letters)" -eq 1 ]
	try 354 250 env
	send a@b.test alice@here.test bob@here.test
	[ "$(count bob)" -eq 1 ]
}

@test "limit: a count that cannot be kept stops nobody" {
	config sends-per-day 1
	mkdir "$RUN/sends"
	write_to 2
	logged ' sends user=alice reason='
}
