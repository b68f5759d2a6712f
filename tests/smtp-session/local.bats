#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Programs of this host: the pipe, the socket "submit", the no-root mode.

load ../lib
load smtp

# listener PATH: a Unix socket with smtp-session behind it, as inetd does.
listener() {
	start listener systemd-socket-activate --inetd -a -l "$1" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 test -S "$1"
	chmod 666 "$1"
}

@test "pipe: whoever runs us may send to anywhere as anybody" {
	printf 'S: 220...\nC: HELO x\nS: 250...\n' | cat - <(cat <<-END
	$(from_to anybody x@remote.test alice)
	$(empty_mail)
	END
	) | chat -p smtp-session
	message | grep -qx 'Return-Path: <anybody@mx.here.test>'
	message | grep -q "^Received: from x (local uid $EUID)"
	[ "$(rcpts | wc -l)" -eq 1 ]
}

@test "pipe: what cron leaves out is added" {
	local_peer <<-END
	$(from_to root alice)
	C: DATA
	S: 354...
	C: From: root (Cron Daemon)
	C: To: alice
	C: Bcc: bob
	C: Subject: Cron <root@mx> true
	C:
	C: root
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	has '^From: root@mx.here.test (Cron Daemon)$'
	has '^To: alice@mx.here.test$'
	has '^Date: [A-Z][a-z][a-z], '
	has '^Message-ID: <[0-9A-Za-z]*-1@mx.here.test>$'
	not has bob
	[ "$(message | tail -n 1)" = root ]
	# Whoever sends for others need not be named.
	local_peer <<-END
	$(from_to list@here.test alice)
	C: DATA
	S: 354...
	C: From: x@remote.test
	C:
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	not has ^Sender:
	# A null path is nobody to name.
	local_peer <<<"$(from_to '' alice)
$(empty_mail)"
	not has ^From:
}

# A script without patience writes everything at once.
@test "pipe: all of the dialogue in one piece" {
	printf '%s\r\n' 'HELO x' 'MAIL FROM:<a@b.test>' \
		'RCPT TO:<alice@here.test>' DATA 'Subject: one piece' '' . QUIT |
		"$BIN/smtp-session" -c "$CONFIG" >"$T/out"
	grep -q '^221 ' "$T/out"
	[ "$(count alice)" -eq 1 ]
}

@test "submit: the kernel says who it is, and that is who may send" {
	[ "$EUID" -eq 0 ] || skip "needs root to be somebody else"
	getent passwd games >/dev/null || skip "needs the account games"
	listener "$T/submit"
	setpriv --reuid games --regid games --clear-groups \
		"$TOOL/chat" "$T/submit" <<-END
	S: 220...
	C: EHLO x
	S* 250-
	S: 250 HELP
	C: MAIL FROM:<root@here.test>
	S: 550 5.7.1 Not your address
	$(from_to games+tag@here.test)
	C: RSET
	S: 250 2.0.0 Ok
	$(from_to games x@remote.test)
	$(empty_mail)
	END
	[ "$(rcpts | wc -l)" -eq 1 ]
	logged 'code=550 status=5.7.1 .*is not of user games"'
}

@test "submit: root, our own user and the spool's may send as anybody" {
	listener "$T/submit"
	local as_spool=()
	[ "$EUID" -ne 0 ] || as_spool=(setpriv --reuid 20902 --regid 20902
		--clear-groups)
	for who in "" "${as_spool[*]}"; do
		# shellcheck disable=SC2086 # a command and its words
		$who "$TOOL/chat" "$T/submit" <<-END
		S: 220...
		C: EHLO x
		S* 250-
		S: 250 HELP
		$(from_to any@where.test)
		END
	done
}

# What mailq-run does with a mailbox that an alias led to.
@test "submit: a backslash means the mailbox, not its alias" {
	echo 'alice: bob' >"$CONFIG/aliases"
	listener "$T/submit"
	{ hello; cat; } <<-'END' | "$TOOL/chat" "$T/submit"
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<"\\\\alice"@here.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 0 ]
	message | grep -qx 'Delivered-To: alice@here.test'
}

@test "submission without a login: 530 at MAIL" {
	talk -- -s <<-'END'
	C: MAIL FROM:<alice@here.test>
	S: 530 5.7.0 Authentication required
	C: RCPT TO:<alice@here.test>
	S: 503 5.5.1 Send MAIL first
	END
}

@test "no root: one user does everything, the rest is the same" {
	[ "$EUID" -eq 0 ] || skip "the other tests are this one already"
	sed -i '/-user /d' "$CONFIG/mailroom.conf"
	chown -R nobody "$T/etc" "$T/spool" "$T/home" "$T/run"
	chown nobody "$T"
	send_as_nobody() {
		{ hello; cat; } | "$TOOL/chat" setpriv --reuid nobody \
			--regid nogroup --clear-groups \
			"$BIN/smtp-session" -c "$CONFIG"
	}
	send_as_nobody <<-END
	$(from_to a@b.test alice@here.test postmaster)
	C: RCPT TO:<x@remote.test>
	S: 550 5.7.1 Relaying denied
	$(empty_mail)
	END
	[ "$(count alice)" -eq 1 ]
	[ "$(stat -c %U "$MAILDIR_alice"/new/*)" = nobody ]
	[ "$(stat -c %U "$SPOOL/postmaster")" = nobody ]
}

@test "accept mode: a listening socket, connection after connection" {
	start listener systemd-socket-activate -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 2525
	for _ in 1 2 3; do
		{ hello; cat; } <<-END | "$TOOL/chat" -q "$HOST:2525"
		$(from_to a@b.test alice@here.test)
		$(empty_mail)
		C: QUIT
		S: 221 2.0.0 Bye
		S! eof
		END
	done
	[ "$(count alice)" -eq 3 ]
	# A changed configuration counts from the next connection on.
	config hostname other.here.test
	"$TOOL/chat" "$HOST:2525" <<<'S: 220 other.here.test ESMTP'
}

@test "the process tree: parser without rights, monitor, agent as the user" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	listener "$T/submit"
	{ hello; cat; } >"$T/chat" <<-END
	$(from_to a@b.test alice@here.test)
	C! wait 20
	END
	start client "$TOOL/chat" "$T/submit" <"$T/chat"
	tree() {
		ps -o uid= --ppid "$(pgrep -P "$PID_listener")" | sort -n |
			tr -d ' \n'
	}
	is_there() { [ "$(tree)" = "20901$UID_alice" ]; }
	wait_for 20 is_there
	local parser
	parser=$(pgrep -u 20901 -P "$(pgrep -P "$PID_listener")")
	[ "$(readlink "/proc/$parser/root")" = "$RUN/empty" ]
	confined "$parser"
	grep -q '^NoNewPrivs:.*1' "/proc/$parser/status"
}
