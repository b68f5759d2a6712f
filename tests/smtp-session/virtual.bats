#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Domains and users of mail alone, names beyond ASCII.

load ../lib
load smtp

# virtual ADDRESS: a user of that name; all of them share one uid.
virtual() {
	local home=$T/vmail/${1#*@}/${1%@*} uid=$EUID
	[ "$EUID" -ne 0 ] || uid=20950
	mkdir -p "$home"
	chmod 711 "$T/vmail" "$T/vmail/${1#*@}"
	own "$uid" "$home"
	echo "$1:$HASH:$uid:$uid::$home::" >>"$CONFIG/users"
}

# in_box ADDRESS: how many messages.
in_box() {
	find "$T/vmail/${1#*@}/${1%@*}/Maildir/new" -type f 2>/dev/null | wc -l
}

# unknown RCPT: nobody has it.
unknown() {
	talk <<-END
	C: MAIL FROM:<a@b.test> SMTPUTF8
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<$1>
	S: 550 5.1.1 No such user here
	END
}

# mail_utf8 FROM TO...: the same as send, with SMTPUTF8 and such a subject.
mail_utf8() {
	local from=$1
	shift
	{
		from_to "$from" "$@" | sed '1s/$/ SMTPUTF8 BODY=8BITMIME/'
		printf 'C: %s\n' DATA
		printf 'S: 354...\nC: Subject: Grüße\nC:\nC: text\nC: .\n'
		echo 'S: 250 2.0.0 Ok, id ...'
	} | talk
}

@test "virtual: one name in two domains is two people" {
	printf '%s\n' one.test two.test >>"$CONFIG/domains"
	virtual carol@one.test
	virtual carol@two.test
	send a@b.test carol@one.test
	send a@b.test CAROL+x@Two.Test carol@one.test
	[ "$(in_box carol@one.test)" -eq 2 ]
	[ "$(in_box carol@two.test)" -eq 1 ]
	unknown carol@here.test
	unknown dave@one.test
	# Who has no domain in his name is in each of them.
	send a@b.test alice@two.test
	[ "$(count alice)" -eq 1 ]
	logged 'mailbox=carol@two.test '
}

@test "virtual: they log in with all of their name, and write with it" {
	echo one.test >>"$CONFIG/domains"
	virtual carol@one.test
	submit <<-END
	$(login carol@one.test)
	C: MAIL FROM:<carol@here.test>
	S: 550 5.7.1 Not your address
	$(from_to carol@one.test)
	END
}

@test "virtual: aliases and catch-all of a domain leave the others alone" {
	printf '%s\n' one.test two.test >>"$CONFIG/domains"
	virtual carol@one.test
	printf '%s\n' 'info@one.test: carol@one.test' 'info: alice' \
		'@one.test: bob' >"$CONFIG/aliases"
	send a@b.test info@one.test
	[ "$(in_box carol@one.test)" -eq 1 ]
	send a@b.test info@two.test
	[ "$(count alice)" -eq 1 ]
	send a@b.test anybody@one.test
	send a@b.test carol@one.test
	[ "$(count bob)" -eq 1 ]
	[ "$(in_box carol@one.test)" -eq 2 ]
	has '^X-Original-To: anybody@one.test' bob
	unknown anybody@two.test
}

@test "virtual: as the user that the line says, and no other" {
	[ "$EUID" -eq 0 ] || skip "needs root to be somebody else"
	echo one.test >>"$CONFIG/domains"
	virtual carol@one.test
	send a@b.test carol@one.test
	[ "$(stat -c %u "$T"/vmail/one.test/carol/Maildir/new/*)" = 20950 ]
	echo "eve@one.test:x:0:0::$T/vmail/one.test/carol::" >>"$CONFIG/users"
	refused eve@one.test \
		'451 4.3.0 Cannot look that up now, try later'
	logged 'etc/users:[0-9]*: uid should be a number, not 0'
}

@test "utf8: U- and A-labels are one domain" {
	echo 'bücher.test' >>"$CONFIG/domains"
	virtual carol@xn--bcher-kva.test
	mail_utf8 a@b.test carol@bücher.test carol@BÜCHER.test \
		carol@xn--bcher-kva.test
	[ "$(in_box carol@xn--bcher-kva.test)" -eq 1 ]
	send a@b.test carol@xn--bcher-kva.test
	[ "$(in_box carol@xn--bcher-kva.test)" -eq 2 ]
	echo 'shop@bücher.test: bob' >"$CONFIG/aliases"
	unknown shop@here.test
}

@test "utf8: a local part beyond ASCII has a mailbox and aliases" {
	virtual grüße@here.test
	mail_utf8 jörg@straße.test grüße@here.test
	[ "$(in_box grüße@here.test)" -eq 1 ]
	# the same, taken apart: u and two dots
	mail_utf8 a@b.test "$(printf 'gru\xcc\x88\xc3\x9fe@here.test')"
	[ "$(in_box grüße@here.test)" -eq 2 ]
	grep -rqx 'Return-Path: <jörg@straße.test>' "$T/vmail"
	grep -rqx 'Delivered-To: grüße@here.test' "$T/vmail"
	grep -rq 'with UTF8SMTP id' "$T/vmail"
	echo 'straße: alice' >"$CONFIG/aliases"
	mail_utf8 a@b.test straße@here.test
	[ "$(count alice)" -eq 1 ]
	unknown grüsse@here.test
	talk <<-END
	$(from_to a@b.test)
	C: RCPT TO:<grüße@here.test>
	S: 553 5.6.7 Address needs SMTPUTF8 on MAIL
	C: RCPT TO:<straße@here.test>
	S: 553 5.6.7 Address needs SMTPUTF8 on MAIL
	END
}

@test "utf8: Python's smtplib, to a user here and one far away" {
	virtual grüße@here.test
	start listener systemd-socket-activate -l "$HOST:2587" \
		"$BIN/smtp-session" -s -c "$CONFIG"
	wait_for 10 listens "$HOST" 2587
	python3 - "$HOST" "$PASSWORD" <<-'END'
	import smtplib, sys
	from email.message import EmailMessage
	m = EmailMessage()
	m["From"] = "grüße@here.test"
	m["To"] = "δοκιμή@παράδειγμα.test"
	m["Subject"] = "Grüße"
	m.set_content("héllo")
	with smtplib.SMTP(sys.argv[1], 2587) as s:
	    s.ehlo()
	    s.user, s.password = "grüße@here.test", sys.argv[2]
	    import base64
	    code, _ = s.docmd("AUTH", "PLAIN " + base64.b64encode(
	        ("\0" + s.user + "\0" + s.password).encode()).decode())
	    assert code == 235
	    s.send_message(m, "grüße@here.test",
	                   ["grüße@here.test", "δοκιμή@παράδειγμα.test"])
	END
	[ "$(in_box grüße@here.test)" -eq 1 ]
	file=$(entry 'δοκιμή@παράδειγμα.test')
	grep -qx smtputf8 "$file"
	grep -q '^Subject: Grüße' "$file"
	grep -q 'with UTF8SMTPA id' "$file"
}

# far WORDS: a server elsewhere with these extensions.
far() {
	sink -m "extensions $1"
	config smtp-port "$SINK_PORT"
	config loopback-mx yes
	dns "there.test=$HOST" "xn--bcher-kva.test=$HOST"
}

@test "utf8: from a session through the spool to a server that knows it" {
	virtual grüße@here.test
	far 'PIPELINING|8BITMIME|SMTPUTF8'
	local_peer <<-END
	C: MAIL FROM:<grüße@here.test> SMTPUTF8 BODY=8BITMIME
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<δοκιμή@there.test>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<bob@bücher.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: From: grüße@here.test
	C: Subject: Grüße
	C:
	C: Straße
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	"$BIN/mailq-run" -c "$CONFIG"
	[ "$(waiting)" -eq 0 ]
	grep -q 'C: MAIL FROM:<grüße@here.test>.* SMTPUTF8' "$T/sink/log"
	grep -q 'C: RCPT TO:<δοκιμή@there.test>' "$T/sink/log"
	grep -q 'C: RCPT TO:<bob@\(xn--bcher-kva\|bücher\).test>' "$T/sink/log"
	grep -q '^Subject: Grüße' "$T"/sink/1.mail
	grep -q '^Straße' "$T"/sink/2.mail
	grep -q 'with UTF8SMTP id' "$T"/sink/1.mail
}

@test "utf8: to a server that does not: A-labels, or a report in UTF-8" {
	virtual grüße@here.test
	far 'PIPELINING|8BITMIME'
	submit_socket
	local_peer <<-END
	$(from_to a@here.test bob@xn--bcher-kva.test)
	$(empty_mail)
	C: MAIL FROM:<alice@here.test> SMTPUTF8
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<bob@bücher.test>
	S: 250 2.1.5 Recipient ok
	$(empty_mail)
	C: MAIL FROM:<grüße@here.test> SMTPUTF8
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<δοκιμή@there.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: Subject: Grüße
	C:
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	"$BIN/mailq-run" -c "$CONFIG"
	"$BIN/mailq-run" -c "$CONFIG"
	[ "$(waiting)" -eq 0 ]
	not grep -q SMTPUTF8 "$T/sink/log"
	[ "$(grep -c 'C: RCPT TO:<bob@xn--bcher-kva.test>' "$T/sink/log")" -eq 2 ]
	not grep -q δοκιμή "$T/sink/log"
	[ "$(in_box grüße@here.test)" -eq 1 ]
	grep -rq '^Content-Type: message/global-delivery-status' "$T/vmail"
	grep -rq 'utf-8; *δοκιμή@there.test' "$T/vmail"
	grep -rq '^Status: 5.6.7' "$T/vmail"
}

@test "utf8: swaks" {
	type -P swaks >/dev/null || skip "swaks is not installed"
	virtual grüße@here.test
	start listener systemd-socket-activate -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 2525
	run swaks --server "$HOST:2525" --from jörg@straße.test \
		--to grüße@here.test --protocol ESMTP --suppress-data
	# This swaks does not know SMTPUTF8, so it is told what is missing.
	[[ $output = *'553 5.6.7 Address needs SMTPUTF8 on MAIL'* ]]
}
