#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Submission: AUTH (RFC 4954), and what one may do with it (RFC 6409).

load ../lib
load smtp

b64() { printf '%b' "$1" | base64 -w 0; }

@test "PLAIN with and without an initial response, LOGIN" {
	submit <<-END
	$(login alice)
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
	S: 334 VXNlciBOYW1l
	C: $(b64 alice)
	S: 334 UGFzc3dvcmQ=
	C: $(b64 "$PASSWORD")
	S: 235 2.7.0 Logged in
	END
	submit <<-END
	C: AUTH LOGIN $(b64 alice)
	S: 334 UGFzc3dvcmQ=
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
	S: 504 5.5.4 No such mechanism
	C: AUTH
	S: 501 5.5.4 Needs an argument
	C: AUTH PLAIN !!!
	S: 501 5.5.2 Not base64, or not what the mechanism wants
	C: AUTH PLAIN $(b64 'alice')
	S: 501 5.5.2 Not base64, or not what the mechanism wants
	C: AUTH PLAIN =
	S: 501 5.5.2 Not base64, or not what the mechanism wants
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
	$(login alice)
	C: MAIL FROM:<bob@here.test>
	S: 550 5.7.1 Not your address
	C: MAIL FROM:<bobs@here.test>
	S: 550 5.7.1 Not your address
	C: MAIL FROM:<alice@remote.test>
	S: 550 5.7.1 Not your address
	$(from_to info@here.test)
	C: AUTH PLAIN =
	S: 503 5.5.1 Not within a mail transaction
	C: RSET
	S: 250 2.0.0 Ok
	$(from_to '')
	C: RSET
	S: 250 2.0.0 Ok
	$(from_to ALICE+lists@here.test far@remote.test bob)
	$(empty_mail)
	END
	[ "$(rcpts | wc -l)" -eq 1 ]
	has 'with ESMTPA id' bob
	grep -q alice "$SPOOL"/new/*
}

@test "whose an address is cannot be told now: 451, no refusal" {
	local later='S: 451 4.3.0 Cannot look that up now, try later'
	echo "info: :include:$T/none" >"$CONFIG/aliases"
	submit <<-END
	$(login alice)
	C: MAIL FROM:<info@here.test>
	$later
	END
	logged "code=451 .*reason=\".*there is no $T/none"
	written 'From: info@here.test' <<<"$later"
	written 'Sender: alice@here.test, info@here.test' <<<"$later"
	[ "$(count bob)" -eq 0 ]
}

@test "passwords cannot be checked: 454, and it is no failure" {
	chmod 666 "$CONFIG/users"
	submit <<-END
	C: AUTH PLAIN $(b64 "\\0alice\\0$PASSWORD")
	S: 454 4.7.0 Cannot check passwords now
	END
	logged 'code=454 .*etc/users'
}

# A client of its own, written from RFC 5802.
scram() {
	python3 - "$HOST" 2587 "$@" <<-'END'
	import base64, hashlib, hmac, os, socket, sys
	host, port, user, password = sys.argv[1:]
	f = socket.create_connection((host, int(port))).makefile("rwb", 0)
	def line():
	    while True:
	        l = f.readline().decode().rstrip("\r\n")
	        if l[3:4] != "-":
	            return l
	def say(text):
	    f.write(text.encode() + b"\r\n")
	    return line()
	b64 = lambda b: base64.b64encode(b).decode()
	mac = lambda k, m: hmac.new(k, m.encode(), hashlib.sha256).digest()
	line(), say("EHLO x")
	bare = f"n={user},r={b64(os.urandom(12))}"
	r = say("AUTH SCRAM-SHA-256 " + b64(("n,," + bare).encode()))
	first = base64.b64decode(r[4:]).decode()
	d = dict(x.split("=", 1) for x in first.split(","))
	salted = hashlib.pbkdf2_hmac("sha256", password.encode(),
	                             base64.b64decode(d["s"]), int(d["i"]))
	key = mac(salted, "Client Key")
	final = "c=biws,r=" + d["r"]
	text = ",".join([bare, first, final])
	proof = bytes(a ^ b for a, b in zip(
	    key, mac(hashlib.sha256(key).digest(), text)))
	r = say(b64((final + ",p=" + b64(proof)).encode()))
	if r.startswith("334"):
	    v = base64.b64decode(r[4:]).decode()
	    assert v == "v=" + b64(mac(mac(salted, "Server Key"), text)), v
	    r = say("")
	print(r)
	END
}

@test "SCRAM-SHA-256 with the keys of a users file" {
	local keys
	keys=$(python3 - "$PASSWORD" <<-'END'
	import base64, hashlib, hmac, sys
	s = hashlib.pbkdf2_hmac("sha256", sys.argv[1].encode(), b"salty-salt", 4096)
	mac = lambda m: hmac.new(s, m, hashlib.sha256).digest()
	b = lambda x: base64.b64encode(x).decode()
	print("{SCRAM-SHA-256}4096,%s,%s,%s" % (b(b"salty-salt"),
	    b(hashlib.sha256(mac(b"Client Key")).digest()), b(mac(b"Server Key"))))
	END
	)
	# It is offered when it is good for all.
	sed -i "s#^\([a-z]*\):[^:]*:#\1:$keys:#" "$CONFIG/users"
	start listener systemd-socket-activate -l "$HOST:2587" \
		"$BIN/smtp-session" -s -c "$CONFIG"
	wait_for 10 listens "$HOST" 2587
	run scram alice "$PASSWORD"
	[ "$output" = "235 2.7.0 Logged in" ]
	run scram alice wrong
	[ "$output" = "535 5.7.8 Wrong name or password" ]
	run scram nobody "$PASSWORD"
	[ "$output" = "535 5.7.8 Wrong name or password" ]
	logged ' login user=alice '
}

@test "no password in the log, wherever AUTH was refused" {
	local secret
	secret=$(b64 "\\0alice\\0$PASSWORD")
	talk <<-END
	C: AUTH PLAIN $secret
	S: 502 5.5.1 Not for you
	$(from_to a@b.test)
	C: AUTH PLAIN $secret
	S: 503 5.5.1 Not within a mail transaction
	END
	config plain-login never
	submit <<-END
	C: AUTH PLAIN $secret
	S: 538 5.7.11 Needs an encrypted connection
	END
	logged 'verb=AUTH code=538'
	not logged "$secret"
}

# written FROM-FIELD... : alice sends that header to bob; S lines from stdin.
written() {
	{
		cat <<-END
		$(login alice)
		$(from_to alice@here.test bob@here.test)
		C: DATA
		S: 354...
		END
		printf 'C: %s\n' "$@" '' text .
		cat
	} | submit
}

@test "what is missing is added, Bcc goes" {
	written 'Subject: x' 'Bcc: secret@b.test,' ' other@b.test' \
		'Content-Length: 5' <<<'S: 250 2.0.0 Ok, id ...'
	has '^From: <alice@here.test>$' bob
	has '^Date: [A-Z][a-z][a-z], ' bob
	has '^Message-ID: <[0-9A-Za-z]*-1@mx.here.test>$' bob
	not has secret bob
	not has other@b bob
	not has Content-Length bob
	message bob | sed -n '/^Subject/,$p' >"$T/end"
	[ "$(tail -n 2 "$T/end")" = "
text" ]
	written 'From: Alice <ALICE@here.test>' 'Date: today' \
		'Message-ID: <mine@here.test>' <<<'S: 250 2.0.0 Ok, id ...'
	[ "$(message bob | grep -ciE '^(from|date|message-id):')" -eq 3 ]
}

@test "Sender is added where From names other addresses only" {
	printf '%s\n' 'info: alice' 'sales: alice' >"$CONFIG/aliases"
	written 'From: Office <info@here.test>, sales@here.test' \
		<<<'S: 250 2.0.0 Ok, id ...'
	has '^Sender: <alice@here.test>$' bob
	written 'From: info@here.test' 'Sender: sales@here.test' \
		<<<'S: 250 2.0.0 Ok, id ...'
	[ "$(cat "$MAILDIR_bob"/new/* | grep -c '^Sender:')" -eq 2 ]
	written 'From: info@here.test, "Me, myself" <ALICE@Here.Test>' \
		<<<'S: 250 2.0.0 Ok, id ...'
	written 'Subject: no From' <<<'S: 250 2.0.0 Ok, id ...'
	[ "$(cat "$MAILDIR_bob"/new/* | grep -c '^Sender:')" -eq 2 ]
}

@test "From: must be of the login, aliases count" {
	echo 'info: alice' >"$CONFIG/aliases"
	written 'From: Bob <bob@here.test>' \
		<<<'S: 550 5.7.1 Not your address in From'
	written 'From: Bob <bob@remote.test>' \
		<<<'S: 550 5.7.1 Not your address in From'
	written 'From: alice@here.test' 'From: bob@here.test' \
		<<<'S: 550 5.7.1 Not your address in From'
	written 'From: "bob@here.test" <info@here.test>, alice@here.test' \
		<<<'S: 250 2.0.0 Ok, id ...'
	[ "$(count bob)" -eq 1 ]
}

@test "From: nobody hides behind much text, or many names" {
	local no='S: 550 5.7.1 Not your address in From'
	written "From: bob@here.test, alice@here.test ($(printf '%020000d' 0))" \
		<<<"$no"
	written "From: $(yes alice@here.test, | head -n 2000 | xargs)" \
		' bob@here.test' <<<"$no"
	written "From: $(yes 'alice@here.test (anna),' | head -n 1998 | xargs)" \
		' alice@here.test' <<<'S: 250 2.0.0 Ok, id ...'
	[ "$(count bob)" -eq 1 ]
}

@test "Sender: must be of the login, too" {
	local field
	echo 'info: alice' >"$CONFIG/aliases"
	for field in 'Bob <bob@here.test>' bob@remote.test \
		'info@here.test, bob@here.test'; do
		written 'From: alice@here.test' "Sender: $field" \
			<<<'S: 550 5.7.1 Not your address in Sender'
	done
	logged 'code=550 .*reason="Sender is not of user alice"'
	written 'From: alice@here.test' 'Sender: info@here.test' \
		'Sender: bob@here.test' \
		<<<'S: 550 5.7.1 Not your address in Sender'
	written 'From: alice@here.test' 'Sender: Office <INFO@here.test>' \
		<<<'S: 250 2.0.0 Ok, id ...'
	[ "$(count bob)" -eq 1 ]
	has '^Sender: Office <INFO@here.test>$' bob
}

@test "From: a name alone is one of this host, and must be his" {
	written 'From: bob' <<<'S: 550 5.7.1 Not your address in From'
	written 'From: Bob <bob>' <<<'S: 550 5.7.1 Not your address in From'
	written 'From: alice (Anna)' 'To: bob,' ' "Far, F." <far@b.test>' \
		'Cc: undisclosed-recipients:;' 'Reply-To: alice+x' \
		'Subject: bob' <<<'S: 250 2.0.0 Ok, id ...'
	[ "$(count bob)" -eq 1 ]
	has '^From: alice@mx.here.test (Anna)$' bob
	has '^To: bob@mx.here.test,$' bob
	has '^ "Far, F." <far@b.test>$' bob
	has '^Cc: undisclosed-recipients:;$' bob
	has '^Reply-To: alice+x@mx.here.test$' bob
	has '^Subject: bob$' bob
}

@test "mail of strangers stays as it is" {
	talk <<-END
	$(from_to a@b.test bob@here.test)
	C: DATA
	S: 354...
	C: From: root (Cron Daemon)
	C: Bcc: kept@b.test
	C:
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	has '^Bcc: kept' bob
	has '^From: root (Cron Daemon)$' bob
	not has '^Date:' bob
}

@test "too many sessions of one user: 421, which names the setting" {
	config connections-per-user 1
	start listener systemd-socket-activate --inetd -a -l "$HOST:2587" \
		"$BIN/smtp-session" -s -c "$CONFIG"
	wait_for 10 listens "$HOST" 2587
	config plain-login always
	exec 8<>"/dev/tcp/$HOST/2587"
	printf 'EHLO x\r\nAUTH PLAIN %s\r\n' "$(b64 "\\0alice\\0$PASSWORD")" >&8
	while IFS= read -r -t 20 -u 8 line; do
		[[ $line != 235* ]] || break
	done
	[[ $line = 235* ]]
	at() { { hello; cat; } | "$TOOL/chat" -q "$HOST:2587"; }
	at <<-END
	C: AUTH PLAIN $(b64 "\\0alice\\0$PASSWORD")
	S: 421 4.7.0 Too many connections of this user (connections-per-user)
	S! eof
	END
	logged 'code=421 status=4.7.0 .*reason="connections-per-user 1"'
	at <<<"$(login bob)"
	exec 8>&-
	again() { at <<<"$(login alice)"; }
	wait_for 20 again
}
