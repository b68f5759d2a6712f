#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Clients that are not welcome, or not yet: refuse-from, DNS lists, grey lists.

load ../lib
load smtp

# from ADDRESS [OPTION OF CHAT...] <TRANSCRIPT: a session from there, after
# its EHLO.
from() { talk -a "$@"; }

# listed: a list of clients, bl.test, that has 127.0.0.2.
listed() {
	zone bl.test <<-'END'
	2.0.0.127 A 127.0.0.4
	3.0.0.127 A 127.255.255.254
	4.0.0.127 A 192.0.2.1
	END
	zone other.test </dev/null
	dns
}

@test "refuse-from: 554 in place of the greeting, then QUIT alone" {
	config refuse-from 127.0.0.2 192.0.2.0/24
	chat -a 127.0.0.2 smtp-session <<-'END'
	S: 554 5.7.1 No mail from your address
	C: EHLO x
	S: 503 5.5.1 Only QUIT, please
	C: MAIL FROM:<a@b.test>
	S: 503 5.5.1 Only QUIT, please
	C: WHAT
	S: 503 5.5.1 Only QUIT, please
	C: QUIT
	S: 221 2.0.0 Bye
	S! eof
	END
	logged 'refused ip=127.0.0.2 .*setting=refuse-from'
	from 127.0.0.3 <<<'C: NOOP
S: 250 2.0.0 Ok'
}

@test "dnsbl: 554 with the zone, but for the postmaster" {
	config dnsbl other.test bl.test
	listed
	from 127.0.0.2 <<-END
	$(from_to a@b.test)
	C: RCPT TO:<alice@here.test>
	S: 554 5.7.1 127.0.0.2 is listed by bl.test
	C: RCPT TO:<nobody@here.test>
	S: 554 5.7.1 127.0.0.2 is listed by bl.test
	C: RCPT TO:<postmaster>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<PostMaster@here.test>
	S: 250 2.1.5 Recipient ok
	END
	logged 'code=554 status=5.7.1 .*reason="listed-client bl.test"'
	for who in 127.0.0.1 127.0.0.3 127.0.0.4; do
		from "$who" <<<"$(from_to a@b.test alice@here.test)"
	done
	logged 'dnsbl zone=bl.test ip=127.0.0.3 reason="answer 127.255.255.254"'
}

@test "dnsbl: one resolver for all of a session, also in accept mode" {
	config check-sender yes
	config dnsbl bl.test
	zone bl.test <<<'1.0.0.127 A 127.0.0.4'
	zone test <<<'good MX 10 mx.good'
	dns
	start listener systemd-socket-activate -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 2525
	for _ in 1 2 3; do # the later ones meet a process that waits
		{ hello; cat; } <<-END | "$TOOL/chat" -q "$HOST:2525"
		$(from_to a@good.test)
		C: RCPT TO:<alice@here.test>
		S: 554 5.7.1 127.0.0.1 is listed by bl.test
		C: RSET
		S: 250 2.0.0 Ok
		C: MAIL FROM:<a@missing.test>
		S: 550 5.1.8 Sender's domain does not exist
		END
	done
}

@test "dnsbl: our own people are not looked up, and no answer is no list" {
	config dnsbl bl.test
	config dns "$HOST@20099"
	submit <<-END
	$(login alice)
	$(from_to alice@here.test far@remote.test)
	END
	local_peer <<<"$(from_to a@b.test alice@here.test)"
	from 127.0.0.2 <<<"$(from_to a@b.test alice@here.test)"
	logged 'dnsbl zone=bl.test ip=127.0.0.2 reason="no answer"'
}

@test "greylist: 450 at first, taken later, and then at once" {
	config greylist 2
	refused nobody@here.test '550 5.1.1 No such user here'
	refused alice@here.test '450 4.7.1 Not yet, try again in 2 seconds'
	logged 'code=450 status=4.7.1 .*reason="greylisted'
	refused postmaster '250 2.1.5 Recipient ok'
	local_peer <<<"$(from_to a@b.test alice@here.test)"
	soon() { refused alice@here.test '250 2.1.5 Recipient ok' >/dev/null; }
	wait_for 20 soon
	# The network has shown that it comes back.
	refused bob@here.test '250 2.1.5 Recipient ok'
	SENDER=c@d.test refused bob@here.test '250 2.1.5 Recipient ok'
	[ "$(stat -c %a "$RUN/grey")" = 600 ]
}

@test "greylist: a table that cannot be kept stops nobody" {
	config greylist 60
	mkdir "$RUN/grey"
	refused alice@here.test '250 2.1.5 Recipient ok'
	logged ' greylist ip=127.0.0.1 reason='
}


@test "verify no: VRFY is for nobody" {
	config verify no
	talk <<-'END'
	C: VRFY alice@here.test
	S: 502 5.5.1 Not for you
	C: EXPN alice@here.test
	S: 502 5.5.1 Not for you
	END
}

@test "aliases: :fail: with a code of its own, who has moved" {
	printf '%s\n' 'gone: :fail: 551 she is <carol@new.test> now' \
		'full: error:452 4.2.2 not today' 'off: error:550 never' \
		'odd: :fail: 999 lives' 'closed: :fail: 553 5.7.1' \
		'plain: :fail:' >"$CONFIG/aliases"
	talk <<-END
	$(from_to a@b.test)
	C: RCPT TO:<gone@here.test>
	S: 551 5.1.6 she is <carol@new.test> now
	C: RCPT TO:<full@here.test>
	S: 452 4.2.2 not today
	C: RCPT TO:<off@here.test>
	S: 550 5.2.1 never
	C: RCPT TO:<odd@here.test>
	S: 550 5.2.1 999 lives
	C: RCPT TO:<closed@here.test>
	S: 553 5.7.1 Refused
	C: RCPT TO:<plain@here.test>
	S: 550 5.2.1 Refused
	END
	logged 'code=551 status=5.1.6 .*refused-by-alias at=.*aliases:1'
}
