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

@test "a superserver that makes descriptor 0 the client, and nothing else" {
	python3 - "$BIN/smtp-session" -c "$CONFIG" <<-'END'
	import socket, subprocess, sys
	with socket.create_server(("127.0.0.1", 0)) as listener:
	    client = socket.create_connection(listener.getsockname(), timeout=20)
	    served = listener.accept()[0]
	session = subprocess.Popen(sys.argv[1:], stdin=served,
	                           stdout=subprocess.DEVNULL)
	served.close()
	said = client.makefile("rb")
	assert said.readline().startswith(b"220 ")
	client.sendall(b"NOOP\r\nQUIT\r\n")
	assert said.readline() == b"250 2.0.0 Ok\r\n"
	assert said.readline().startswith(b"221 ")
	assert said.readline() == b""
	session.wait(20)
	END
}

@test "TLS from the first octet is for the network: -S on a pipe" {
	chat -p smtp-session -S <<-'END'
	S: 220 mx.here.test ESMTP
	C: QUIT
	S: 221 2.0.0 Bye
	S! eof
	END
}

@test "a parser that cannot lock itself up: 421 after the greeting" {
	fault landlock_create_ruleset EINVAL
	chat -x 71 smtp-session <<-'END'
	S: 220...
	S: 421 4.3.0 Local trouble, try again later
	S! eof
	END
	grep -q 'sandbox-error reason=' "$LOG"
}
