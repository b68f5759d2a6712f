load common

# MTA-STS (RFC 8461): a web server with a policy, in a network of its own where
# port 443 is free.

setup() {
	lib_setup
	[ "$EUID" -eq 0 ] || skip "needs root"
	start net unshare -m -n sleep infinity
	wait_for 20 has_own_net
	inside ip link set lo up
	mkdir "$T/web" "$T/ca" "$T/authorities"
	certificate 'an authority' "$T/ca"
	cp "$T/ca/cert.pem" "$T/authorities/ca.pem"
	openssl rehash "$T/authorities"
	chmod -R a+rX "$T/authorities"
	inside mount --bind "$T/authorities" /etc/ssl/certs
	issue mta-sts.there.test "$T/web"
	remote_host
}

teardown() {
	# unshare, which holds its processes, hears nothing but this.
	[ -z "${PID_net:-}" ] || end_child "$PID_net" KILL
	lib_teardown
}

inside() { nsenter -t "${PID_net:?}" -m -n "$@"; }
has_own_net() {
	[ "$(readlink "/proc/${PID_net:?}/ns/net")" != \
		"$(readlink /proc/self/ns/net)" ]
}
# listens asks our own network's table.
listens_inside() {
	inside grep -q ":$(printf %04X "$1") 00000000:0000 0A" /proc/self/net/tcp
}

# issue NAME DIR: a certificate of the authority.
issue() {
	certificate "$1" "$2"
	openssl req -new -key "$2/key.pem" -subj "/CN=$1" |
		openssl x509 -req -CA "$T/ca/cert.pem" -days 30 \
			-CAkey "$T/ca/key.pem" -CAcreateserial \
			-extfile <(echo "subjectAltName=DNS:$1") 2>/dev/null \
			>"$T/issued"
	mv "$T/issued" "$2/cert.pem"
	chmod 644 "$2/cert.pem"
}

# remote_host: smtp-session for there.test, and a name server.
remote_host() {
	local d=$T/far
	far_make
	issue mx.there.test "$d/etc/tls"
	start far nsenter -t "$PID_net" -m -n systemd-socket-activate --accept \
		--inetd -l 127.0.0.1:25 "$BIN/smtp-session" -c "$d/etc"
	wait_for 20 listens_inside 25
	config loopback-mx yes
	config dns 127.0.0.1@53
	mkdir "$T/dns"
}

# names ID [LINE...]: the name server, with a policy of that id ("": none).
names() {
	local id=$1
	stop dnsd
	rm -f "$T/dnsd.out"
	{
		cat <<-END
		\$TTL 60
		@	SOA	ns hostmaster 1 3600 600 86400 60
		@	NS	ns
		ns	A	127.0.0.1
		@	MX	10 mx
		mx	A	127.0.0.1
		mta-sts	A	127.0.0.2
		END
		[ -z "$id" ] || echo "_mta-sts TXT \"v=STSv1; id=$id;\""
	} >"$T/dns/there.test.zone"
	start dnsd nsenter -t "$PID_net" -m -n "$TOOL/dnsd" 127.0.0.1@53 "$T/dns"
	wait_for 20 grep -q ready "$T/dnsd.out"
}

