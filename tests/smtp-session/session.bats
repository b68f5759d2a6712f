#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# The dialogue as people and programs type it.

load ../lib

# The dialogue that every description of SMTP shows, typed by hand.
@test "the first mail: helo, mail from, rcpt to, data, quit" {
	echo mindspring.com >>"$CONFIG/domains"
	add_user jsmith
	chat smtp-session <"$BATS_TEST_DIRNAME/first.chat"
	[ "$(messages jsmith)" -eq 1 ]
	message jsmith >"$T/mail"
	grep -qx 'Return-Path: <test@sample.com>' "$T/mail"
	grep -qx 'Delivered-To: jsmith@mindspring.com' "$T/mail"
	grep -qx 'subject: testing' "$T/mail"
	[ "$(tail -n 2 "$T/mail")" = "
John, I am testing..." ]
}
