#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# The log: each line is an event with key=value, whatever clients say, and
# fail2ban finds in it who is not welcome, and nobody else.

load ../lib
load smtp

# from ADDRESS [-- OPTION...] <LINES: a client at this address of loopback,
# whatever it is told.
from() {
	local address=$1
	shift
	[ "${1:-}" != -- ] || shift
	python3 -c '
import socket, subprocess, sys
listener = socket.create_server((sys.argv[1], 0))
client = socket.socket()
client.bind((sys.argv[2], 0))
client.connect(listener.getsockname())
server = listener.accept()[0]
p = subprocess.Popen(sys.argv[3:], stdin=server, stdout=server, stderr=server)
server.close()
for line in sys.stdin.buffer:
    client.recv(4096)
    line = line.rstrip(b"\n").replace(b"|", b"\r\n")
    client.sendall(line + b"\r\n")
client.shutdown(socket.SHUT_WR)
while client.recv(4096):
    pass
p.wait()' "$HOST" "$address" "$BIN/${PROGRAM:-smtp-session}" -c "$CONFIG" "$@"
}

# plain NAME PASSWORD
plain() { printf '\0%s\0%s' "$1" "$2" | base64 -w0; }

# A bad client each, at addresses of its own.
fill_log() {
	printf '%s\n' 'EHLO x' "AUTH PLAIN $(plain alice wrong)" QUIT |
		from 127.0.1.1 -- -s
	printf '%s\n' 'EHLO evil ip=127.0.9.1 verb=AUTH code=535' \
		"AUTH PLAIN $(plain 'a" ip=127.0.9.2 "b' wrong)" QUIT |
		from 127.0.1.2 -- -s
	printf '%s\n' 'USER a ip=127.0.9.3' 'PASS wrong' QUIT |
		PROGRAM=pop3-session from 127.0.1.3
	printf '%s\n' 'a LOGIN alice wrong' 'b LOGOUT' |
		PROGRAM=imap-session from 127.0.1.4
	printf '%s\n' 'EHLO x' 'MAIL FROM:<a@b.test>' 'RCPT TO:<c@far.test>' \
		QUIT | from 127.0.2.1
	printf '%s\n' 'EHLO x' 'MAIL FROM:<a@b.test>' \
		'RCPT TO:<nobody@here.test>' QUIT | from 127.0.2.2
	printf '%s\n' 'GET / HTTP/1.1' | from 127.0.2.3
	# And good ones: a mail, a login, somebody who leaves.
	printf '%s\n' 'EHLO x' "AUTH PLAIN $(plain alice "$PASSWORD")" QUIT |
		from 127.0.3.1 -- -s
	printf '%s\n' 'EHLO x' 'MAIL FROM:<a@b.test>' 'RCPT TO:<bob@here.test>' |
		from 127.0.3.2
	printf '%s\n' 'EHLO x' 'MAIL FROM:<a@b.test>' 'RCPT TO:<bob@here.test>' \
		DATA 'Subject: x||.' QUIT | from 127.0.3.3
	printf '%s\n' 'EHLO x' 'MAIL FROM:<a@b.test>' 'DATA' 'RCPT' QUIT |
		from 127.0.3.4
}

# jail: fail2ban's configuration with our filter and jail in it: $T/f2b.
jail() {
	command -v fail2ban-regex >/dev/null || skip "fail2ban is not here"
	cp -r /etc/fail2ban "$T/f2b"
	rm -f "$T"/f2b/jail.d/*
	cp "$ROOT/session/fail2ban-filter.conf" "$T/f2b/filter.d/mailroom.conf"
	sed "s,/var/log/mail.log,$LOG," "$ROOT/session/fail2ban-jail.conf" \
		>"$T/f2b/jail.d/mailroom.conf"
}

# found MODE: the addresses that fail2ban would count, in order.
found() {
	fail2ban-regex -c "$T/f2b" -o '<ip>' "$LOG" "mailroom[mode=$1]" |
		sort | paste -sd' '
}

# lines_ok: event key=value in each.
lines_ok() {
	local line value='("[^"]*"|<[^>]*>|[^ "<][^ ]*|)'
	# The user of pop3-session's line is what he said, blanks and all.
	grep -v 'user=a ip=127.0.9.3' "$LOG" >"$T/lines"
	[ "$(wc -l <"$T/lines")" -ge 11 ]
	while read -r line; do
		[[ $line =~ ^[-0-9T:.]+Z\ [a-z0-9]+-session\[[0-9]+\]:\ [0-9A-Za-z]{11}\ [a-z-]+(\ [a-z-]+=$value)*$ ]] || {
			echo "odd: $line"
			return 1
		}
	done <"$T/lines"
}

# Guesses cost seconds, so one log serves for all.
@test "log: each line is an event, and fail2ban reads it" {
	local guess='127.0.1.1 127.0.1.2 127.0.1.3 127.0.1.4'
	fill_log
	lines_ok
	jail
	[ "$(found login)" = "$guess" ]
	[ "$(found aggressive)" = "$guess 127.0.2.1 127.0.2.2 127.0.2.3" ]
	# The same as syslog writes it.
	sed -i 's/^[^ ]*Z /Nov 21 03:00:00 mx /' "$LOG"
	[ "$(found login)" = "$guess" ]
}

@test "fail2ban: the jail is one that it reads" {
	jail
	touch "$LOG"
	fail2ban-client -c "$T/f2b" -t
	fail2ban-client -c "$T/f2b" -d | grep -q "mailroom.*maxretry.*20"
}
