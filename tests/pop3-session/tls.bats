#!/usr/bin/env bats
# STLS (RFC 2595) and TLS from the first octet (RFC 8314).
# shellcheck disable=SC2154 # variables of the libraries

bats_require_minimum_version 1.5.0
load ../lib
load common
load ../session/clients

setup() { tls_setup; }

@test "STLS: a login that is refused without it" {
	three
	raw pop3-session <<-'END'
	want(c, "+OK")
	say(c, "CAPA")
	capa = []
	while capa[-1:] != ["."]:
	    capa.append(line(c))
	assert "STLS" in capa and "USER" not in capa, capa
	assert not [x for x in capa if x.startswith("SASL")], capa
	say(c, "USER alice")
	want(c, "-ERR [SYS/PERM] TLS required")
	say(c, "AUTH PLAIN")
	want(c, "-ERR [SYS/PERM] TLS required")
	say(c, "STLS now")
	want(c, "-ERR Too many arguments")
	say(c, "STLS")
	want(c, "+OK Begin TLS")
	c = over(c)
	say(c, "CAPA")
	capa = []
	while capa[-1:] != ["."]:
	    capa.append(line(c))
	assert "STLS" not in capa and "USER" in capa, capa
	assert "SASL PLAIN LOGIN" in capa, capa
	say(c, "STLS")
	want(c, "-ERR TLS is active already")
	# Across the login too nothing that was sent early is lost.
	say(c, "USER alice\r\nPASS correct-horse\r\nSTAT\r\nQUIT")
	want(c, "+OK Password?")
	want(c, "+OK Logged in")
	want(c, "+OK 3 140")
	want(c, "+OK Bye")
	want(c, "eof")
	END
	grep -q 'login user=alice ip=127[0-9.]* tls="TLSv1.3 ' "$LOG"
	no_relay
}

@test "STLS: what was said before is forgotten" {
	config plain-login loopback
	raw pop3-session <<-'END'
	want(c, "+OK")
	say(c, "USER alice")
	want(c, "+OK")
	say(c, "STLS")
	want(c, "+OK Begin TLS")
	c = over(c)
	say(c, "PASS correct-horse")
	want(c, "-ERR Not in this state")
	END
}

# RFC 2595 s. 2.4 knows the danger: commands that somebody else put there.
@test "octets behind STLS: refused before the handshake" {
	maildir alice
	chat pop3-session <<-'END'
	S: +OK POP3 server ready
	C: STLS
	C: USER alice
	S: -ERR Octets behind STLS
	S! eof
	END
	grep -q 'no-tls reason="octets behind' "$LOG"
}

@test "STLS, and what comes is no TLS: nothing is obeyed" {
	maildir alice
	chat pop3-session <<-'END'
	S: +OK POP3 server ready
	C: STLS
	S: +OK Begin TLS
	C: USER alice
	C: PASS correct-horse
	C! close
	END
	grep -q 'no-tls ip=127.0.0.1 reason="handshake: ' "$LOG"
	run ! grep 'login' "$LOG"
}

@test "no certificate: no STLS; -S serves nobody" {
	rm -r "$CONFIG/tls"
	chat pop3-session <<-'END'
	S: +OK POP3 server ready
	C: STLS
	S: -ERR There is no TLS
	C: QUIT
	S: +OK Bye
	END
	chat pop3-session -S <<-'END'
	S! eof
	END
	grep -q 'no-tls ip=127.0.0.1 reason=.*tls' "$LOG"
}

@test "-S: no greeting in clear" {
	maildir alice
	raw pop3-session -S <<-'END'
	c.settimeout(0.5)
	try:
	    got = c.recv(1)
	    assert False, got
	except socket.timeout:
	    pass
	c.settimeout(10)
	c = over(c)
	want(c, "+OK POP3 server ready")
	say(c, "USER alice")
	want(c, "+OK Password?")
	say(c, "PASS correct-horse")
	want(c, "+OK Logged in")
	say(c, "QUIT")
	want(c, "+OK Bye")
	want(c, "eof")
	END
	no_relay
}

