#!/usr/bin/env bats
# shellcheck disable=SC2154 # what add_user and start declare
# pop3-session/login.c and the monitor: who gets in, and how it is told.

bats_require_minimum_version 1.5.0
load ../lib
load common

@test "commands before the login" {
	three
	play order
}

@test "QUIT before the login" {
	play quit
}

@test "three wrong passwords: two seconds each, then the end" {
	three
	SECONDS=0
	play refused
	[ "$SECONDS" -ge 6 ]
	[ "$(grep -c 'login-refused' "$LOG")" -eq 3 ]
	[ "$(grep -c -e correct-horse -e wrong "$LOG")" -eq 0 ]
}

@test "a wrong password, then the right one" {
	maildir alice
	play second-try
	grep -q 'login user=alice ip=127.0.0.1' "$LOG"
}

@test "AUTH" {
	maildir alice
	PLAIN=$(printf '\0alice\0%s' "$PASSWORD" | base64)
	export PLAIN
	play auth
	play auth-plain
}

# Keys of correct-horse.
SCRAM='{SCRAM-SHA-256}4096,bWFpbHJvb20tc2FsdC0xNg==,'
SCRAM+='Ggra3/twIad4hBewHUNeeQc7gncxjhZOeJo5+l/yPVI=,'
SCRAM+='3Ma3ox76M4w3S+Z6yoviibZHYqAo24rZwOYQimHX7Xg='

# mpop brings its own SCRAM.
scram_mpop() {
	mkdir -p "$T/got/new" "$T/got/cur" "$T/got/tmp"
	printf '%s\n' 'account default' "host $HOST" 'port 20110' 'tls off' \
		'auth scram-sha-256' 'user alice' "password $1" \
		'keep on' "uidls_file $T/uidls" "delivery maildir $T/got" \
		>"$T/mpoprc"
	chmod 600 "$T/mpoprc"
	mpop -q -C "$T/mpoprc"
}

# Without keys for all it is not offered.
@test "AUTH SCRAM-SHA-256" {
	three
	sed -i "s|^alice:[^:]*:|alice:$SCRAM:|" "$CONFIG/users"
	sed -i /^bob:/d "$CONFIG/users"
	pop
	scram_mpop correct-horse
	[ "$(find "$T/got/new" -type f | wc -l)" -eq 3 ]
	run ! scram_mpop wrong
}

@test "AUTH SCRAM-SHA-256 with an application password, as the word says" {
	three
	sed -i "s|^alice:[^:]*:|alice:{PLAIN}secret:|" "$CONFIG/users"
	as alice tee "$HOME_alice/.mailroom-passwords" >/dev/null \
		<<<"phone 2026-11-20 ---------- $SCRAM"
	pop
	run ! scram_mpop correct-horse # it is not offered
	config scram yes
	scram_mpop correct-horse
	[ "$(find "$T/got/new" -type f | wc -l)" -eq 3 ]
	grep -q '^phone 2026-11-20 2' "$HOME_alice/.mailroom-passwords"
	run ! scram_mpop secret # it has no keys
}

@test "a password that is too long is wrong" {
	maildir alice
	printf 'S: %s\nC: %s\nS: %s\nC: PASS %0600d\nS: %s\nC: %s\nS: %s\n' \
		'+OK POP3 server ready' 'USER alice' '+OK Password?' 0 \
		'-ERR [AUTH] Wrong name or password' QUIT '+OK Bye' |
		chat pop3-session
}

@test "a name that is too long is wrong" {
	printf 'S: %s\nC: USER %0100d\nS: %s\nC: PASS x\nS: %s\nC: QUIT\nS: %s\n' \
		'+OK POP3 server ready' 0 '+OK Password?' \
		'-ERR [AUTH] Wrong name or password' '+OK Bye' |
		chat pop3-session
}

@test "no password without TLS" {
	config plain-login never
	play tls-required
}

@test "plain-login loopback: not from elsewhere" {
	elsewhere tls-required
}

@test "plain-login always: from everywhere" {
	maildir alice
	config plain-login always
	elsewhere empty
	grep -q 'login user=alice ip=192.0.2.1' "$LOG"
}

@test "users file out of order: [SYS/TEMP]" {
	mv "$CONFIG/users" "$CONFIG/users.off"
	mkdir "$CONFIG/users"
	play temp
	grep -q 'login-error user=alice .*reason=.*users' "$LOG"
}

