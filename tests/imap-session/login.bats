#!/usr/bin/env bats
# imap-session/login.c: who gets in, and how it is told.
# shellcheck disable=SC2154 # what add_user declares

load ../lib

@test "commands before the login" {
	chat imap-session <"$BATS_TEST_DIRNAME/start.chat"
}

@test "LOGIN: atoms, strings, literals" {
	chat imap-session <"$BATS_TEST_DIRNAME/login.chat"
	chat imap-session <"$BATS_TEST_DIRNAME/login-literal.chat"
	chat imap-session <"$BATS_TEST_DIRNAME/login-plus.chat"
	[ "$(grep -c 'login user=alice ip=127.0.0.1' "$LOG")" -eq 3 ]
}

@test "LOGIN: three wrong passwords" {
	SECONDS=0
	chat imap-session <"$BATS_TEST_DIRNAME/refused.chat"
	[ "$SECONDS" -ge 6 ]
}

@test "AUTHENTICATE PLAIN and LOGIN" {
	export PLAIN LOGIN_NAME LOGIN_PASS
	PLAIN=$(printf '\0alice\0%s' "$PASSWORD" | base64)
	LOGIN_NAME=$(printf alice | base64)
	LOGIN_PASS=$(printf %s "$PASSWORD" | base64)
	chat imap-session <"$BATS_TEST_DIRNAME/authenticate.chat"
	chat imap-session <"$BATS_TEST_DIRNAME/authenticate-ir.chat"
	chat imap-session <"$BATS_TEST_DIRNAME/authenticate-login.chat"
}

@test "AUTHENTICATE: garbage" {
	export OTHER
	OTHER=$(printf 'bob\0alice\0%s' "$PASSWORD" | base64)
	chat imap-session <"$BATS_TEST_DIRNAME/authenticate-bad.chat"
	chat imap-session <"$BATS_TEST_DIRNAME/authenticate-other.chat"
}

@test "no password without TLS" {
	config plain-login never
	chat imap-session <"$BATS_TEST_DIRNAME/tls-required.chat"
}

@test "literals before the login are small" {
	chat imap-session <"$BATS_TEST_DIRNAME/literals.chat"
}

@test "a line that is too long" {
	{
		echo 'S: * OK IMAP server ready'
		printf 'C: a LOGIN alice "%09000d"\n' 0
		printf 'S: * BYE Command is too long\nS! eof\n'
	} | chat imap-session
}

@test "three lines that are no command" {
	chat imap-session <"$BATS_TEST_DIRNAME/http.chat"
}

@test "no home: NO, not BYE" {
	rm -rf "$HOME_alice"
	chat -x 75 imap-session <"$BATS_TEST_DIRNAME/unavailable.chat"
}

@test "pipelining, cut at every octet" {
	"$BATS_TEST_DIRNAME/../pop3-session/cut" \
		"$BATS_TEST_DIRNAME/pipelined.chat" \
		"$BIN/imap-session" -c "$CONFIG"
}

@test "on a pipe: PREAUTH" {
	if [ "$EUID" -eq 0 ]; then
		env HOME="$HOME_alice" "$TOOL/chat" -p setpriv \
			--reuid "$UID_alice" --regid "$UID_alice" \
			--clear-groups "$BIN/imap-session" -c "$CONFIG"
	else
		HOME=$HOME_alice chat -p imap-session
	fi <"$BATS_TEST_DIRNAME/preauth.chat"
}
