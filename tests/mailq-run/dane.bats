load common

# TLSA records (RFC 7672): a signed zone, a resolver that validates, and a
# server with a certificate.

setup() {
	lib_setup
	command -v ldns-signzone >/dev/null || skip "needs ldnsutils"
	command -v dnsmasq >/dev/null || skip "needs dnsmasq-base"
	far
	stop dnsd
	config dns "$HOST@20054"
	mkdir "$T/keys"
	(cd "$T/keys" && ldns-keygen -r /dev/urandom -a ECDSAP256SHA256 -k \
		there.test >name)
}

# Once more with another zone.
clean() {
	stop dnsd
	stop resolver
	rm -f "$T"/dns/*.zone "$T/dnsd.out" "$T/resolver.out"
}

# signed <<LINES: there.test has these records too, and signatures; other.test
# has none of them.  SPOIL: a sed command for the signed zone.
signed() {
	local key dir=$T/dns ds
	clean
	mkdir -p "$dir"
	{
		cat <<-END
		\$TTL 60
		\$ORIGIN there.test.
		@	SOA	ns hostmaster 1 3600 600 86400 60
		@	NS	ns
		ns	A	127.0.0.1
		@	MX	10 mx
		mx	A	$HOST
		END
		cat
	} >"$T/plain"
	key=$T/keys/$(cat "$T/keys/name")
	ldns-signzone -n -f "$dir/there.test.zone" "$T/plain" "$key"
	sed -i "${SPOIL-}" "$dir/there.test.zone"
	start dnsd "$TOOL/dnsd" "$HOST@20053" "$dir" "other.test=$HOST"
	wait_for 20 grep -q ready "$T/dnsd.out"
	read -r _ _ _ ds <"$key.ds"
	start resolver dnsmasq -k -C /dev/null -u "$(id -un)" -p 20054 -a "$HOST" -z \
		-R -h --pid-file= --dnssec --dnssec-check-unsigned=no \
		--trust-anchor=".,0,8,2,$nonsense" \
		--trust-anchor="there.test,${ds// /,}" \
		--server="/there.test/$HOST#20053" \
		--server="/other.test/$HOST#20053"
	wait_for 20 listens "$HOST" 20054 || { cat "$T/resolver.out" "$key.ds"; return 1; }
}

# digest: of the server's key; digest_cert: of its certificate.
digest() {
	openssl x509 -in "$T/far/etc/tls/cert.pem" -noout -pubkey |
		openssl pkey -pubin -outform DER | sha256sum | cut -c1-64
}
digest_cert() {
	openssl x509 -in "$1" -outform DER | sha256sum | cut -c1-64
}
nonsense=0000000000000000000000000000000000000000000000000000000000000000

@test "the key that the record names" {
	signed <<<"_20026._tcp.mx TLSA 3 1 1 $(digest)"
	entry one a@here.test alice@there.test
	mailq_run
	[ "$(messages)" -eq 1 ]
	logged 'tls host=mx.there.test .*by=DANE'
}

@test "another key: the mail waits, and the sender learns why" {
	signed <<<"_20026._tcp.mx TLSA 3 1 1 $nonsense"
	AGE=14401 entry one a@here.test alice@there.test
	mailq_run
	[ -z "$(messages)" ]
	logged 'id=one .*dsn=4.7.5 state=deferred reply="TLS, which DANE demands: handshake: no matching DANE TLSA records'
	grep -q '^Status: 4.7.5' "$SPOOL"/due/*/one-1
	tr -d '\n' <"$(echo "$SPOOL"/due/*/one-1)" |
		grep -q 'no matching *DANE *TLSA *records'
	# One of several will do.
	signed <<-END
	_20026._tcp.mx TLSA 3 1 1 $nonsense
	_20026._tcp.mx TLSA 3 1 1 $(digest)
	END
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(messages)" -eq 1 ]
}

@test "records that DNSSEC does not vouch for" {
	# Changed on the way: nobody can tell, nobody is called.
	SPOIL='s/TLSA\t3 1 1 0000/TLSA\t3 1 1 0001/' signed \
		<<<"_20026._tcp.mx TLSA 3 1 1 $nonsense"
	entry one a@here.test alice@there.test
	mailq_run
	logged 'id=one .*dsn=4.7.5 state=deferred reply="DNS look-up of _20026._tcp.mx.there.test (TLSA)'
	# Never signed: as if they were not there.
	echo other.test >>"$T/far/etc/domains"
	signed </dev/null
	stop dnsd
	rm "$T/dnsd.out"
	echo "_20026._tcp.mx TLSA 3 1 1 $nonsense" >>"$T/dns/other.test.zone"
	start dnsd "$TOOL/dnsd" "$HOST@20053" "$T/dns"
	wait_for 20 grep -q ready "$T/dnsd.out"
	entry two a@here.test alice@other.test
	mailq_run
	[ "$(messages)" -eq 1 ]
}

