#!/usr/bin/env bats
# tls-relay between a session of ours (tests/unit/session-tls.c) and OpenSSL's
# own programs.

load ../lib

# certificate DIR NAME [CERT KEY]: by the test's authority, also for *.NAME.
certificate() {
	local cert=$1/${3:-cert.pem} key=$1/${4:-key.pem}

	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-subj "/CN=$2" -keyout "$key" -out "$T/req.pem" 2>/dev/null
	openssl x509 -req -in "$T/req.pem" -days 30 -CA "$T/ca/ca.pem" \
		-CAkey "$T/ca/ca.key" -CAcreateserial -out "$cert" \
		-extfile <(echo "subjectAltName=DNS:$2") 2>/dev/null
	chmod 600 "$key"
}

setup() {
	lib_setup
	mkdir "$T/ca" "$CONFIG/tls" "$CONFIG/tls/b"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 30 -subj "/CN=test authority" \
		-keyout "$T/ca/ca.key" -out "$T/ca/ca.pem" 2>/dev/null
	certificate "$CONFIG/tls" a.test
	certificate "$CONFIG/tls/b" b.test fullchain.pem privkey.pem
	export TLS_CONFIG=$CONFIG
}

# serve: our session, behind the relay; what it says is in $T/session.out.
serve() {
	start session env TLS_LISTEN="$HOST:20465" "$@" \
		"$BUILD/unit/session-tls" serve
	wait_for 10 grep -q ready "$T/session.out"
}

# client [OPTION...] <INPUT: openssl s_client.
client() {
	timeout 20 openssl s_client -connect "$HOST:20465" \
		-CAfile "$T/ca/ca.pem" "$@" 2>&1
}

said() { wait_for 10 grep -Eq "$1" "$T/session.out"; }

@test "TLS: a session within a process" {
	TLS_CONFIG=$CONFIG "$BUILD/unit/session-tls" both_ways much preloaded
}

@test "TLS: 1.3 and 1.2, nothing older; the last word arrives" {
	serve
	client -quiet -servername a.test -verify_return_error <<<QUIT |
		tee "$T/out"
	grep -q '^220 hello' "$T/out"
	grep -q '^221 bye' "$T/out"
	said '^up version=TLSv1.3 bits=256 sni=a.test '
	client -quiet -tls1_2 <<<QUIT | grep -q '^221 bye'
	said '^up version=TLSv1.2 bits=256 sni= '
	not client -quiet -tls1_1 -cipher ALL@SECLEVEL=0 <<<QUIT
	said '^failed reason=handshake: unsupported protocol'
}

# The names of a certificate decide, not those of its files.
@test "TLS: the certificate that has the name" {
	local n

	serve
	for n in a.test b.test B.TEST; do
		client -servername "$n" -verify_return_error \
			-verify_hostname "$n" <<<QUIT |
			grep -iq "^subject=CN = $n"
	done
	client -servername other.test <<<QUIT | grep -q '^subject=CN = a.test'
	client -noservername <<<QUIT | grep -q '^subject=CN = a.test'
	# No host name comes through that is none.
	client -servername 'x y' <<<QUIT | grep -q '^subject=CN = a.test'
	not grep -q 'sni=x' "$T/session.out"
}

@test "TLS: no tickets, no renegotiation" {
	serve
	client <<<QUIT >"$T/out"
	not grep -q 'New Session Ticket arrived' "$T/out"
	client -tls1_2 <<<QUIT | grep -q 'TLS session ticket' && false
	: >"$T/out"
	# shellcheck disable=SC2094 # what it says is waited for
	{
		wait_for 20 grep -q '^220 hello' "$T/out"
		echo R
		wait_for 20 grep -q 'no renegotiation' "$T/out"
	} | client -tls1_2 >>"$T/out" || :
	grep -q 'no renegotiation' "$T/out"
}

