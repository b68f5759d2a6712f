#!/usr/bin/env bats
# session/proxy.c: a balancer in front says who the client is, and only those
# that the word `proxy-from` names are asked.
# shellcheck disable=SC2154 # variables of lib.bash

bats_require_minimum_version 1.5.0
load ../lib
load clients

# From 192.0.2.7, port 12345, to 192.0.2.25, port 25.
HEADER='\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c'
HEADER+='\xc0\0\x02\x07\xc0\0\x02\x19\x30\x39\0\x19'
LOCAL='\r\n\r\n\0\r\nQUIT\n\x20\0\0\0'

@test "PROXY: SMTP, POP3 and IMAP know the client behind it" {
	config proxy-from 192.0.2.1 127.0.0.0/8
	{
		echo "C< $HEADER"
		echo 'S: 220 mx.here.test ESMTP'
		a_mail
	} | chat smtp-session
	message | grep -q '^Received: from x (.*\[192.0.2.7\])'
	# What loopback may do he may not.
	chat pop3-session <<-END
	C< $HEADER
	S: +OK POP3 server ready
	C: USER alice
	S: -ERR [SYS/PERM] TLS required
	C: QUIT
	S: +OK Bye
	END
	config plain-login always
	{
		echo "C< $HEADER"
		imap_login
	} | chat imap-session
	grep -q 'login user=alice ip=192.0.2.7$' "$LOG"
}

@test "PROXY: the balancer's own connections" {
	config proxy-from 127.0.0.1
	chat pop3-session <<-END
	C< $LOCAL
	S: +OK POP3 server ready
	C: USER alice
	S: +OK Password?
	C: QUIT
	S: +OK Bye
	END
}

@test "PROXY: another first word of a listed peer ends it, without a greeting" {
	local p
	config proxy-from 127.0.0.1
	for p in smtp-session pop3-session imap-session; do
		chat "$p" <<-'END'
		C: PROXY TCP4 192.0.2.7 192.0.2.25 12345 25
		S! eof
		END
		chat "$p" <<-'END'
		C! close
		S! eof
		END
	done
	[ "$(grep -c 'proxy-error ip=127.0.0.1 reason=' "$LOG")" -eq 6 ]
}

@test "PROXY: of others nothing is believed" {
	config proxy-from 192.0.2.1
	chat pop3-session <<-END
	S: +OK POP3 server ready
	C< $HEADER\r\n
	S* -ERR
	C: QUIT
	S: +OK Bye
	END
}

# One address, many clients: the limit of one address is not for it.
@test "PROXY: in accept mode a balancer may come often" {
	config proxy-from 127.0.0.1
	config connections-per-address 2
	local p
	for p in pop3-session smtp-session; do
		start many systemd-socket-activate -l "$HOST:20110" \
			"$BIN/$p" -c "$CONFIG"
		wait_for 10 listens "$HOST" 20110
		come_often
		stop many
	done
	[ "$(grep -c 'refused ip=192.0.2.10 .*connections-per-address' "$LOG")" -eq 2 ]
}