@test "records that cannot be used: encrypted, or not at all" {
	signed <<-END
	_20026._tcp.mx TLSA 0 0 1 $nonsense
	_20026._tcp.mx TLSA 1 1 1 $nonsense
	_20026._tcp.mx TLSA 3 1 1 00
	END
	entry one a@here.test alice@there.test
	mailq_run
	[ "$(messages)" -eq 1 ]
	message | grep -q 'with ESMTPS'
	rm -r "$T/far/etc/tls"
	entry two a@here.test alice@there.test
	mailq_run
	logged 'id=two .*dsn=4.7.4 state=deferred reply="the host offers no TLS, which DANE demands'
}

# authority: one of their own; $ca is the digest of its certificate.
authority() {
	mkdir "$T/ca"
	certificate 'an authority' "$T/ca"
	ca=$(digest_cert "$T/ca/cert.pem")
}

# issue NAME: the server's certificate, by that authority.
issue() {
	local d=$T/far/etc/tls
	openssl req -new -key "$d/key.pem" -subj "/CN=$1" |
		openssl x509 -req -CA "$T/ca/cert.pem" -days 30 \
			-CAkey "$T/ca/key.pem" -CAcreateserial \
			-extfile <(echo "subjectAltName=DNS:$1") \
			2>/dev/null >"$T/issued"
	cat "$T/issued" "$T/ca/cert.pem" >"$d/cert.pem"
}

@test "an authority of their own, and the name in its certificate" {
	authority
	signed <<<"_20026._tcp.mx TLSA 2 0 1 $ca"
	issue mx.elsewhere.test
	entry one a@here.test alice@there.test
	mailq_run
	logged 'id=one .*dsn=4.7.5 .*hostname mismatch'
	issue there.test # the domain is as good as the host
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(messages)" -eq 1 ]
	issue mx.there.test
	entry two a@here.test alice@there.test
	mailq_run
	[ "$(messages)" -eq 2 ]
}

# RFC 7672 s. 3.2.2.  The authority may be one that serves everybody: who leads
# his own domain to a host of others must not pass for it.
@test "the name of one domain proves nothing for another" {
	authority
	signed <<-END
	_20026._tcp.mx TLSA 2 0 1 $ca
	mine MX 10 mx
	END
	echo mine.there.test >>"$T/far/etc/domains"
	issue mine.there.test
	entry a a@here.test alice@mine.there.test
	entry b a@here.test alice@there.test
	entry c a@here.test alice@mine.there.test
	mailq_run
	[ "$(messages)" -eq 2 ]
	logged 'id=b .*dsn=4.7.5 state=deferred .*hostname mismatch'
}

@test "a domain that is an alias, and its names" {
	authority
	signed <<-END
	_20026._tcp.mx TLSA 2 0 1 $ca
	by CNAME real
	real MX 10 mx
	END
	echo by.there.test >>"$T/far/etc/domains"
	issue real.there.test
	entry one a@here.test alice@by.there.test
	mailq_run
	issue by.there.test
	entry two a@here.test alice@by.there.test
	mailq_run
	[ "$(messages)" -eq 2 ]
}

# doubting: a name server at port 20055 that asks the other, and says of the
# addresses of alias.there.test that they are not signed.
doubting() {
	cat >"$T/doubting.py" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind((sys.argv[1], 20055))
	print("ready", flush=True)
	while True:
	    q, who = s.recvfrom(4096)
	    up = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    up.connect((sys.argv[1], 20054))
	    up.send(q)
	    a = bytearray(up.recv(4096))
	    kind = q[q.index(b"\0", 12) + 2]
	    if q[12:18] == b"\5alias" and kind in (1, 28):
	        a[3] &= 0xdf
	    s.sendto(a, who)
	END
	start doubting python3 "$T/doubting.py" "$HOST"
	wait_for 20 grep -q ready "$T/doubting.out"
	config dns "$HOST@20055"
}

# RFC 7672 s. 2.2.2: the addresses are not signed, but that it is an alias is.
@test "an alias that leads to where nothing is signed" {
	leading() {
		signed <<-END
		by MX 10 alias
		alias CNAME mx
		_20026._tcp.alias TLSA 3 1 1 $1
		END
	}
	doubting
	echo by.there.test >>"$T/far/etc/domains"
	leading "$nonsense"
	entry one a@here.test alice@by.there.test
	mailq_run
	logged 'id=one .*dsn=4.7.5 .*no matching DANE'
	leading "$(digest)"
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(messages)" -eq 1 ]
	logged 'tls host=alias.there.test .*by=DANE'
}

@test "a host of routes whose name is an alias, and its names" {
	authority
	signed <<-END
	alias CNAME real
	real A $HOST
	_20026._tcp.real TLSA 2 0 1 $ca
	END
	routes <<<'* alias.there.test:20026'
	issue alias.there.test
	entry one a@here.test alice@there.test
	mailq_run
	[ "$(messages)" -eq 1 ]
	issue mx.there.test
	entry two a@here.test alice@there.test
	mailq_run
	logged 'id=two .*dsn=4.7.5 .*hostname mismatch'
}

