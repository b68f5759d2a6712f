#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2086 # variables of lib.bash; words of one line
# smtp-session -explain: the same decisions, in the open.

load ../lib
load smtp
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

@test "explain: commands, files, owners, what goes on, a user's .forward" {
	[ "$EUID" -ne 0 ] || config command-user 20905:20905
	printf '%s\n' 'prog: "|/bin/cat >/dev/null", /var/mail/x' \
		'staff: alice, far@remote.test' 'owner-staff: bob' \
		'away: far@remote.test' >"$CONFIG/aliases"
	printf '%s\n' 'secret' >"$CONFIG/srs"
	chmod 600 "$CONFIG/srs"
	explain 0 "192.0.2.1 x a@b.test prog@here.test"
	[[ $output = *"command    /bin/cat >/dev/null, as user "*"aliases:1"* ]]
	[[ $output = *"file       /var/mail/x, as user "* ]]
	explain 0 "192.0.2.1 x a@b.test staff@here.test"
	[[ $output = *"owner      owner-staff@here.test gets the reports"* ]]
	[[ $output = *"send to    far@remote.test"* ]]
	[[ $output != *SRS* ]]
	explain 0 "192.0.2.1 x a@b.test away@here.test"
	[[ $output = *"send to    far@remote.test, as from SRS0="*"@here.test"* ]]
	printf '%s\n' 'x@remote.test' '|/bin/true' |
		as bob tee "$HOME_bob/.forward" >/dev/null
	explain 0 "192.0.2.1 x a@b.test bob@here.test"
	[[ $output = *"rule       $HOME_bob/.forward"*"send to    x@remote.test, as from SRS0="* ]]
	[[ $output = *"command    number 1 of ~/.forward"* ]]
	chmod 666 "$HOME_bob/.forward"
	explain 75 "192.0.2.1 x a@b.test bob@here.test"
	[[ $output = *".forward: not a file only its user can write"*"451 4.3.0"* ]]
	explain 67 "192.0.2.1 x <> SRS0=a=b=c=d@here.test"
	[[ $output = *"Not an address that we made, $CONFIG/srs"* ]]
}

@test "explain: the limit of a day, the domain of a sender" {
	config sends-per-day 0
	explain 0 "login:alice x alice@here.test far@remote.test"
	config sends-per-day 2
	explain 0 "login:alice x alice@here.test far@remote.test"
	[[ $output = *"sent       to 0 of 2 recipients today"* ]]
	config check-sender yes
	config dns "$HOST@20099"
	explain 75 "192.0.2.1 x a@b.test alice@here.test"
	[[ $output = *"check-sender of "*"451 4.1.8"* ]]
	explain 0 "192.0.2.1 x <> alice@here.test"
	explain 0 "192.0.2.1 x bob@here.test alice@here.test"
	explain 0 "submit x a@b.test alice@here.test"
}

@test "explain: clients that are not welcome, lists, filters, codes of aliases" {
	printf '%s\n' 'gone: :fail: 551 she is <c@new.test> now' \
		'full: :fail: 452 later' 'away: x@mute.test' >"$CONFIG/aliases"
	zone bl.test <<<'2.0.0.127 A 127.0.0.4'
	zone mute.test <<<'@ MX 0 .'
	dns
	explain 67 "192.0.2.1 x a@b.test gone@here.test"
	[[ $output = *"551 5.1.6, she is <c@new.test> now (refused-by-alias)"* ]]
	explain 75 "192.0.2.1 x a@b.test full@here.test"
	config milters unix:/run/none
	explain 0 "192.0.2.1 x a@b.test alice@here.test"
	[[ $output = *"filters    unix:/run/none: may still say no"* ]]
	config check-recipient yes
	explain 67 "192.0.2.1 x a@b.test away@here.test"
	[[ $output = *"556 5.1.10, "* ]]
	config dnsbl bl.test
	explain 77 "127.0.0.2 x a@b.test alice@here.test"
	[[ $output = *"dnsbl      listed by bl.test"*"554 5.7.1"* ]]
	explain 0 "127.0.0.2 x a@b.test postmaster"
	config greylist 100
	explain 75 "192.0.2.1 x a@b.test alice@here.test"
	[[ $output = *"greylist   would wait for 100 seconds"*"450 4.7.1"* ]]
	explain 0 "login:alice x alice@here.test bob@here.test"
	config refuse-from 192.0.2.0/24
	explain 77 "192.0.2.1 x a@b.test alice@here.test"
	[[ $output = *"refuse-from of $CONFIG/mailroom.conf"*"554 5.7.1"* ]]
}
