load common

# A smart host that wants TLS and a login: smtp-session as submission server.

setup() {
	lib_setup
	config smtp-port 9 # nothing there: who asks MX gets nowhere
}

# key NAME LINE: a file with a login, as it has to be.
key() {
	(umask 077 && echo "$2" >"$CONFIG/$1")
}

host() {
	far -s
	config smtp-port 9
	key key "alice $PASSWORD"
	key wrong 'alice wrong'
}

# line WORD...: all mail through that host.
line() { routes <<<"* mx.there.test:20026 $*"; }

# letter ID [RCPT]: one that the host takes from alice.
letter() {
	entry "$1" alice@there.test "${2-bob@there.test}" <<-END
	From: alice@there.test
	To: ${2-bob@there.test}
	Subject: $1

	text
	END
}

trusted_run() { trusting "$T/far/etc/tls/cert.pem" "$BIN/mailq-run" -c "$CONFIG" "$@" 3>&-; }

@test "certificate and password are right" {
	needs_mounts
	host
	line auth key
	letter one
	trusted_run
	[ "$(waiting)" -eq 0 ]
	[ "$(messages bob)" -eq 1 ]
	message bob | grep -q 'with ESMTPSA'
	# The password is seen nowhere.
	not grep -rq "$PASSWORD" "$LOG" "$SPOOL"
}

@test "a certificate of nobody we know: no password, no mail" {
	needs_mounts
	host
	line auth key
	letter one
	mailq_run
	[ "$(waiting)" -eq 1 ]
	logged 'id=one .*dsn=4.7.5 state=deferred reply="TLS, which routes demands: handshake: self-signed certificate'
	not grep -q 'AUTH' "$T/far/log"
	"$BIN/mailq" -c "$CONFIG" show one | grep -q 'self-signed certificate'
	# Nor one of another name.
	certificate mx.elsewhere.test "$T/far/etc/tls"
	"$BIN/mailq" -c "$CONFIG" retry one
	trusted_run
	logged 'reply="TLS, which routes demands: handshake: hostname mismatch'
	# Who only wants to be encrypted has his will.
	line tls encrypt auth key
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(messages bob)" -eq 1 ]
}

@test "a wrong password keeps the mail" {
	host
	line tls encrypt auth wrong
	letter one
	mailq_run
	[ "$(waiting)" -eq 1 ]
	logged 'id=one .*dsn=4.7.8 state=deferred reply="535 5.7.8'
}

@test "no login, and the host wants one" {
	host
	line tls encrypt
	letter one
	mailq_run
	logged 'id=one .*state=failed reply="530 5.7.0'
}

@test "TLS from the first octet" {
	far -s -S
	config smtp-port 9
	key key "alice $PASSWORD"
	line smtps tls encrypt auth key
	letter one
	mailq_run
	[ "$(messages bob)" -eq 1 ]
}

# scram_keys: the host has passwords as SCRAM keys, of which nobody can make
# anything else.
scram_keys() {
	perl -MDigest::SHA=hmac_sha256,sha256 -MMIME::Base64 -e '
		my ($p, $salt) = ($ARGV[0], "0123456789abcdef");
		my $u = my $i = hmac_sha256("$salt\0\0\0\1", $p);
		for (2 .. 4096) { $u = hmac_sha256($u, $p); $i ^= $u }
		my $b = sub { encode_base64($_[0], "") };
		print "{SCRAM-SHA-256}4096,", $b->($salt), ",",
			$b->(sha256(hmac_sha256("Client Key", $i))), ",",
			$b->(hmac_sha256("Server Key", $i)), "\n"' \
		"$PASSWORD" >"$T/scram"
	perl -i -pe 'BEGIN { $k = shift; chomp($k) }
		s/^(\w+):[^:]*/$1:$k/' "$(cat "$T/scram")" "$T/far/etc/users"
}

@test "SCRAM where it is offered, and a server that does not know us" {
	host
	scram_keys
	line tls encrypt auth key
	letter one
	strace -f -qq -s 99 -e trace=sendto -o "$T/trace" \
		"$BIN/mailq-run" -c "$CONFIG" 3>&-
	[ "$(messages bob)" -eq 1 ]
	grep -q 'AUTH SCRAM-SHA-256-PLUS ' "$T/trace"
	# A name with what SCRAM has to spell in another way.
	key key "a,b=c $PASSWORD"
	letter two
	mailq_run
	logged 'id=two .*dsn=4.7.8 state=deferred reply="535'
}

# between [WORD]: somebody with a certificate of his own between us and the
# host, at port 20027, who takes this word out of what the host says.
between() {
	certificate mx.there.test "$T"
	cat >"$T/between.py" <<-'END'
	import socket, ssl, sys, threading
	ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	ours.load_cert_chain(sys.argv[2] + "/cert.pem", sys.argv[2] + "/key.pem")
	theirs = ssl._create_unverified_context()
	s = socket.create_server((sys.argv[1], 20027))
	print("ready", flush=True)
	def pump(a, b, word=b"nothing"):
	    try:
	        while data := a.recv(9999):
	            b.sendall(data.replace(word, b""))
	    except OSError:
	        pass
	    b.close()
	while True:
	    k, _ = s.accept()
	    k = ours.wrap_socket(k, server_side=True)
	    h = theirs.wrap_socket(socket.create_connection((sys.argv[1], 20026)))
	    threading.Thread(target=pump, args=(k, h), daemon=True).start()
	    pump(h, k, sys.argv[3].encode())
	END
	start between python3 "$T/between.py" "$HOST" "$T" "${1-nothing}"
	wait_for 20 grep -q ready "$T/between.out"
}

@test "SCRAM: nobody who sits in between can log in with it" {
	far -s -S
	config smtp-port 9
	key key "alice $PASSWORD"
	scram_keys
	routes <<<'* mx.there.test:20027 smtps tls encrypt auth key'
	between
	letter one
	mailq_run
	logged 'id=one .*state=deferred reply="5'
	# Who takes the offer away is found out too.
	stop between
	rm "$T/between.out"
	between 'SCRAM-SHA-256-PLUS '
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(grep -c 'id=one .*state=deferred reply="5' "$LOG")" -eq 2 ]
	[ -z "$(messages bob)" ]
	# Without him it is as ever.
	line smtps tls encrypt auth key
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(messages bob)" -eq 1 ]
}

@test "TLS is demanded, and not offered" {
	sink
	routes <<<"* localhost:$SINK_PORT tls encrypt"
	dns "there.test=$HOST"
	zone there.test <<<"sink A $HOST"
	routes <<<"* sink.there.test:$SINK_PORT tls encrypt"
	letter one
	mailq_run
	logged 'id=one .*dsn=4.7.4 state=deferred reply="the host offers no TLS'
	[ "$(mails)" -eq 0 ]
	# And TLS that nobody wants.
	stop sink
	sink -m 'extensions STARTTLS'
	routes <<<"* sink.there.test:$SINK_PORT tls never"
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(mails)" -eq 1 ]
	not grep -q 'C: STARTTLS' "$T/sink/log"
}

@test "a file with a password that others may read" {
	host
	chmod 644 "$CONFIG/key"
	line auth key
	letter one
	run mailq_run
	[ "$status" -eq 78 ]
	[[ $output == *"routes:1: "*"key: others may read it"* ]]
}
