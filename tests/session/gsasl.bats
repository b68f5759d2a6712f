#!/usr/bin/env bats
# SCRAM-SHA-256-PLUS with a client that is none of ours (GNU SASL and GnuTLS),
# bound to the TLS connection by its exporter (RFC 9266).
# shellcheck disable=SC2154 # variables of the libraries

bats_require_minimum_version 1.5.0
load ../lib
load clients

setup() {
	command -v gsasl >/dev/null || skip "no gsasl here"
	tls_setup
	key=$(gsasl --mkpasswd -m SCRAM-SHA-256 --password "$PASSWORD" \
		--iteration-count 4096)
	sed -i "s|^\([a-z]*\):[^:]*:|\1:$key:|" "$CONFIG/users"
}

# login HOW PORT MECHANISM PASSWORD [OPTION...]
login() {
	timeout 30 gsasl "--$1" --connect "$HOST:$2" --x509-ca-file="$CA" \
		-m "$3" --authentication-id alice --password "$4" --verbose \
		"${@:5}" </dev/null >"$T/gsasl.out" 2>&1
}

both() {
	serve imap-session 20143 "$1"
	serve smtp-session 20587 "$1" -s
	login imap 20143 SCRAM-SHA-256-PLUS "$PASSWORD"
	grep -q 'server trusted' "$T/gsasl.out"
	login smtp 20587 SCRAM-SHA-256-PLUS "$PASSWORD"
	grep -q 'server trusted' "$T/gsasl.out"
	[ "$(grep -c ' login user=alice ' "$LOG")" -eq 2 ]
}

@test "gsasl: IMAP and SMTP, a process per connection" { both nowait; }
@test "gsasl: IMAP and SMTP, one that accepts" { both wait; }

@test "gsasl: a wrong password; a binding that is left out where it could be" {
	serve imap-session 20143 nowait
	run ! login imap 20143 SCRAM-SHA-256-PLUS wrong
	# It says that the server has none (flag y), which we know better:
	# somebody took it out of our list.
	run ! login imap 20143 SCRAM-SHA-256-PLUS "$PASSWORD" --no-cb
	login imap 20143 SCRAM-SHA-256 "$PASSWORD" --no-cb
}

@test "gsasl: an application password, bound" {
	sed -i "s|^alice:[^:]*:|alice:{PLAIN}secret:|" "$CONFIG/users"
	config scram yes
	as alice tee "$HOME_alice/.mailroom-passwords" >/dev/null \
		<<<"phone 2026-11-20 ---------- $key"
	serve imap-session 20143 nowait
	login imap 20143 SCRAM-SHA-256-PLUS "$PASSWORD"
	login imap 20143 PLAIN "$PASSWORD" --no-cb
	run ! login imap 20143 SCRAM-SHA-256-PLUS secret
	login imap 20143 PLAIN secret --no-cb
	[ "$(grep -c ' device user=alice name=phone' "$LOG")" -eq 2 ]
}