@test "TLS: a renewed certificate serves the next connection" {
	local how

	for how in TLS_X=1 TLS_PRELOAD=1; do
		certificate "$CONFIG/tls" a.test
		serve "$how"
		client <<<QUIT | grep -q '^subject=CN = a.test'
		certificate "$CONFIG/tls" new.test
		client <<<QUIT | grep -q '^subject=CN = new.test'
		stop session
	done
}

# A stream that is cut is at its end, and no more than that.
@test "TLS: truncation is EOF, with and without close_notify" {
	serve
	python3 - "$HOST" <<-'END'
		import socket, ssl, sys
		for bye in True, False:
		    c = ssl._create_unverified_context()
		    s = c.wrap_socket(socket.create_connection(
		        (sys.argv[1], 20465)), suppress_ragged_eofs=False)
		    s.recv(100)
		    s.sendall(b"12345")
		    s.recv(100)
		    if bye:
		        s.unwrap()
		    else:
		        raw = socket.socket(fileno=s.detach())
		        raw.shutdown(socket.SHUT_WR)
		        raw.close()
	END
	twice() { [ "$(grep -c '^end got=5 n=0' "$T/session.out")" -eq 2 ]; }
	wait_for 10 twice
}

@test "TLS: what is no TLS is refused, and gets nothing in clear" {
	serve
	run timeout 10 bash -c "exec 3<>/dev/tcp/$HOST/20465
		printf 'EHLO x\r\nMAIL FROM:<>\r\n' >&3; cat <&3 | tr -d '\0'"
	[[ $output != *220* ]]
	said '^failed reason=handshake: '
	# A client that leaves at once.
	bash -c "exec 3<>/dev/tcp/$HOST/20465"
	said 'failed reason=handshake: unexpected eof'
}