@test "a host whose name is an alias" {
	sed -i 's/^mx.*//' "$T/dns/there.test.zone"
	signed <<-END
	by MX 10 alias
	alias CNAME real
	real A $HOST
	_20026._tcp.real TLSA 3 1 1 $nonsense
	_20026._tcp.alias TLSA 3 1 1 $(digest)
	END
	echo by.there.test >>"$T/far/etc/domains"
	entry one a@here.test alice@by.there.test
	mailq_run
	logged 'id=one .*dsn=4.7.5 .*no matching DANE'
	signed <<-END
	by MX 10 alias
	alias CNAME real
	real A $HOST
	_20026._tcp.alias TLSA 3 1 1 $(digest)
	END
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(messages)" -eq 1 ]
	logged 'tls host=alias.there.test .*by=DANE'
}

# relay_host WORD...: a server behind TLS that offers these words.
relay_host() {
	stop far
	cat >"$T/host" <<-'END'
	import socket, ssl, sys
	c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	c.load_cert_chain(sys.argv[2] + "/cert.pem", sys.argv[2] + "/key.pem")
	s = socket.create_server((sys.argv[1], 20026), reuse_port=True)
	print("ready", flush=True)
	def serve(k, words):
	    k.sendall(b"250-x\r\n%s250 PIPELINING\r\n" % words)
	    f = k.makefile("rb")
	    data = False
	    for l in f:
	        print(l.decode().strip(), flush=True)
	        if l == b"STARTTLS\r\n":
	            k.sendall(b"220 go\r\n")
	            return True
	        if data:
	            if l == b".\r\n":
	                data = False
	                k.sendall(b"250 ok\r\n")
	        elif l == b"DATA\r\n":
	            data = True
	            k.sendall(b"354 go\r\n")
	        elif l == b"QUIT\r\n":
	            k.sendall(b"221 bye\r\n")
	        else:
	            k.sendall(b"250 ok\r\n")
	while True:
	    k, _ = s.accept()
	    try:
	        k.sendall(b"220 x\r\n")
	        k.recv(999)
	        if serve(k, b"250-STARTTLS\r\n"):
	            k = c.wrap_socket(k, server_side=True)
	            k.recv(999)
	            serve(k, sys.argv[3].encode() + b"\r\n")
	    except OSError:
	        pass
	    k.close()
	END
	rm -f "$T/host.out"
	start host python3 "$T/host" "$HOST" "$T/far/etc/tls" "250-$1"
	wait_for 20 grep -q ready "$T/host.out"
}

# secret ID: a message whose sender demanded REQUIRETLS.
secret() {
	entry "$1" a@here.test alice@there.test
	sed -i 's/^from.*/&\nrequiretls/' "$SPOOL/new/$1"
	own 20902 "$SPOOL/new/$1"
}

@test "REQUIRETLS: to hosts that are known and know it, or back" {
	signed <<<"_20026._tcp.mx TLSA 3 1 1 $(digest)"
	relay_host REQUIRETLS
	secret one
	mailq_run
	logged 'id=one .*state=sent'
	grep -q '^MAIL FROM:<a@here.test> REQUIRETLS' "$T/host.out"
	stop host
	relay_host XNO
	secret two
	entry open a@here.test alice@there.test
	mailq_run
	logged 'id=two .*dsn=5.7.30 state=failed'
	logged 'id=open .*state=sent'
	grep -q '^requiretls' "$SPOOL"/due/*/two-1
	not grep -q 'body of two' "$SPOOL"/due/*/two-1
	# Encrypted is not known.
	stop host
	relay_host REQUIRETLS
	signed </dev/null
	secret three
	mailq_run
	logged 'id=three .*dsn=5.7.10 state=failed'
}

# open ID: a message whose sender rather has it read by others than lost.
open() {
	entry "$1" a@here.test alice@there.test <<-END
	Subject: $1
	TLS-Required: No

	text
	END
}

# RFC 8689 s. 5.
@test "TLS-Required: No: what the host publishes demands nothing" {
	signed <<<"_20026._tcp.mx TLSA 3 1 1 $nonsense"
	entry one a@here.test alice@there.test
	open two
	mailq_run
	logged 'id=one .*dsn=4.7.5 state=deferred'
	logged 'id=two .*state=sent'
	logged 'tls host=mx.there.test .*by=nobody'
	# What we demand ourselves holds, and so does REQUIRETLS.
	routes <<<'* mx.there.test:20026 tls dane'
	open three
	mailq_run
	logged 'id=three .*dsn=4.7.5 state=deferred'
	rm "$CONFIG/routes"
	open four
	sed -i 's/^from.*/&\nrequiretls/' "$SPOOL/new/four"
	own 20902 "$SPOOL/new/four"
	mailq_run
	logged 'id=four .*dsn=4.7.5 state=deferred'
}

@test "routes may demand it" {
	routes <<<'* mx.there.test:20026 tls dane'
	signed </dev/null
	entry one a@here.test alice@there.test
	mailq_run
	logged 'id=one .*dsn=4.7.5 .*reply="routes demands DANE'
	signed <<<"_20026._tcp.mx TLSA 3 1 1 $(digest)"
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(messages)" -eq 1 ]
}
