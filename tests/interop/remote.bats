load ../mailq-run/common

# mailq-run and real servers in a network of their own: port 25, MX records,
# default settings on both sides.

setup_file() {
	[ "$EUID" -ne 0 ] ||
		"$BATS_TEST_DIRNAME/../bench/peers" "$ROOT/build/peers"
}

setup() {
	lib_setup
	[ "$EUID" -eq 0 ] || skip "needs root"
}

teardown() {
	# unshare, which holds its processes, hears nothing but this.
	[ -z "${PID_peer:-}" ] || end_child "$PID_peer" KILL
	lib_teardown
}

inside() { nsenter -t "${PID_net:?}" -n "$@"; }
greets() {
	# shellcheck disable=SC2016
	inside perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(
		"10.9.8.7:25") or exit 1; exit(<$s> !~ /^220/)'
}

# Until then its network is still ours, and would be changed.
has_own_net() {
	[ "$(readlink "/proc/${PID_net:?}/ns/net")" != \
		"$(readlink /proc/self/ns/net)" ]
}

# remote NAME: that server, at the exchanger of bench.test.
remote() {
	start net unshare -n sleep infinity
	wait_for 20 has_own_net
	inside ip link set lo up
	inside ip addr add 10.9.8.7/32 dev lo
	start dnsd nsenter -t "$PID_net" -n "$TOOL/dnsd" 127.0.0.1@53 \
		"$T/dns" bench.test=10.9.8.7
	wait_for 20 grep -q ready "$T/dnsd.out"
	config dns 127.0.0.1@53
	mkdir -p "$T/peer"
	chmod 755 "$T/peer"
	start peer nsenter -t "$PID_net" -n "$ROOT/tests/bench/peer" "$1" \
		"$ROOT/build/peers" "$T/peer" 10.9.8.7 25
	wait_for 60 greets
}

# entry ID RCPT... <MESSAGE
entry() {
	local id=$1 rcpt
	shift
	mkdir -p "$SPOOL/new"
	{
		printf 'mailroom-spool 1\nid %s\narrival %d\nfrom %s\n8bitmime\n' \
			"$id" "$(date +%s)" alice@here.test
		for rcpt; do printf 'T %s\n' "$rcpt"; done
		echo
		cat
	} >"$SPOOL/new/$id"
	chmod 600 "$SPOOL/new/$id"
	own 20902 "$SPOOL/new" "$SPOOL/new/$id"
}

arrived() { find "$T/peer/home/Maildir/new" -type f | wc -l; }
all_arrived() { [ "$(arrived)" -eq "$1" ]; }

road() {
	local i
	remote "$1"
	for ((i = 0; i < 30; i++)); do
		printf 'Subject: number %d\nFrom: a@here.test\n\nbody %d\n' \
			"$i" "$i" | entry "m$i" bench@bench.test
	done
	printf 'Subject: odd\nFrom: a@here.test\n\n.\n..\n.x\n%s\ncaf\303\251\n' \
		"$(printf 'y%.0s' {1..900})" | entry odd bench@bench.test
	echo $'Subject: nobody\nFrom: a@here.test\n\nhello' |
		entry two bench@bench.test nosuch@bench.test
	inside "$BIN/mailq-run" -c "$CONFIG" 3>&-
	wait_for 30 all_arrived 32
	for ((i = 0; i < 30; i++)); do
		[ "$(grep -l "^body $i\$" "$T"/peer/home/Maildir/new/* |
			wc -l)" -eq 1 ]
	done
	sed '1,/^$/d' "$(grep -l '^Subject: odd' "$T"/peer/home/Maildir/new/*)" |
		diff - <(printf '.\n..\n.x\n%s\ncaf\303\251\n' \
			"$(printf 'y%.0s' {1..900})")
	[ "$(grep -c 'state=sent' "$LOG")" -eq 32 ]
	grep -q 'to=<nosuch@bench.test> .*dsn=5\.[0-9.]* state=failed' "$LOG"
	# The report waits for a socket submit that is not there.
	[ "$(waiting)" -eq 1 ]
	grep -q '^Final-Recipient: rfc822; *nosuch@bench.test' \
		"$SPOOL"/due/*/two-1
}

# logins: Dovecot knows them, for Postfix.
logins() {
	local d=$T/peer/auth
	mkdir -p "$d" "$T/dovecot"
	chmod 755 "$d"
	echo 'bench:{PLAIN}secret' >"$T/dovecot/users"
	cat >"$T/dovecot/conf" <<-END
	base_dir = $T/dovecot/run
	state_dir = $T/dovecot/run
	log_path = $T/dovecot/log
	protocols =
	ssl = no
	auth_mechanisms = $*
	passdb {
	  driver = passwd-file
	  args = $T/dovecot/users
	}
	service auth {
	  unix_listener $d/socket {
	    mode = 0666
	  }
	}
	END
	chmod -R a+rX "$T/dovecot"
	start dovecot dovecot -F -c "$T/dovecot/conf"
	wait_for 20 test -S "$d/socket"
}

trusting_run() {
	trusting "$T/peer/tls/cert.pem" nsenter -t "$PID_net" -n \
		"$BIN/mailq-run" -c "$CONFIG" 3>&-
}

# A certificate proven by an authority, and a login; both are demanded.
smart_host() {
	command -v dovecot >/dev/null || skip "needs dovecot"
	needs_mounts
	mkdir -p "$T/peer/tls"
	certificate mx.bench.test "$T/peer/tls"
	logins "$@"
	remote postfix
	(umask 077 && echo 'bench wrong' >"$CONFIG/key")
	routes <<<'* mx.bench.test:25 auth key'
	echo $'Subject: one\nFrom: a@here.test\n\nbody one' |
		entry one bench@bench.test
	trusting_run
	grep -q 'id=one .*state=deferred reply="535' "$LOG"
	echo 'bench secret' >"$CONFIG/key"
	"$BIN/mailq" -c "$CONFIG" retry one
	trusting_run
	wait_for 30 all_arrived 1
	grep -q 'tls host=mx.bench.test version=TLSv1.3 .*by=authority' "$LOG"
	grep -q 'id=one .*state=sent' "$LOG"
	grep -q '^body one' "$T"/peer/home/Maildir/new/*
	grep -q "sasl_method=${1^^}, sasl_username=bench" \
		"$T"/peer/var/log/postfix.log
}

@test "Postfix as smart host, with TLS and SCRAM" {
	smart_host scram-sha-256 plain
	# Nobody we know: no password, no mail.
	echo $'Subject: two\n\nbody two' | entry two bench@bench.test
	inside "$BIN/mailq-run" -c "$CONFIG" 3>&-
	grep -q 'id=two .*dsn=4.7.5 state=deferred reply="TLS, which routes' \
		"$LOG"
	# No login: Postfix wants one.
	routes <<<'* mx.bench.test:25 tls verify'
	"$BIN/mailq" -c "$CONFIG" retry two
	trusting_run
	grep -q 'id=two .*state=failed' "$LOG"
	[ "$(arrived)" -eq 1 ]
}

@test "Postfix as smart host, with TLS and LOGIN" { smart_host login; }
@test "to Postfix" { road postfix; }
@test "to OpenSMTPD" { road opensmtpd; }
