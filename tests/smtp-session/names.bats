#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Look-ups of sender domains and clients.

load ../lib
load smtp

# sender ADDRESS REPLY
sender() {
	talk <<-END
	C: MAIL FROM:<$1>
	S: $2
	END
}

@test "check-sender: no domain, none that takes mail, none that one can ask" {
	config check-sender yes
	zone test <<-'END'
	good	MX 10 mx.good
	v4	A 192.0.2.5
	v6	AAAA 2001:db8::5
	mute	MX 0 .
	empty	TXT "nothing here"
	xn--bcher-kva MX 10 mx.good
	END
	dns
	local ok='250 2.1.0 Sender ok'
	sender a@good.test "$ok"
	sender a@v4.test "$ok"
	sender a@v6.test "$ok"
	sender '' "$ok"
	sender 'a@[192.0.2.1]' "$ok"
	sender bob@here.test "$ok"
	sender a@mute.test "550 5.7.27 Sender's domain takes no mail"
	sender a@missing.test "550 5.1.8 Sender's domain does not exist"
	sender a@empty.test "550 5.1.8 Sender's domain does not exist"
	sender a@else.where "451 4.1.8 Cannot look up the sender's domain"
	logged 'code=550 status=5.7.27 from=<a@mute.test> .*reason="sender-takes-no-mail"'
	talk <<-END
	C: MAIL FROM:<ä@bücher.test> SMTPUTF8
	S: $ok
	END
	# Our own people are not asked for theirs.
	local_peer <<-END
	C: MAIL FROM:<a@missing.test>
	S: $ok
	END
	config check-sender no
	sender a@missing.test "$ok"
}

@test "check-sender: no name server at all is trouble, and it passes" {
	config check-sender yes
	config dns "$HOST@20099"
	sender a@good.test "451 4.1.8 Cannot look up the sender's domain"
	sender bob@here.test '250 2.1.0 Sender ok'
}

@test "client-name: in Received, if the name has the address too" {
	config client-name yes
	zone 127.in-addr.arpa <<-'END'
	1.0.0 PTR one.names.test.
	END
	zone names.test <<-'END'
	one A 127.0.0.1
	END
	dns
	send a@b.test alice@here.test
	has '^Received: from client.test (one.names.test \[127.0.0.1\])$'
	zone names.test <<-'END'
	one A 127.0.0.9
	END
	stop dnsd
	dns
	send a@b.test bob@here.test
	has '^Received: from client.test (\[127.0.0.1\])$' bob
}

@test "hide-client: where our own people are stands in the log only" {
	config hide-client yes
	submit <<-END
	$(login alice)
	$(from_to alice@here.test bob@here.test)
	$(empty_mail)
	END
	has '^Received: by mx.here.test with ESMTPA id ' bob
	not has '127.0.0.1' bob
	not has client.test bob
	send a@b.test alice@here.test
	has '^Received: from client.test (\[127.0.0.1\])$'
}

@test "check-recipient: 556 where all of it would go to who takes no mail" {
	config check-recipient yes
	zone test <<-'END'
	good	MX 10 mx.good
	mute	MX 0 .
	END
	dns
	printf '%s\n' 'gone: x@mute.test' 'both: x@mute.test, y@good.test' \
		'home: x@mute.test, alice' 'lost: x@missing.test' \
		>"$CONFIG/aliases"
	forward bob x@mute.test
	local no='556 5.1.10 That domain takes no mail'
	local ok='250 2.1.5 Recipient ok'
	refused gone@here.test "$no"
	logged 'code=556 status=5.1.10 .*reason="recipient-takes-no-mail"'
	refused bob@here.test "$no"
	refused both@here.test "$ok"
	refused home@here.test "$ok"
	refused lost@here.test "$ok"
	refused x@mute.test '550 5.7.1 Relaying denied'
	submit <<-END
	$(login alice)
	C: MAIL FROM:<alice@here.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<x@mute.test>
	S: $no
	C: RCPT TO:<x@good.test>
	S: $ok
	END
	config check-recipient no
	refused gone@here.test "$ok"
}
