#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# STARTTLS (RFC 3207) and TLS from the first octet (RFC 8314).

load ../lib
load smtp

setup() {
	lib_setup
	private_certificate "$CONFIG/tls" mx.here.test
	config plain-login never
}

# serve [OPTION...]: smtp-session at $HOST:2525.
serve() {
	start listener systemd-socket-activate "${how[@]}" -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG" "$@"
	wait_for 10 listens "$HOST" 2525
}

# client MODE [LOGIN PASSWORD]: Python's smtplib sends a mail to bob.
client() {
	python3 - "$CONFIG/tls/cert.pem" "$HOST" "$@" <<-'END'
	import smtplib, ssl, sys
	ca, host, mode = sys.argv[1:4]
	c = ssl.create_default_context(cafile=ca)
	class At:  # the certificate's name, our address
	    def _get_socket(self, h, port, timeout):
	        return super()._get_socket(host, port, timeout)
	if mode == "implicit":
	    import socket
	    class S(smtplib.SMTP_SSL):
	        def _get_socket(self, h, port, timeout):
	            s = socket.create_connection((host, port), timeout)
	            return self.context.wrap_socket(s, server_hostname=h)
	    s = S("mx.here.test", 2525, context=c)
	else:
	    import socket
	    class S(smtplib.SMTP):
	        def _get_socket(self, h, port, timeout):
	            return socket.create_connection((host, port), timeout)
	    s = S("mx.here.test", 2525)
	    s.ehlo()
	    assert s.has_extn("starttls") and not s.has_extn("auth")
	    s.starttls(context=c)
	s.ehlo()
	assert not s.has_extn("starttls")
	if len(sys.argv) > 4:
	    s.login(*sys.argv[4:])
	s.sendmail("alice@here.test", ["bob@here.test"],
	           "Subject: over TLS\r\n\r\n" + "x" * 70 * 1000 + "\r\n.\r\nend")
	s.quit()
	END
}

@test "STARTTLS: a mail, and its trace" {
	how=(--inetd -a)
	serve
	client starttls
	[ "$(count bob)" -eq 1 ]
	has 'with ESMTPS id' bob
	has '(TLSv1.3 ' bob
	[ "$(message bob | tail -n 1)" = end ]
}

# has_tcp PID: it holds a connection, perhaps a listening socket.
has_tcp() {
	local inodes
	inodes=$(readlink "/proc/$1/fd"/* | sed -n 's/^socket:\[\(.*\)\]$/\1/p')
	awk '{ print $10 }' /proc/net/tcp | grep -Fxq "$inodes"
}

@test "STARTTLS: only the relay keeps the client's socket" {
	local monitor pid client
	how=(--inetd -a)
	serve
	coproc client { exec openssl s_client -quiet -starttls smtp \
		-connect "$HOST:2525" >"$T/tls.out" 2>&1; }
	echo NOOP >&"${client[1]}"
	wait_for 20 grep -q '^250 2.0.0 Ok' "$T/tls.out"
	monitor=$(pgrep -P "$PID_listener")
	has_tcp "$PID_listener"
	for pid in "$monitor" $(pgrep -P "$monitor"); do
		not has_tcp "$pid"
	done
	echo QUIT >&"${client[1]}"
	wait_for 20 grep -q '^221 ' "$T/tls.out"
}

@test "STARTTLS in accept mode, login over it" {
	how=()
	serve -s
	client starttls alice "$PASSWORD"
	client starttls alice "$PASSWORD"
	[ "$(count bob)" -eq 2 ]
	has 'with ESMTPSA id' bob
}

@test "TLS from the first octet, with a login" {
	how=(--inetd -a)
	serve -s -S
	client implicit alice "$PASSWORD"
	[ "$(count bob)" -eq 1 ]
	has 'with ESMTPSA id' bob
}

@test "octets behind STARTTLS: refused before the handshake" {
	talk <<-'END'
	C: STARTTLS
	C: NOOP
	S: 554 5.5.0 Octets behind STARTTLS, closing
	S! eof
	END
}

@test "STARTTLS: argument, within a mail, and what comes after is no TLS" {
	talk <<-END
	C: STARTTLS now
	S: 501 5.5.4 Takes no argument
	$(from_to a@b.test)
	C: STARTTLS
	S: 503 5.5.1 Not within a mail transaction
	C: RSET
	S: 250 2.0.0 Ok
	C: STARTTLS
	S: 220 2.0.0 Go ahead
	C: MAIL FROM:<a@b.test>
	C! close
	END
	logged 'no-tls ip=127.0.0.1 reason='
	[ "$(count alice)" -eq 0 ]
}

@test "everything said before is forgotten; a second STARTTLS" {
	how=(--inetd -a)
	serve
	{
		printf 'EHLO x\r\n'
		sleep 0.5
		printf '%s\r\n' 'MAIL FROM:<a@b.test>' 'EHLO x' \
			'STARTTLS' 'QUIT'
		sleep 0.5
	} | openssl s_client -quiet -starttls smtp -name first \
		-connect "$HOST:2525" >"$T/out" 2>/dev/null
	grep -q '^503 5.5.1 TLS is active already' "$T/out"
	grep -q '^221 ' "$T/out"
}

@test "without a certificate there is no TLS" {
	rm -r "$CONFIG/tls"
	talk <<-'END'
	C: STARTTLS
	S: 502 5.5.1 No TLS here
	END
}

@test "SCRAM-SHA-256-PLUS is offered where it can be bound" {
	sed -i 's/^\([a-z]*\):[^:]*:/\1:{SCRAM-SHA-256}x:/' "$CONFIG/users"
	how=(--inetd -a)
	serve -s
	{
		sleep 0.5
		printf 'EHLO x\r\nQUIT\r\n'
		sleep 0.5
	} | openssl s_client -quiet -starttls smtp -connect "$HOST:2525" \
		>"$T/out" 2>/dev/null
	grep -q '^250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN' "$T/out"
}
