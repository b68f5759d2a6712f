# shellcheck shell=bash disable=SC2154
# What the tests of connections and logins share.

# tls_setup: as lib_setup; a certificate, and no password without TLS.
tls_setup() {
	lib_setup
	private_certificate "$CONFIG/tls" mx.here.test "$HOST"
	CA=$CONFIG/tls/cert.pem
	config plain-login never
}

# serve PROGRAM PORT FORM [OPTION...]: at $HOST:PORT; FORM is "nowait" (a
# process per connection) or "wait" (one that accepts).
serve() {
	local how=(--inetd -a) program=$1 port=$2
	[ "$3" = nowait ] || how=()
	start "at$port" systemd-socket-activate "${how[@]}" \
		-l "$HOST:$port" "$BIN/$program" -c "$CONFIG" "${@:4}"
	wait_for 10 listens "$HOST" "$port"
}

# raw PROGRAM [OPTION...] <PYTHON: a script that has "c", a socket to a
# session; over(c) is the same over TLS, line(c) the next line of the server
# without its end, say(c, text) sends one.
# What it starts it ends, because it may be in a subshell.
raw() {
	local status=0
	serve "$1" 20999 nowait "${@:2}"
	{
		cat <<-'END'
		import socket, ssl, sys, base64
		host, ca = sys.argv[1:3]
		c = socket.create_connection((host, 20999), 60)
		def over(c):
		    return ssl.create_default_context(cafile=ca).wrap_socket(
		        c, server_hostname="mx.here.test")
		def line(c):
		    s = b""
		    while not s.endswith(b"\n"):
		        o = c.recv(1)
		        if o == b"":
		            return "eof" if s == b"" else "cut"
		        s += o
		    return s.decode().rstrip("\r\n")
		def say(c, text):
		    c.sendall(text.encode() + b"\r\n")
		def want(c, text):
		    got = line(c)
		    assert got.startswith(text), (text, got)
		END
		cat
	} >"$T/raw.py"
	python3 "$T/raw.py" "$HOST" "$CA" || status=$?
	stop at20999
	return "$status"
}

# no_relay: none of this test's is left.
no_relay() { wait_for 10 not pgrep -f "tls-relay .*$RUN/empty\$"; }

# a_mail: the transcript of one to alice, behind the greeting of SMTP.
a_mail() {
	cat <<-'END'
	C: HELO x
	S: 250...
	C: MAIL FROM:<a@far.test>
	S: 250...
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5...
	C: DATA
	S: 354...
	C: Subject: x
	C: .
	S: 250...
	C: QUIT
	S: 221...
	END
}

# imap_login: all of a session of alice's.
imap_login() {
	cat <<-END
	S: * OK IMAP server ready
	C: a LOGIN alice $PASSWORD
	S: a OK...
	C: b LOGOUT
	S* *
	S: b OK Bye
	END
}