# The client leaves without a word: nothing of his session stays.
@test "a client that is cut off" {
	maildir alice
	raw pop3-session -S <<-'END'
	c = over(c)
	want(c, "+OK")
	say(c, "USER alice")
	want(c, "+OK")
	say(c, "PASS correct-horse")
	want(c, "+OK")
	END
	no_relay
	wait_for 10 grep -q 'end user=alice .*quit=no' "$LOG"
}

@test "as the user, behind the relay, confined" {
	local pid
	maildir alice
	serve pop3-session 20995 nowait -S
	# shellcheck disable=SC2016 # expanded by the inner shell
	start client bash -c '{ printf "USER alice\nPASS correct-horse\n"
		sleep 9; } | timeout 9 openssl s_client -quiet -connect "$0"' "$HOST:20995"
	wait_for 10 grep -q 'Logged in' "$T/client.out"
	pid=$(pgrep -f "^pop3-session .*-L .* alice $MAILDIR_alice")
	grep -q "^Uid:.$UID_alice.$UID_alice.$UID_alice" "/proc/$pid/status"
	confined "$pid"
	# Its socket is not the client's.
	run ! grep -q "$(readlink "/proc/$pid/fd/0" | tr -dc 0-9)" /proc/net/tcp
}

# ---- clients

fetchmail_with() {
	printf '%s\n' "poll \"$HOST\" proto POP3 port $1 auth password" \
		"user alice password correct-horse keep" \
		"sslcommonname mx.here.test sslcertfile $CA sslcertck ${*:2}" \
		"mda \"sh -c 'cat >$T/got/new/\$\$'\"" >"$T/rc"
	chmod 700 "$T/rc"
	HOME=$T FETCHMAILHOME=$T fetchmail -f "$T/rc" --pidfile "$T/pid" \
		--nosyslog --all
}

mpop_with() {
	printf '%s\n' 'account default' "host $HOST" "port $1" 'tls on' \
		"tls_starttls $2" "tls_trust_file $CA" 'auth user' \
		'user alice' 'password correct-horse' 'keep on' \
		"uidls_file $T/uidls$1" "delivery maildir $T/got" >"$T/mpoprc"
	chmod 600 "$T/mpoprc"
	mpop -q -C "$T/mpoprc"
}

# all_clients: each gets the three messages, both ways.
all_clients() {
	local n=0
	three
	mkdir -p "$T/got/new" "$T/got/cur" "$T/got/tmp"
	serve pop3-session 20110 "$1"
	serve pop3-session 20995 "$1" -S
	for url in pop3://"$HOST":20110/2 pop3s://"$HOST":20995/2; do
		curl -s --ssl-reqd --cacert "$CA" -u alice:correct-horse \
			"$url" >"$T/mail"
		sed 's/$/\r/' "$T/2" | cmp - "$T/mail"
	done
	run ! curl -s -u alice:correct-horse "pop3://$HOST:20110/"
	fetchmail_with 20110 'sslproto "auto"'
	fetchmail_with 20995 'ssl sslproto "auto"'
	mpop_with 20110 on
	mpop_with 20995 off
	n=$(find "$T/got/new" -type f | wc -l)
	[ "$n" -eq 12 ]
	python3 - "$HOST" "$CA" <<-'END'
	import poplib, ssl, sys
	host, ca = sys.argv[1:3]
	c = ssl.create_default_context(cafile=ca)
	p = poplib.POP3(host, 20110, 20)
	p.stls(c)
	q = poplib.POP3_SSL(host, 20995, context=c, timeout=20)
	for m in p, q:
	    m.utf8()
	    m.user("alice")
	    m.pass_("correct-horse")
	    assert m.stat() == (3, 140)
	    m.quit()
	END
	printf 'USER alice\nPASS correct-horse\nSTAT\nQUIT\n' >"$T/in"
	openssl s_client -quiet -crlf -starttls pop3 -connect "$HOST:20110" \
		-CAfile "$CA" -verify_return_error <"$T/in" 2>/dev/null |
		grep -q '^+OK 3 140'
}

@test "curl, fetchmail, mpop, poplib, openssl: a process per connection" {
	all_clients nowait
}

@test "curl, fetchmail, mpop, poplib, openssl: one that accepts" {
	all_clients wait
}
