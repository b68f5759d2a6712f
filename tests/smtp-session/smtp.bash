# shellcheck shell=bash disable=SC2119,SC2120 # options are optional
# What the tests of smtp-session share.

# hello: the lines with which most dialogues begin.
hello() {
	cat <<-'END'
	S: 220 mx.here.test ESMTP
	C: EHLO client.test
	S* 250-
	S: 250 HELP
	END
}

# talk [OPTION OF CHAT...] [-- OPTION OF SMTP-SESSION...] <TRANSCRIPT: what
# comes after the greeting.
talk() {
	local options=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	{ hello; cat; } | chat -q "${options[@]}" smtp-session "${@:2}"
}

# Pieces of transcripts.
# from_to FROM TO...: an envelope that is taken.
from_to() {
	local to
	printf '%s\n' "C: MAIL FROM:<$1>" 'S: 250 2.1.0 Sender ok'
	for to in "${@:2}"; do
		printf '%s\n' "C: RCPT TO:<$to>" 'S: 250 2.1.5 Recipient ok'
	done
}

# empty_mail [REPLY]: content that says nothing, and what it is answered.
empty_mail() {
	printf '%s\n' 'C: DATA' 'S: 354...' 'C: .' \
		"S: ${1:-250 2.0.0 Ok, id ...}"
}

# login USER: with his password.
login() {
	printf 'C: AUTH PLAIN %s\nS: 235 2.7.0 Logged in\n' \
		"$(printf '\0%s\0%s' "$1" "$PASSWORD" | base64 -w 0)"
}

# submit <TRANSCRIPT: a session on the submission port, after its EHLO.
submit() { talk -- -s; }

# local_peer <TRANSCRIPT: a session of a local program, after its EHLO.
local_peer() { talk -p; }

# refused RCPT REPLY: mail for it is.
refused() {
	talk <<-END
	$(from_to "${SENDER-a@b.test}")
	C: RCPT TO:<$1>
	S: $2
	END
}

# send FROM TO...: one small mail; the S lines for its end come from stdin, or
# a 250.
send() {
	{
		from_to "$@"
		cat <<-END
		C: DATA
		S: 354...
		C: Subject: test
		C:
		C: text
		C: .
		${END_OF_DATA:-S: 250 2.0.0 Ok, id ...}
		C: QUIT
		S: 221 2.0.0 Bye
		END
	} | talk
}

# stranger [-- OPTION OF SMTP-SESSION...] <TRANSCRIPT: the same as talk, but
# the client is at 192.0.2.1, in a network of its own.
stranger() {
	local keep=()
	[ "$EUID" -eq 0 ] || keep=(--map-current-user --keep-caps)
	[ "${1:-}" != -- ] || shift
	{ hello; cat; } | unshare -n "${keep[@]}" sh -c '
		ip link set lo up && ip addr add 192.0.2.1/32 dev lo &&
		exec "$@"' - \
		"$TOOL/chat" -q -a 192.0.2.1 "$BIN/smtp-session" -c "$CONFIG" "$@"
}

# count USER: messages in new/, 0 also without a Maildir.
count() {
	local n
	n=$(messages "$1")
	echo "${n:-0}"
}

# has PATTERN [USER]: a line of the newest message matches.
has() { message "${2:-alice}" | grep -q -- "$1"; }

# logged PATTERN: a line of the log matches.
logged() { grep -qE -- "$1" "$LOG"; }

# nothing_left: no half-written file anywhere.
nothing_left() {
	local d
	for d in "$T"/home/*/Maildir/tmp "$SPOOL/tmp"; do
		[ ! -d "$d" ] || [ -z "$(ls -A "$d")" ] || {
			ls -l "$d"
			return 1
		}
	done
}

# rcpts: the recipient lines of all spool entries.
rcpts() { find "$SPOOL/new" "$SPOOL/due" -type f -exec sed '/^$/q' {} \; | grep '^[TDSFB] '; }

# submit_socket: smtp-session behind RUN/submit, as inetd does it.
submit_socket() {
	start submit systemd-socket-activate --inetd -a -l "$RUN/submit" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 test -S "$RUN/submit"
	chmod 666 "$RUN/submit"
}

# forward USER LINE...: his .forward.
forward() {
	local home=HOME_$1
	printf '%s\n' "${@:2}" | as "$1" tee "${!home}/.forward" >/dev/null
	as "$1" chmod 644 "${!home}/.forward"
}

# entry RCPT: the file of the spool in which that recipient is.
entry() {
	grep -rlE -- "^[TDSFB] $1(	|\$)" "$SPOOL/new" "$SPOOL/due"
}

# zone NAME <RECORDS
zone() {
	mkdir -p "$T/dns"
	{
		echo '@ 60 SOA ns hostmaster 1 3600 600 86400 60'
		printf '%s\n' '@ 60 NS ns' 'ns 60 A 127.0.0.1'
		cat
	} >"$T/dns/$1.zone"
}