# RFC 9266 and RFC 5929: both ends have the same.
@test "TLS: channel bindings" {
	local hex v

	serve
	for v in -tls1_3 -tls1_2; do
		hex=$(client $v -keymatexport EXPORTER-Channel-Binding \
			-keymatexportlen 32 <<<QUIT |
			sed -n 's/ *Keying material: //p' | tr A-F a-f)
		[ ${#hex} -eq 64 ]
		said "exporter=$hex "
	done
	hex=$(openssl x509 -in "$CONFIG/tls/cert.pem" -noout -fingerprint \
		-sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)
	said "end_point=$hex\$"
}

@test "TLS: certificates that will not do are named" {
	serve
	chmod 644 "$CONFIG/tls/key.pem"
	client <<<QUIT >/dev/null || :
	said "^failed reason=$CONFIG/tls/key.pem: others may read"
	chmod 600 "$CONFIG/tls/key.pem"
	cp "$CONFIG/tls/b/privkey.pem" "$CONFIG/tls/key.pem"
	client <<<QUIT >/dev/null || :
	said '^failed reason=key: key values mismatch'
	echo junk >"$CONFIG/tls/cert.pem"
	client <<<QUIT >/dev/null || :
	said '^failed reason=certificate: no start line'
	rm "$CONFIG/tls/key.pem"
	client <<<QUIT >/dev/null || :
	said "^failed reason=$CONFIG/tls/key.pem: No such file"
	rm "$CONFIG/tls/cert.pem" "$CONFIG/tls/b/privkey.pem"
	client <<<QUIT >/dev/null || :
	said "^failed reason=$CONFIG/tls/b/privkey.pem: No such file"
}

# ---- the client's side

far() {
	start far openssl s_server -accept "$HOST:20466" -cert "$T/far/cert.pem" \
		-key "$T/far/key.pem" -rev
	wait_for 10 grep -q ACCEPT "$T/far.out"
}

# call MODE [NAME [TLSA]]: what our client makes of the far side.
call() {
	TLS_CONNECT=$HOST:20466 TLS_MODE=$1 TLS_NAME=${2-} \
		env ${3:+TLS_TLSA="$3"} "$BUILD/unit/session-tls" call
}

@test "TLS client: whoever it is, by a record, by an authority" {
	local hex

	mkdir "$T/far"
	certificate "$T/far" far.test
	far
	call may far.test | grep -Eq '^up version=TLSv1.3 .* verified=0 '
	call may | grep -q '^up '
	hex=$(openssl x509 -in "$T/far/cert.pem" -noout -pubkey |
		openssl pkey -pubin -outform der | sha256sum | cut -d' ' -f1)
	# DANE-EE says nothing of names (RFC 7672 s. 3.1.1).
	call dane other.test "3 1 1 $hex" | grep -q '^up .* verified=1 '
	call dane far.test "3 1 1 ${hex/[0-9]/f}" |
		grep -Eq '^failed reason=handshake: .*(TLSA|DANE)' ||
		call dane far.test "3 1 1 ${hex/[a-f]/0}" |
		grep -Eq '^failed reason=handshake: .*(TLSA|DANE)'
	call verify far.test | grep -q '^failed reason=handshake: unable to get'
}

@test "TLS client: a known authority, and the right name" {
	[ "$EUID" -eq 0 ] || skip "only root can mount"
	mkdir "$T/far" "$T/certs"
	certificate "$T/far" far.test
	cp "$T/ca/ca.pem" "$T/certs/$(openssl x509 -in "$T/ca/ca.pem" \
		-noout -hash).0"
	chmod 755 "$T/certs"
	chmod 644 "$T/certs"/*
	far
	known() {
		# shellcheck disable=SC2016 # expanded by the inner shell
		TLS_CONNECT=$HOST:20466 TLS_MODE=verify TLS_NAME=$1 \
			unshare -m --propagation private bash -c '
			mount --bind "$0" /etc/ssl/certs
			exec "$1" call' "$T/certs" "$BUILD/unit/session-tls"
	}
	known far.test | grep -q '^up .* verified=1 '
	known near.test | grep -q '^failed reason=handshake: hostname mismatch'
}

# ---- what it may do

@test "TLS: the relay has given up everything" {
	local pid s

	[ "$EUID" -eq 0 ] || skip "only root can become somebody else"
	serve
	start client openssl s_client -quiet -connect "$HOST:20465"
	wait_for 10 grep -q '^220 hello' "$T/client.out"
	pid=$(pgrep -f "tls-relay .* $RUN/empty$" | tail -n 1)
	s=$(cat "/proc/$pid/status")
	grep -Eq '^Uid:\s+([1-9][0-9]*)\s+\1\s+\1\s+\1$' <<<"$s"
	grep -Eq '^CapEff:\s+0+$' <<<"$s"
	grep -Eq '^CapPrm:\s+0+$' <<<"$s"
	grep -Eq '^NoNewPrivs:\s+1$' <<<"$s"
	[ "$(readlink "/proc/$pid/root")" = "$RUN/empty" ]
	confined "$pid"
	# The connection, the session, /dev/null and the log; no key.
	ls -l "/proc/$pid/fd"
	not grep -q "$CONFIG" <(ls -l "/proc/$pid/fd")
}

@test "TLS: without root" {
	[ "$EUID" -eq 0 ] || skip "without root all others do that"
	cp "$BUILD/unit/session-tls" "$T/session-tls"
	# shellcheck disable=SC2154 # set by the library
	chown -R "$UID_alice" "$CONFIG"
	TLS_CONFIG=$CONFIG as alice "$T/session-tls" both_ways preloaded
}

@test "TLS: no relay outlives its session" {
	serve
	client -quiet <<<QUIT
	client </dev/null >/dev/null || : # leaves in form
	bash -c "exec 3<>/dev/tcp/$HOST/20465" # leaves at once
	start client openssl s_client -quiet -connect "$HOST:20465"
	wait_for 10 grep -q '^220 hello' "$T/client.out"
	# shellcheck disable=SC2154 # set by start
	kill -9 "$PID_client" # leaves without a word
	wait_for 10 not pgrep -f "tls-relay .*$RUN/empty$"
}