# Users of the system: an /etc of the test's own, in a mount namespace.
@test "PAM" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	rm "$CONFIG/users"
	config pam-service mail-test
	mkdir -p "$T/pam.d" "$T/home/carol"
	chown 20921:20921 "$T/home/carol"
	{
		cat /etc/passwd
		echo "carol:x:20921:20921::$T/home/carol:/bin/sh"
	} >"$T/passwd"
	{
		cat /etc/shadow
		echo "carol:$(openssl passwd -5 secret):19000:0:99999:7:::"
	} >"$T/shadow"
	printf '%s required pam_unix.so\n' auth account >"$T/pam.d/mail-test"
	# shellcheck disable=SC2016
	setpriv --reuid 20921 --regid 20921 --clear-groups sh -c '
		cd "$1" && mkdir -p Maildir/cur Maildir/new Maildir/tmp &&
		echo "Subject: pam" >Maildir/new/1.a' - "$T/home/carol"
	# shellcheck disable=SC2016
	unshare --mount bash -e -c '
		for f in passwd shadow pam.d; do mount --bind "$0/$f" "/etc/$f"; done
		exec "$@"' "$T" "$TOOL/chat" "$BIN/pop3-session" -c "$CONFIG" \
		<"$BATS_TEST_DIRNAME/pam.chat"
	grep -q 'login user=carol ' "$LOG"
}

@test "configuration out of order: -ERR, file and line" {
	echo nonsense yes >>"$CONFIG/mailroom.conf"
	echo 'S: -ERR [SYS/TEMP] Service not available now' |
		chat -x 78 pop3-session
}

@test "no home: [SYS/TEMP]" {
	rm -rf "$HOME_alice"
	play unavailable -x 75
	grep -q 'mailbox-error user=alice ip=127.0.0.1 reason=.' "$LOG"
}

@test "no Maildir: an empty one" {
	play empty
	[ -d "$MAILDIR_alice/cur" ]
	[ "$(stat -c %a "$MAILDIR_alice")" = 700 ]
	[ "$(stat -c %u "$MAILDIR_alice")" = "$UID_alice" ]
}

@test "Maildir is a file: [SYS/TEMP]" {
	as alice touch "$MAILDIR_alice"
	play unavailable -x 75
}

@test "pipelining from the first command on" {
	three
	play pipelined
	[ "$(files)" = "1000000001.a.here
1000000002.b.here:2,S" ]
}

# What stands behind PASS crosses an exec.
@test "pipelining, cut at every octet" {
	three
	sed '/^#/d; s/DELE 3/NOOP/; s/Deleted at QUIT/Nothing done/' \
		"$BATS_TEST_DIRNAME/pipelined.chat" >"$T/chat"
	"$BATS_TEST_DIRNAME/cut" "$T/chat" "$BIN/pop3-session" -c "$CONFIG"
}

@test "idle clients are sent away, others wait for nobody" {
	maildir alice
	printf 'S: +OK POP3 server ready\nS: -ERR Idle for too long\nS! eof\n' \
		>"$T/idle"
	# shellcheck disable=SC2016
	start idle bash -c '"$@" <"$0"' "$T/idle" "$TOOL/chat" -t 60 \
		"$BIN/pop3-session" -c "$CONFIG"
	play empty
	wait "$PID_idle"
}

@test "20 lines that are no command" {
	{
		echo 'S: +OK POP3 server ready'
		for _ in {1..19}; do
			printf 'C: GET / HTTP/1.1\nS: -ERR Unknown command\n'
		done
		printf 'C: x\nS: -ERR Too many errors\nS! eof\n'
	} | chat pop3-session
}

@test "a line that is too long" {
	{
		echo 'S: +OK POP3 server ready'
		printf 'C: NOOP %02100d\nS: -ERR Line too long\n' 0
		printf 'C: NOOP\nS: +OK Nothing done\nC: QUIT\nS: +OK Bye\n'
	} | chat pop3-session
}

# hardening.md: a process that cannot be confined serves nobody.
@test "sandbox: no seccomp, no service" {
	not sanitized || skip "builds for sanitizers have no filter"
	fault prctl,seccomp EPERM 1+
	printf 'S: %s\nS: %s\n' '+OK POP3 server ready' \
		'-ERR [SYS/TEMP] Service not available now' |
		chat -x any pop3-session
	faulted
	grep -q sandbox-error "$LOG"
}

@test "sandbox: the process that reads is nobody, in an empty root" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	pop
	exec 8<>"/dev/tcp/$HOST/20110"
	say 'S: +OK POP3 server ready'
	monitor=$(pgrep -P "$PID_pop" -f pop3-session)
	wait_for 20 pgrep -P "$monitor"
	parser=$(pgrep -P "$monitor")
	wait_for 20 grep -q '^NoNewPrivs:.1$' "/proc/$parser/status"
	wait_for 20 confined "$parser"
	grep -q '^Uid:.20901.20901.20901.20901$' "/proc/$parser/status"
	[ "$(readlink "/proc/$parser/root")" = "$RUN/empty" ]
	[ -z "$(find "/proc/$parser/fd" -lname "$LOG")" ]
	say 'C: QUIT' 'S: +OK Bye'
	end
}
