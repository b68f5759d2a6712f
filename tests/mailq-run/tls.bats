load common

# STARTTLS with servers that do it well, badly, or only say so.

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
