#!/usr/bin/env bats
# STARTTLS (RFC 9051 s. 6.2.1) and TLS from the first octet (RFC 8314).
# shellcheck disable=SC2154 # variables of the libraries

bats_require_minimum_version 1.5.0
load ../lib
load ../pop3-session/common
load ../session/clients

setup() { tls_setup; }

@test "STARTTLS: a login that is refused without it" {
	three
	raw imap-session <<-'END'
	want(c, "* OK")
	say(c, "a CAPABILITY")
	capa = line(c).split()
	assert "STARTTLS" in capa and "LOGINDISABLED" in capa, capa
	assert not [x for x in capa if x.startswith("AUTH=")], capa
	want(c, "a OK")
	say(c, "b LOGIN alice correct-horse")
	want(c, "b NO [PRIVACYREQUIRED]")
	say(c, "c AUTHENTICATE PLAIN")
	want(c, "c NO [PRIVACYREQUIRED]")
	say(c, "d STARTTLS now")
	want(c, "d BAD")
	say(c, "e STARTTLS")
	want(c, "e OK Begin TLS")
	c = over(c)
	say(c, "f CAPABILITY")
	capa = line(c).split()
	assert "STARTTLS" not in capa and "LOGINDISABLED" not in capa, capa
	assert "AUTH=PLAIN" in capa, capa
	want(c, "f OK")
	say(c, "g STARTTLS")
	want(c, "g BAD TLS is active already")
	# Across the login too nothing that was sent early is lost.
	say(c, "h LOGIN alice {13+}\r\ncorrect-horse\r\ni EXAMINE INBOX")
	want(c, "h OK [CAPABILITY")
	got = ""
	while not got.startswith("i "):
	    got = line(c)
	    assert got == "* 3 EXISTS" or "EXISTS" not in got
	say(c, "j LOGOUT")
	want(c, "* BYE")
	want(c, "j OK")
	want(c, "eof")
	END
	grep -q 'login user=alice ip=127[0-9.]* tls="TLSv1.3 ' "$LOG"
	no_relay
}

@test "octets behind STARTTLS: refused before the handshake" {
	chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a STARTTLS
	C: b LOGIN alice correct-horse
	S: * BYE Octets behind STARTTLS
	S! eof
	END
	grep -q 'no-tls reason="octets behind' "$LOG"
}

@test "STARTTLS, and what comes is no TLS: nothing is obeyed" {
	chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a STARTTLS
	S: a OK Begin TLS
	C: b LOGIN alice correct-horse
	C! close
	END
	grep -q 'no-tls ip=127.0.0.1 reason="handshake: ' "$LOG"
	run ! grep 'login' "$LOG"
}

@test "-S: IDLE over TLS hears of mail from elsewhere" {
	three
	raw imap-session -S <<-'END' >"$T/raw.out" &
	c = over(c)
	want(c, "* OK IMAP server ready")
	say(c, "a LOGIN alice correct-horse")
	want(c, "a OK")
	say(c, "b SELECT INBOX")
	while not line(c).startswith("b OK"):
	    pass
	say(c, "c IDLE")
	want(c, "+ ")
	print("idle", flush=True)
	want(c, "* 4 EXISTS")
	c.close()
	END
	local pid=$!
	wait_for 20 grep -q idle "$T/raw.out"
	echo 'Subject: four' | put new/1000000009.z.here
	wait "$pid"
	no_relay
}

# What an application password is good for, over a connection that binds it.
@test "SCRAM-SHA-256-PLUS is offered where it can be bound" {
	sed -i 's/^\([a-z]*\):[^:]*:/\1:{SCRAM-SHA-256}x:/' "$CONFIG/users"
	raw imap-session -S <<-'END'
	c = over(c)
	want(c, "* OK")
	say(c, "a CAPABILITY")
	capa = line(c).split()
	assert "AUTH=SCRAM-SHA-256-PLUS" in capa, capa
	assert "AUTH=SCRAM-SHA-256" in capa, capa
	END
	chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a AUTHENTICATE SCRAM-SHA-256-PLUS
	S: a NO [PRIVACYREQUIRED] TLS required
	END
}

# ---- clients

# It wants a name in the certificate, which leads elsewhere.
mbsync_with() {
	mkdir "$T/near$1"
	printf '#!/bin/bash\nexec 5<>/dev/tcp/%s\ncat <&5 &\ncat >&5\n' \
		"$HOST/$1" >"$T/tunnel$1"
	chmod 755 "$T/tunnel$1"
	printf '%s\n' 'IMAPAccount a' 'Host mx.here.test' \
		"Tunnel $T/tunnel$1" 'User alice' \
		'Pass correct-horse' "SSLType $2" "CertificateFile $CA" '' \
		'IMAPStore far' 'Account a' '' 'MaildirStore near' \
		"Path $T/near$1/" "Inbox $T/near$1/INBOX" '' 'Channel c' \
		'Far :far:' 'Near :near:' 'Patterns INBOX' 'Create Near' \
		'SyncState *' >"$T/mbsyncrc"
	HOME=$T mbsync -q -c "$T/mbsyncrc" -a
	[ "$(find "$T/near$1/INBOX/cur" "$T/near$1/INBOX/new" -type f |
		wc -l)" -eq 3 ]
}

all_clients() {
	local url
	three
	serve imap-session 20143 "$1"
	serve imap-session 20993 "$1" -S
	for url in imap://"$HOST":20143 imaps://"$HOST":20993; do
		curl -s --ssl-reqd --cacert "$CA" -u alice:correct-horse \
			"$url/INBOX;UID=2" >"$T/mail"
		sed 's/$/\r/' "$T/2" | cmp - "$T/mail"
	done
	run ! curl -s -u alice:correct-horse "imap://$HOST:20143/"
	mbsync_with 20143 STARTTLS
	mbsync_with 20993 IMAPS
	python3 - "$HOST" "$CA" <<-'END'
	import imaplib, ssl, sys
	host, ca = sys.argv[1:3]
	c = ssl.create_default_context(cafile=ca)
	p = imaplib.IMAP4(host, 20143, 20)
	p.starttls(c)
	q = imaplib.IMAP4_SSL(host, 20993, ssl_context=c, timeout=20)
	for m in p, q:
	    m.login("alice", "correct-horse")
	    assert m.select()[1] == [b"3"]
	    big = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n"
	    assert m.append("INBOX", None, None, big * 10000)[0] == "OK"
	    assert len(m.fetch("4", "(RFC822)")[1][0][1]) == len(big) * 10000
	    assert m.store("4", "+FLAGS", "\\Deleted")[0] == "OK"
	    assert m.expunge()[0] == "OK"
	    m.logout()
	END
}

@test "curl, mbsync, imaplib: a process per connection" {
	all_clients nowait
}

@test "curl, mbsync, imaplib: one that accepts" {
	all_clients wait
}