# policy MODE MX... : a web server that has it.  TYPE, STATUS: of the answer.
policy() {
	local mode=$1 mx
	shift
	{
		printf 'version: STSv1\r\nmode: %s\r\n' "$mode"
		for mx; do printf 'mx: %s\r\n' "$mx"; done
		printf 'max_age: 86400\r\n'
	} >"$T/policy"
	serve
}
serve() {
	stop web
	rm -f "$T/web.out"
	cat >"$T/web.py" <<-'END'
	import http.server, os, ssl, sys
	class H(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        print(self.headers["Host"], self.path, flush=True)
	        self.send_response(int(os.environ.get("STATUS", "200")))
	        self.send_header("Content-Type",
	                         os.environ.get("TYPE", "text/plain"))
	        self.send_header("Location", "https://mta-sts.there.test/other")
	        self.end_headers()
	        self.wfile.write(open(sys.argv[1], "rb").read())
	s = http.server.HTTPServer(("127.0.0.2", 443), H)
	c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	c.load_cert_chain(sys.argv[2] + "/cert.pem", sys.argv[2] + "/key.pem")
	s.socket = c.wrap_socket(s.socket, server_side=True)
	print("ready", flush=True)
	s.serve_forever()
	END
	start web nsenter -t "$PID_net" -m -n python3 "$T/web.py" "$T/policy" \
		"$T/web"
	wait_for 20 grep -q ready "$T/web.out"
}
fetches() { grep -c '^mta-sts.there.test /.well-known/mta-sts.txt' "$T/web.out"; }

# letter ID, and a run.
letter() { entry "$1" a@here.test alice@there.test; }
run_inside() { inside "$BIN/mailq-run" -c "$CONFIG" "$@" 3>&-; }

@test "enforced and kept: verified mail, one fetch for many runs" {
	names 1
	policy enforce mx.there.test
	letter one
	run_inside
	[ "$(messages)" -eq 1 ]
	logged 'tls host=mx.there.test .*by=authority'
	logged 'mta-sts domain=there.test id=1'
	letter two
	run_inside
	[ "$(messages)" -eq 2 ]
	[ "$(fetches)" -eq 1 ]
	# Another id, or old: it is asked for again.
	names 2
	letter three
	run_inside
	[ "$(fetches)" -eq 2 ]
	letter four
	run_inside -T 50000
	[ "$(fetches)" -eq 3 ]
	[ "$(messages)" -eq 4 ]
}

@test "enforced and broken: the mail waits, and says why" {
	names 1
	policy enforce mx.there.test
	letter one
	run_inside
	# Another certificate: no mail, whether the policy can be had or not.
	certificate mx.there.test "$T/far/etc/tls"
	stop web
	names ''
	letter two
	run_inside
	logged 'id=two .*dsn=4.7.5 state=deferred reply="TLS, which MTA-STS demands: handshake: self-signed'
	# A sender who wants it delivered all the same (RFC 8689).
	entry three a@here.test alice@there.test <<<'TLS-Required: No'
	run_inside
	logged 'id=three .*state=sent'
	# No TLS at all.
	rm -r "$T/far/etc/tls"
	"$BIN/mailq" -c "$CONFIG" retry two
	run_inside
	logged 'id=two .*dsn=4.7.4 state=deferred reply="the host offers no TLS, which MTA-STS demands'
	# Its time is over.
	"$BIN/mailq" -c "$CONFIG" retry two
	run_inside -T 90000
	[ "$(messages)" -eq 3 ]
}

@test "hosts that the policy does not name get nothing" {
	names 1
	policy enforce mx.elsewhere.test '*.deeper.there.test'
	letter one
	run_inside
	logged 'id=one .*dsn=4.7.5 state=deferred reply="the MTA-STS policy of there.test names none'
	[ -z "$(messages)" ]
	names 2
	policy enforce '*.there.test'
	"$BIN/mailq" -c "$CONFIG" retry one
	run_inside
	[ "$(messages)" -eq 1 ]
}

@test "testing and none demand nothing" {
	certificate mx.there.test "$T/far/etc/tls"
	names 1
	policy testing mx.elsewhere.test
	letter one
	run_inside
	[ "$(messages)" -eq 1 ]
	names 2
	policy none
	letter two
	run_inside
	[ "$(messages)" -eq 2 ]
}

@test "what is no policy counts for nothing, and is not asked for at once" {
	local n=0
	# once LINE: a letter that arrives, the log says why.
	once() {
		n=$((n + 1))
		: >"$LOG"
		rm -rf "$SPOOL/sts"
		letter "m$n"
		run_inside
		[ "$(messages)" -eq "$n" ]
		logged "mta-sts domain=there.test error=\".*$1"
	}
	names 1
	TYPE=text/html policy enforce mx.elsewhere.test
	once 'not of the type'
	letter again
	run_inside
	n=$((n + 1))
	[ "$(fetches)" -eq 1 ]
	STATUS=301 policy enforce mx.elsewhere.test
	once 'answer 301'
	not grep -q other "$T/web.out"
	policy enforce mx.elsewhere.test
	sed -i 's/version/virsion/' "$T/policy"
	once 'policy: version'
	head -c 20000 /dev/zero | tr '\0' x >"$T/policy"
	once ''
	certificate mta-sts.there.test "$T/web"
	policy enforce mx.elsewhere.test
	once 'certificate\|peer'
	stop web
	once 'onnect'
}
