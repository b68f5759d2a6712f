#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2086 # variables of lib.bash; words of one line
# smtp-session -explain: the same decisions, in the open.

load ../lib
bats_require_minimum_version 1.5.0

explain() { run -"$1" "$BIN/smtp-session" -c "$CONFIG" "${@:3}" -explain $2; }

@test "explain: who gets it, and by which rule" {
	printf '%s\n' '# x' 'team: alice, far@remote.test' 'no: :fail: gone' \
		>"$CONFIG/aliases"
	explain 0 "192.0.2.1 x a@b.test alice+x@here.test"
	[[ $output = *"rule       a user"* ]]
	[[ $output = *"$HOME_alice/Maildir of user alice, folder x"* ]]
	[[ $output = *"250 2.1.5, delivered here (mailbox)"* ]]
	explain 0 "192.0.2.1 x a@b.test team@here.test"
	[[ $output = *"an alias, $CONFIG/aliases:2"* ]]
	[[ $output = *"mailbox    alice@here.test, unless"*"send to    far@remote.test"* ]]
	explain 67 "192.0.2.1 x <> no@here.test"
	[[ $output = *"550 5.2.1"* ]]
	explain 67 "192.0.2.1 x <> nobody@here.test"
	[[ $output = *"550 5.1.1"* ]]
}

@test "explain: relaying is for our own" {
	explain 77 "192.0.2.1 x a@b.test far@remote.test"
	[[ $output = *"550 5.7.1, relaying denied (relaying-denied)"* ]]
	explain 77 "127.0.0.1 x a@b.test far@remote.test"
	explain 0 "submit x a@b.test far@remote.test"
	explain 0 "login:alice x a@b.test far@remote.test"
	explain 77 "192.0.2.1 x a@b.test alice@here.test" -s
	[[ $output = *"530 5.7.0"* ]]
}

@test "explain: trouble, wrong addresses, content" {
	explain 65 "192.0.2.1 x a@b.test a@b@c"
	explain 64 "192.0.2.1 x a@b.test"
	printf 'Delivered-To: alice@here.test\n\nx\n' >"$T/mail"
	explain 65 "192.0.2.1 x a@b.test alice@here.test $T/mail"
	[[ $output = *"554 5.4.6, was here before"* ]]
	chmod 666 "$CONFIG/users"
	explain 75 "192.0.2.1 x a@b.test alice@here.test"
	[[ $output = *"451 4.3.0"* ]]
	echo nonsense >>"$CONFIG/mailroom.conf"
	explain 78 "192.0.2.1 x a@b.test alice@here.test"
}
