#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Submission: AUTH (RFC 4954), and what one may do with it (RFC 6409).

load ../lib
load smtp

b64() { printf '%b' "$1" | base64 -w 0; }

# submit <TRANSCRIPT: a session on the submission port, after its EHLO.
submit() {
	{
		cat <<-'END'
		S: 220 mx.here.test ESMTP
		C: EHLO client.test
		S* 250-
		S: 250 HELP
		END
		cat
	} | chat -q smtp-session -s
}

@test "PLAIN with and without an initial response, LOGIN" {
	submit <<-END
	C: AUTH PLAIN $(b64 "\\0alice\\0$PASSWORD")
	S: 235 2.7.0 Logged in
	C: AUTH PLAIN
	S: 503 5.5.1 Logged in already
	END
	submit <<-END
	C: auth plain
	S: 334 
	C: $(b64 "alice\\0alice\\0$PASSWORD")
	S: 235 2.7.0 Logged in
	END
	submit <<-END
	C: AUTH LOGIN
	S: 334 VXNlciBOYW1lAA==
	C: $(b64 alice)
	S: 334 UGFzc3dvcmQA
	C: $(b64 "$PASSWORD")
	S: 235 2.7.0 Logged in
	END
	submit <<-END
	C: AUTH LOGIN $(b64 alice)
	S: 334 UGFzc3dvcmQA
	C: $(b64 "$PASSWORD")
	S: 235 2.7.0 Logged in
	END
	logged ' login user=alice ip=127.0.0.1'
	not logged "$(b64 "$PASSWORD" | head -c 12)"
}

@test "it is offered where passwords may be sent, and only for submission" {
	chat -q smtp-session -s <<-'END'
	S: 220...
	C: EHLO x
	S* 250-
	S: 250 HELP
	END
	printf 'EHLO x\r\nQUIT\r\n' | "$BIN/smtp-session" -s -c "$CONFIG" |
		grep -q '^250-AUTH PLAIN LOGIN'
	printf 'EHLO x\r\nQUIT\r\n' | "$BIN/smtp-session" -c "$CONFIG" >"$T/out"
	not grep AUTH "$T/out"
	talk <<-'END'
	C: AUTH PLAIN AGEAYQ==
	S: 502 5.5.1 Not for you
	END
	config plain-login never
	submit <<-'END'
	C: MAIL FROM:<alice@here.test>
	S: 530 5.7.0 Must issue STARTTLS first
	C: AUTH PLAIN AGEAYQ==
	S: 538 5.7.11 Needs an encrypted connection
	END
}

@test "what is no login: mechanism, base64, cancel, length" {
	local long
	long=$(printf '%013000d' 0)
	submit <<-END
	C: AUTH CRAM-MD5
	S: 504 5.5.4 Mechanisms are PLAIN and LOGIN
	C: AUTH
	S: 501 5.5.4 Needs an argument
	C: AUTH PLAIN !!!
	S: 501 5.5.2 Not base64
	C: AUTH PLAIN $(b64 'alice')
	S: 501 5.5.2 Not a response of this mechanism
	C: AUTH PLAIN =
	S: 501 5.5.2 Not a response of this mechanism
	C: AUTH PLAIN
	S: 334 
	C: *
	S: 501 5.7.0 Cancelled
	C: AUTH PLAIN
	S: 334 
	C: $long
	S: 500 5.5.6 Response too long
	C: MAIL FROM:<alice@here.test>
	S: 530 5.7.0 Authentication required
	END
}

@test "wrong passwords: the same answer for unknown users, three and out" {
	submit <<-END
	C: AUTH PLAIN $(b64 "\\0alice\\0wrong")
	S: 535 5.7.8 Wrong name or password
	C: AUTH PLAIN $(b64 "\\0nobody\\0$PASSWORD")
	S: 535 5.7.8 Wrong name or password
	C: AUTH PLAIN $(b64 "bob\\0alice\\0$PASSWORD")
	S: 535 5.7.8 Wrong name or password
	S! eof
	END
	logged 'verb=AUTH code=535 .*reason="login-refused user=alice"'
	logged 'verb=AUTH code=535 .*reason="login-refused user=nobody"'
}

@test "logged in: mail for anywhere, but only as oneself" {
	printf '%s\n' 'info: alice, x@remote.test' 'bobs: bob' >"$CONFIG/aliases"
	submit <<-END
	C: AUTH PLAIN $(b64 "\\0alice\\0$PASSWORD")
	S: 235 2.7.0 Logged in
	C: MAIL FROM:<bob@here.test>
	S: 550 5.7.1 Not your address
	C: MAIL FROM:<bobs@here.test>
	S: 550 5.7.1 Not your address
	C: MAIL FROM:<alice@remote.test>
	S: 550 5.7.1 Not your address
	C: MAIL FROM:<info@here.test>
	S: 250 2.1.0 Sender ok
	C: AUTH PLAIN =
	S: 503 5.5.1 Not within a mail transaction
	C: RSET
	S: 250 2.0.0 Ok
	C: MAIL FROM:<>
	S: 250 2.1.0 Sender ok
	C: RSET
	S: 250 2.0.0 Ok
	C: MAIL FROM:<ALICE+lists@here.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<far@remote.test>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<bob>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(rcpts | wc -l)" -eq 1 ]
	has 'with ESMTPA id' bob
	grep -q alice "$SPOOL"/new/*
}

@test "passwords cannot be checked: 454, and it is no failure" {
	chmod 666 "$CONFIG/users"
	submit <<-END
	C: AUTH PLAIN $(b64 "\\0alice\\0$PASSWORD")
	S: 454 4.7.0 Cannot check passwords now
	END
	logged 'code=454 .*etc/users'
}
