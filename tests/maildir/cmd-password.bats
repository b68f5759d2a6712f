#!/usr/bin/env bats
# shellcheck disable=SC2154 # of lib.bash
# maildir password, and what sessions make of it.

load ../lib

# pass ARG...: as alice, at her home.
pass() {
	as alice env HOME="$HOME_alice" "$BIN/maildir" password "$@" </dev/null
}

# login PASSWORD REGEX: what POP3 says to her.
login() {
	printf 'S~ .*\nC: USER alice\nS~ .*\nC: PASS %s\nS~ %s\n' "$1" "$2" |
		chat pop3-session
}

@test "password: add, list, remove" {
	local text
	text=$(pass add phone)
	[[ $text =~ ^[a-z0-9]{4}(-[a-z0-9]{4}){4}$ ]]
	[[ $(pass) == phone*'never used' ]]
	[ "$(pass list -q)" = phone ]
	[[ $(pass -j) == '{"name":"phone","made":"'*'","used":""}' ]]
	not grep -q "$text" "$HOME_alice/.mailroom-passwords"
	[ "$(stat -c %a "$HOME_alice/.mailroom-passwords")" = 600 ]
	run pass add phone
	[ "$status" -ne 0 ]
	run pass add 'two words'
	[ "$status" -ne 0 ]
	[[ $(pass add -j tablet) == *'"password":"'* ]]
	[ "$(pass remove -j phone)" = '{"name":"phone","done":"remove"}' ]
	[ "$(pass -q)" = tablet ]
	run pass remove phone
	[ "$status" -eq 1 ]
	run pass nothing
	[ "$status" -eq 64 ]
}

@test "password: opens a session, until it is taken away" {
	local text
	text=$(pass add phone)
	login "$text" '\+OK.*'
	login "$PASSWORD" '\+OK.*'
	[[ $(pass) == *"last used $(date -u +%Y)"* ]]
	pass remove phone
	login "$text" '-ERR.*'
}
