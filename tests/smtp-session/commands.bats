#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Every command of RFC 5321 s. 4.1.1, in and out of order.

load ../lib
load smtp

@test "order: MAIL before HELO, RCPT before MAIL, DATA before RCPT, nested MAIL" {
	chat smtp-session <<-'END'
	S: 220 mx.here.test ESMTP
	C: MAIL FROM:<a@b.test>
	S: 503 5.5.1 Send EHLO or HELO first
	C: DATA
	S: 503 5.5.1 Send EHLO or HELO first
	C: HELO
	S: 501 5.5.4 Needs an argument
	C: HELO x
	S: 250 mx.here.test
	C: RCPT TO:<alice@here.test>
	S: 503 5.5.1 Send MAIL first
	C: DATA
	S: 503 5.5.1 Send RCPT first
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: MAIL FROM:<a@b.test>
	S: 503 5.5.1 Sender was given already
	C: DATA
	S: 503 5.5.1 Send RCPT first
	C: RCPT TO:<nobody@here.test>
	S: 550 5.1.1 No such user here
	C: DATA
	S: 554 5.5.1 No valid recipients
	C: RSET
	S: 250 2.0.0 Ok
	C: DATA
	S: 503 5.5.1 Send RCPT first
	C: QUIT
	S: 221 2.0.0 Bye
	S! eof
	END
	logged 'reject ip=127.0.0.1 .*code=550 status=5.1.1 .*unknown-user'
}

@test "EHLO says what works, and is a RSET" {
	chat smtp-session <<-'END'
	S: 220 mx.here.test ESMTP
	C: EHLO [127.0.0.1]
	S: 250-mx.here.test
	S: 250-PIPELINING
	S: 250-SIZE 52428800
	S: 250-8BITMIME
	S: 250-SMTPUTF8
	S: 250-CHUNKING
	S: 250-DSN
	S: 250-ENHANCEDSTATUSCODES
	S: 250-LIMITS RCPTMAX=100 MAILMAX=1000
	S: 250 HELP
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: EHLO again
	S* 250-
	S: 250 HELP
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	END
}

@test "NOOP HELP RSET QUIT and their arguments; unknown verbs" {
	talk <<-'END'
	C: NOOP
	S: 250 2.0.0 Ok
	C: NOOP with text
	S: 250 2.0.0 Ok
	C: HELP
	S: 214-2.0.0 HELO EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET
	S: 214-2.0.0 NOOP QUIT HELP VRFY EXPN VERB
	S: 214 2.0.0 See RFC 5321
	C: RSET x
	S: 501 5.5.4 Takes no argument
	C: DATA x
	S: 503 5.5.1 Send RCPT first
	C: WIZ
	S: 500 5.5.1 Unknown command
	C: MAILFROM:<a@b.test>
	S: 500 5.5.1 Unknown command
	C:
	S: 500 5.5.1 Unknown command
	C: TURN
	S: 500 5.5.1 Unknown command
	C: QUIT now
	S: 501 5.5.4 Takes no argument
	C: QUIT
	S: 221 2.0.0 Bye
	S! eof
	END
}

@test "lenient: case, blanks, no brackets, source route, trailing dot" {
	talk <<-'END'
	C: mail from : a@b.test
	S: 250 2.1.0 Sender ok
	C: rSeT
	S: 250 2.0.0 Ok
	C: Mail   From:   <a@b.test>   size=10   body=8bitmime
	S: 250 2.1.0 Sender ok
	C: rcpt to:alice@here.test
	S: 250 2.1.5 Recipient ok
	C: rcpt to : < alice@here.test >
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<@relay.test,@b.test:alice@HERE.Test.>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<"alice"@here.test>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<ALICE@here.test>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<postmaster>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<PostMaster@here.test>
	S: 250 2.1.5 Recipient ok
	C: data
	S: 354 End data with <CR><LF>.<CR><LF>
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(count alice)" -eq 1 ]
	[ "$(find "$SPOOL/postmaster/new" -type f | wc -l)" -eq 1 ]
}

