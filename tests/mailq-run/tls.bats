load common

# STARTTLS with servers that do it well, badly, or only say so.

# far [OPENSSL-OPTION...]: smtp-session serves there.test, with a certificate.
far() {
	local d=$T/far
	mkdir -p "$d/etc/tls" "$d/run/empty" "$d/spool"
	chmod 755 "$d" "$d/etc" "$d/run" "$d/run/empty"
	chmod 700 "$d/spool"
	own 20902 "$d/spool"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 30 -subj /CN=mx.there.test \
		-keyout "$d/etc/tls/key.pem" -out "$d/etc/tls/cert.pem" \
		2>/dev/null
	chmod 600 "$d/etc/tls/key.pem"
	cp "$CONFIG/users" "$d/etc/users"
	chmod 600 "$d/etc/users"
	echo there.test >"$d/etc/domains"
	sed "s,$T/,$d/,; s,^hostname.*,hostname mx.there.test," \
		"$CONFIG/mailroom.conf" >"$d/etc/mailroom.conf"
	start far systemd-socket-activate --accept --inetd -l "$HOST:20026" \
		"$BIN/smtp-session" -c "$d/etc"
	wait_for 20 listens "$HOST" 20026
	config smtp-port 20026
	config loopback-mx yes
	dns "there.test=$HOST"
}

@test "STARTTLS where it is offered, whoever certifies it" {
	local i
	far
	for i in 1 2 3; do
		entry "m$i" bob@here.test alice@there.test
	done
	mailq_run
	[ "$(waiting)" -eq 0 ]
	[ "$(messages alice)" -eq 3 ]
	message alice | grep -q 'with ESMTPS'
	logged 'tls host=mx.there.test version=TLSv1.3'
}

@test "offered and refused: in clear on the same connection" {
	remote -m 'extensions PIPELINING|STARTTLS'
	entry one a@here.test bob@there.test
	mailq_run
	[ "$(mails)" -eq 1 ]
	grep -q 'C: STARTTLS' "$T/sink/log"
}

@test "a handshake that fails: once more, in clear" {
	remote
	cat >"$T/broken" <<-'END'
	import socket, sys, threading
	def pump(a, b):
	    while True:
	        d = a.recv(65536)
	        if not d:
	            break
	        b.sendall(d)
	    b.shutdown(1)
	s = socket.create_server((sys.argv[1], 20027))
	print("ready", flush=True)
	first = True
	while True:
	    c, _ = s.accept()
	    if first:
	        first = False
	        c.sendall(b"220 x\r\n"); c.recv(999)
	        c.sendall(b"250-x\r\n250 STARTTLS\r\n"); c.recv(999)
	        c.sendall(b"220 go\r\n"); c.recv(999)
	        c.sendall(b"this is no TLS\r\n"); c.close()
	        continue
	    o = socket.create_connection((sys.argv[1], int(sys.argv[2])))
	    for x in ((c, o), (o, c)):
	        threading.Thread(target=pump, args=x, daemon=True).start()
	END
	start broken python3 "$T/broken" "$HOST" "$SINK_PORT"
	wait_for 20 grep -q ready "$T/broken.out"
	config smtp-port 20027
	entry one a@here.test bob@there.test
	mailq_run
	[ "$(mails)" -eq 1 ]
	logged 'tls host=mx.there.test error='
}

@test "words behind the answer to STARTTLS are not believed" {
	cat >"$T/sly" <<-'END'
	import socket, sys
	s = socket.create_server((sys.argv[1], 20027))
	print("ready", flush=True)
	while True:
	    c, _ = s.accept()
	    c.sendall(b"220 x\r\n"); c.recv(999)
	    c.sendall(b"250-x\r\n250 STARTTLS\r\n"); c.recv(999)
	    c.sendall(b"220 go\r\n250 more\r\n"); c.recv(999)
	    c.close()
	END
	start sly python3 "$T/sly" "$HOST"
	wait_for 20 grep -q ready "$T/sly.out"
	config smtp-port 20027
	config loopback-mx yes
	entry one a@here.test "bob@[$HOST]"
	mailq_run
	[ "$(waiting)" -eq 1 ]
	logged 'state=deferred reply="not an SMTP reply while saying STARTTLS'
}
