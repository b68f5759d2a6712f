#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# ~/.forward

load ../lib
load smtp

@test "forward: to another user, to elsewhere, and a copy here" {
	forward alice '# a comment' bob
	send a@b.test alice@here.test
	[ "$(count alice)" -eq 0 ]
	[ "$(count bob)" -eq 1 ]
	has 'X-Original-To: alice@here.test' bob
	has 'Delivered-To: bob@here.test' bob
	forward alice '\alice, far@remote.test'
	send a@b.test alice@here.test
	[ "$(count alice)" -eq 1 ]
	[ "$(rcpts)" = "$(rcpts | grep 'far@remote.test')" ]
	forward alice 'alice' '"odd one"@remote.test'
	send a@b.test alice@here.test
	[ "$(count alice)" -eq 2 ]
	rcpts | grep -q '"odd one"@remote.test'
}

@test "forward: it is no relay, and empty is none" {
	forward alice ''
	send a@b.test alice@here.test
	[ "$(count alice)" -eq 1 ]
	refused far@remote.test \
		'550 5.7.1 Relaying denied'
}

@test "forward: through an alias, once for everybody" {
	printf '%s\n' 'team: alice, bob' 'al: alice' >"$CONFIG/aliases"
	forward alice bob al '\alice'
	send a@b.test team@here.test alice@here.test
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 1 ]
}

@test "forward: circles" {
	forward alice bob
	forward bob alice
	refused alice@here.test '451 4.4.6 Mail for it goes in circles now'
	logged 'forwards of alice@here.test lead in circles'
	forward bob alice '\bob'
	send a@b.test alice@here.test
	[ "$(count bob)" -eq 1 ]
	[ "$(count alice)" -eq 0 ]
}

@test "forward: what cannot be believed makes the mail wait" {
	[ "$EUID" -eq 0 ] || skip "needs root to be somebody else"
	later='451 4.3.0 Cannot look that up now, try later'
	forward alice bob
	chmod 666 "$HOME_alice/.forward"
	refused alice@here.test "$later"
	logged 'forward: not a file only its user can write'
	chmod 644 "$HOME_alice/.forward"
	chown "$UID_bob" "$HOME_alice/.forward"
	refused alice@here.test "$later"
	rm "$HOME_alice/.forward"
	forward alice bob
	chmod 770 "$HOME_alice"
	refused alice@here.test "$later"
	logged 'home/alice: others may write there'
	chmod 1700 "$HOME_alice"
	refused alice@here.test "$later"
	logged 'sticky bit'
	chmod 700 "$HOME_alice"
	forward alice '# none' ':include:/etc/passwd'
	refused alice@here.test "$later"
	logged 'forward:2: this kind of target'
	forward alice 'no address here'
	refused alice@here.test "$later"
	# Without a .forward a home may be what it is.
	rm "$HOME_alice/.forward"
	chmod 770 "$HOME_alice"
	send a@b.test alice@here.test
	[ "$(count alice)" -eq 1 ]
}

@test "forward: is read as the user, a link to a secret gives nothing" {
	[ "$EUID" -eq 0 ] || skip "needs root to be somebody else"
	echo 'bob' >"$T/secret"
	chmod 600 "$T/secret"
	as alice ln -s "$T/secret" "$HOME_alice/.forward"
	refused alice@here.test '451 4.3.0 Cannot look that up now, try later'
	logged 'forward: Permission denied'
}