@test "MAIL: syntax, parameters, size, null path" {
	talk <<-'END'
	C: MAIL FROM:<>
	S: 250 2.1.0 Sender ok
	C: RSET
	S: 250 2.0.0 Ok
	C: MAIL FROM:<a@b@c>
	S: 501 5.1.7 Bad sender address syntax
	C: MAIL TO:<a@b.test>
	S: 501 5.1.7 Bad sender address syntax
	C: MAIL FROM:<alice>
	S: 501 5.1.7 Bad sender address syntax
	C: MAIL FROM:<a@b.test> WHAT=ever
	S: 555 5.5.4 Unknown parameter
	C: MAIL FROM:<> XFILTER
	S: 555 5.5.4 Unknown parameter
	C: MAIL FROM:<a@b.test> SIZE=1 SIZE=2
	S: 501 5.5.4 Bad parameter value
	C: MAIL FROM:<a@b.test> SIZE=-1
	S: 501 5.5.4 Bad parameter value
	C: MAIL FROM:<a@b.test> SIZE=52428801
	S: 552 5.3.4 Message too big
	C: MAIL FROM:<a@b.test> SIZE=99999999999999999999
	S: 552 5.3.4 Message too big
	C: MAIL FROM:<\xc3\xa4@b.test>
	S: 553 5.6.7 Address needs SMTPUTF8 on MAIL
	END
}

@test "MAIL: more parameters" {
	talk <<-'END'
	C: MAIL FROM:<a@b.test> BODY=9BIT
	S: 501 5.5.4 Bad parameter value
	C: MAIL FROM:<a@b.test> SMTPUTF8=yes
	S: 501 5.5.4 Bad parameter value
	C: MAIL FROM:<a@b.test> ENVID=a=b
	S: 501 5.5.4 Bad parameter value
	C: MAIL FROM:<a@b.test> RET=SOME
	S: 501 5.5.4 Bad parameter value
	C: MAIL FROM:<a@b.test> BODY=7BIT RET=HDRS ENVID=x+2By AUTH=<> SIZE=5
	S: 250 2.1.0 Sender ok
	C: RSET
	S: 250 2.0.0 Ok
	C: MAIL FROM:<\xc3\xa4@b.test> SMTPUTF8
	S: 250 2.1.0 Sender ok
	END
}

@test "RCPT: syntax, unknown, relaying, tricks that route" {
	stranger <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<>
	S: 501 5.1.3 Bad recipient address syntax
	C: RCPT TO:<alice>
	S: 501 5.1.3 Bad recipient address syntax
	C: RCPT TO:<alice@here.test> NOTIFY=NEVER,SUCCESS
	S: 501 5.5.4 Bad parameter value
	C: RCPT TO:<x@remote.test>
	S: 550 5.7.1 Relaying denied
	C: RCPT TO:<x%remote.test@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<remote.test!x@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<"x@remote.test"@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<@here.test:x@remote.test>
	S: 550 5.7.1 Relaying denied
	END
	logged 'ip=192.0.2.1 .*code=550 status=5.7.1 .*arg="TO:<x@remote.test>" reason="relaying-denied"'
}

@test "RCPT: what users are not called; the backslash is for our own" {
	stranger <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<|cat@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:</etc/passwd@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<.alice@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<-alice@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<"\\\\alice"@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<alice@[192.0.2.1]>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<alice@[192.0.2.9]>
	S: 550 5.7.1 Relaying denied
	END
}

@test "VRFY EXPN VERB: strangers learn nothing" {
	stranger <<-'END'
	C: VRFY alice@here.test
	S: 252 2.0.0 Cannot tell, but will try to deliver
	C: VRFY nobody@here.test
	S: 252 2.0.0 Cannot tell, but will try to deliver
	C: VRFY a@b@c
	S: 501 5.1.3 Bad address syntax
	C: EXPN staff@here.test
	S: 502 5.5.1 Not for you
	C: VERB
	S: 502 5.5.1 Not for you
	END
}

@test "VRFY EXPN VERB from this host" {
	echo 'staff: alice, bob@here.test, far@remote.test' >"$CONFIG/aliases"
	talk <<-'END'
	C: VRFY <alice@here.test>
	S: 250 2.1.5 <alice@here.test>
	C: VRFY nobody@here.test
	S: 550 5.1.1 No such user here
	C: VRFY x@remote.test
	S: 252 2.0.0 Cannot tell, but will try to deliver
	C: EXPN staff@here.test
	S: 250-2.1.5 <alice@here.test>
	S: 250-2.1.5 <bob@here.test>
	S: 250 2.1.5 <far@remote.test>
	C: EXPN bob@here.test
	S: 250 2.1.5 <bob@here.test>
	C: EXPN nobody@here.test
	S: 550 5.1.1 No such user here
	C: VERB
	S: 250 2.0.0 Verbose mode on
	C: MAIL FROM:<>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: x: y
	C: .
	S: 050-alice@here.test: delivered
	S: 250 2.0.0 Ok, id ...
	END
}

@test "HTTP and other foreign talk: 221 and close" {
	for first in "GET / HTTP/1.1" "POST / HTTP/1.0" "connect a:25" \
		"\\x16\\x03\\x01" "{}"; do
		printf 'S: 220 mx.here.test ESMTP\nC: %s\n%s\nS! eof\n' \
			"$first" "S~ (221 2.7.0 This is|500 5.5.2 Only).*" |
			chat smtp-session || [[ $first = \\x16* ]]
	done
	logged 'code=221 status=2.7.0'
}