# come_often: two clients each of four addresses, and one too many.
come_often() {
	python3 - "$HOST" <<-'END'
	import socket, sys
	h = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02%c\xc0\0\x02\x19\x30\x39\0\x19"
	all = []
	for i in range(8):
	    all.append(socket.create_connection((sys.argv[1], 20110), 10))
	    all[-1].sendall(h % (10 + i // 2))
	for c in all:
	    got = c.recv(100)
	    assert got.startswith((b"+OK", b"220 ")), got
	# A third one of 192.0.2.10.
	c = socket.create_connection((sys.argv[1], 20110), 10)
	c.sendall(h % 10)
	got = c.recv(100)
	assert got.startswith((b"-ERR [SYS/TEMP] Too many",
	                       b"421 4.7.0 Too many")), got
	END
}

# ---- who has not logged in

@test "connections-before-login: of all services together, until the login" {
	local line
	config connections-before-login 1
	config plain-login always
	start pop systemd-socket-activate --inetd -a -l "$HOST:20110" \
		"$BIN/pop3-session" -c "$CONFIG"
	start submission systemd-socket-activate --inetd -a -l "$HOST:2587" \
		"$BIN/smtp-session" -s -c "$CONFIG"
	start mx systemd-socket-activate --inetd -a -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 20110
	wait_for 10 listens "$HOST" 2587
	wait_for 10 listens "$HOST" 2525
	exec 8<>"/dev/tcp/$HOST/20110"
	IFS= read -r -t 20 -u 8 line
	[[ $line = +OK* ]]
	chat "$HOST:20110" <<-'END'
	S: -ERR [SYS/TEMP] Too many connections from your address
	S! eof
	END
	chat "$HOST:2587" <<-'END'
	S: 421 4.7.0 Too many connections, try again later
	S! eof
	END
	[ "$(grep -c "refused ip=.*connections-before-login" "$LOG")" -eq 2 ]
	chat "$HOST:2525" <<-'END'
	S: 220 ...
	C: QUIT
	S: 221 ...
	END
	printf 'USER alice\r\nPASS %s\r\n' "$PASSWORD" >&8
	wait_for 20 grep -q 'login user=alice' "$LOG"
	# He stays, and another may come, who logs in by SMTP and stays, too.
	exec 9<>"/dev/tcp/$HOST/2587"
	printf 'EHLO x\r\nAUTH PLAIN %s\r\n' \
		"$(printf '\0bob\0%s' "$PASSWORD" | base64 -w 0)" >&9
	while IFS= read -r -t 20 -u 9 line && [[ $line != 235* ]]; do :; done
	[[ $line = 235* ]]
	chat "$HOST:20110" <<-'END'
	S: +OK POP3 server ready
	C: QUIT
	S: +OK ...
	END
	exec 8>&- 9>&-
}

# ---- one user, many connections

# tidy: the parser of the one session of PID_one has neither slots nor the log.
tidy() {
	local pid
	pid=$(pgrep -P "$(pgrep -P "$PID_one")") &&
		ls -l "/proc/$pid/fd" >"$T/fds" && not grep -E 'slots|log$' "$T/fds"
}

@test "a parser has no slot in hand that others wait for" {
	local command
	for command in pop3-session imap-session 'smtp-session -s'; do
		read -r -a command <<<"$command"
		start one systemd-socket-activate --inetd -a -l "$HOST:20110" \
			"$BIN/${command[0]}" "${command[@]:1}" -c "$CONFIG"
		wait_for 10 listens "$HOST" 20110
		exec 8<>"/dev/tcp/$HOST/20110"
		IFS= read -r -t 20 -u 8 _
		wait_for 20 tidy
		exec 8>&-
		stop one
	done
}

@test "connections-per-user: said with its number and its word" {
	config connections-per-user 1
	start pop systemd-socket-activate --inetd -a -l "$HOST:20110" \
		"$BIN/pop3-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 20110
	exec 8<>"/dev/tcp/$HOST/20110"
	printf 'USER alice\r\nPASS %s\r\nNOOP\r\n' "$PASSWORD" >&8
	wait_for 10 grep -q 'login user=alice' "$LOG"
	chat pop3-session <<-END
	S: +OK POP3 server ready
	C: USER alice
	S: +OK Password?
	C: PASS $PASSWORD
	S: -ERR [SYS/TEMP] 1 connections of a user are the limit (connections-per-user)
	S! eof
	END
	grep -q 'login-refused user=alice .*connections-per-user' "$LOG"
	# Others, other services, and he himself later.
	imap_login | chat imap-session
	printf 'QUIT\r\n' >&8
	exec 8<&-
	wait_for 10 grep -q 'end user=alice' "$LOG"
	again() {
		chat -q pop3-session <<-END
		S: +OK POP3 server ready
		C: USER alice
		S: +OK Password?
		C: PASS $PASSWORD
		S: +OK Logged in
		C: QUIT
		S: +OK Bye
		END
	}
	wait_for 10 again
}