@test "a line of 2048 octets is read, a longer one swallowed whole" {
	local x
	x=$(printf '%02040d' 0)
	talk <<-END
	C: NOOP $x
	S: 250 2.0.0 Ok
	C: NOOP 123456$x
	S: 500 5.5.2 Line too long
	C: NOOP $x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x QUIT
	S: 500 5.5.2 Line too long
	C: NOOP
	S: 250 2.0.0 Ok
	END
}

@test "NUL, control and 8-bit octets in a command" {
	talk <<-'END'
	C: NOOP \0
	S: 500 5.5.2 Only printable characters, please
	C: MAIL FROM:<a\0@b.test>
	S: 500 5.5.2 Only printable characters, please
	C: MAIL FROM:<a\r@b.test>
	S: 500 5.5.2 Only printable characters, please
	C: NOOP \x80
	S: 553 5.6.7 8-bit text needs SMTPUTF8 on MAIL
	C: MAIL FROM:<a\x80@b.test> SMTPUTF8
	S: 501 5.1.7 Bad sender address syntax
	END
}

@test "pipelining: replies of a group in one piece, in order" {
	talk <<-'END'
	C: MAIL FROM:<a@b.test>
	C: RCPT TO:<alice@here.test>
	C: RCPT TO:<nobody@here.test>
	C: DATA
	S< 250 2.1.0 Sender ok\r\n250 2.1.5 Recipient ok\r\n550 5.1.1 No such user here\r\n354 End data with <CR><LF>.<CR><LF>\r\n
	C: subject: one
	C: .
	C: MAIL FROM:<a@b.test>
	C: RCPT TO:<alice@here.test>
	S: 250 2.0.0 Ok, id ...
	S: 250 2.1.0 Sender ok
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: subject: two
	C: .
	C: QUIT
	S: 250 2.0.0 Ok, id ...
	S: 221 2.0.0 Bye
	END
	[ "$(count alice)" -eq 2 ]
}

@test "content in front of 354 closes the connection" {
	talk <<-'END'
	C: MAIL FROM:<a@b.test>
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.0 Sender ok
	S: 250 2.1.5 Recipient ok
	C: DATA
	C: subject: smuggled
	C: .
	S: 554 5.5.0 Content came before 354, closing
	S! eof
	END
	[ "$(count alice)" -eq 0 ]
}

@test "20 errors: 421 and close" {
	{
		echo 'S: 220 mx.here.test ESMTP'
		for _ in {1..19}; do
			printf '%s\n' 'C: XYZZY' 'S: 500 5.5.1 Unknown command'
		done
		printf '%s\n' 'C: XYZZY' \
			'S: 421 4.7.0 Too many errors, closing' 'S! eof'
	} | chat smtp-session
}

@test "100 recipients are taken, the 101st is told to wait" {
	{
		echo 'C: MAIL FROM:<a@b.test>'
		echo 'S: 250 2.1.0 Sender ok'
		for _ in {1..100}; do
			printf '%s\n' 'C: RCPT TO:<alice@here.test>' \
				'S: 250 2.1.5 Recipient ok'
		done
		printf '%s\n' 'C: RCPT TO:<bob@here.test>' \
			'S: 452 4.5.3 Too many recipients' 'C: DATA' \
			'S: 354...' 'C: .' 'S: 250 2.0.0 Ok, id ...'
	} | talk
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 0 ]
}

@test "a wrong configuration: 421, and the log names file and line" {
	echo 'frobnicate yes' >>"$CONFIG/mailroom.conf"
	LOG=/dev/null chat -x 78 smtp-session <<-'END'
	S: 421 4.3.0 Local trouble, try again later
	S! eof
	END
}

@test "a client that leaves in the middle leaves nothing" {
	talk <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: half of it
	C! reset
	END
	[ "$(count alice)" -eq 0 ]
	nothing_left
}

@test "more connections than allowed: 421, and the log names the setting" {
	config connections 1
	start listener systemd-socket-activate --inetd -a -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 2525
	exec 8<>"/dev/tcp/$HOST/2525"
	IFS= read -r -u 8 line
	[[ $line = 220* ]]
	"$TOOL/chat" "$HOST:2525" <<-'END'
	S: 421 4.7.0 Too many connections, try again later
	S! eof
	END
	logged 'refused ip=127.* setting=connections$'
	exec 8>&-
	free() { "$TOOL/chat" -q "$HOST:2525" <<<'S: 220...'; }
	wait_for 5 free
}
