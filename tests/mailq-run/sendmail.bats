#!/usr/bin/env bats
# sendmail, against a scripted server and against smtp-session.
# shellcheck disable=SC2030,SC2031,SC2154 # bats, and lib.bash

load ../lib

setup() {
	lib_setup
	chmod 755 "$RUN"
}

# listen COMMAND...: serve $RUN/submit.
listen() {
	start submit systemd-socket-activate --accept --inetd -l "$RUN/submit" \
		"$@"
	wait_for 20 grep -q Listening "$T/submit.out"
	chmod 666 "$RUN/submit"
}

# A server that only plays: see tests/tool/sink for its modes.
scripted() {
	sink "$@"
	cat >"$T/relay" <<-END
	#!/bin/bash
	exec 3<>/dev/tcp/$HOST/$SINK_PORT
	cat >&3 <&0 &
	cat <&3
	kill \$!
	END
	chmod 755 "$T/relay"
	listen "$T/relay"
}

real() { listen "$BIN/smtp-session" -c "$CONFIG"; }

sendmail() {
	HOME=$HOME_alice as alice "$BIN/sendmail" -c "$CONFIG" "$@"
}

ours() { "$BIN/sendmail" -c "$CONFIG" "$@"; }

# What the client said, without its connection number.
said() { sed -n 's/^[0-9]* C: //p' "$T/sink/log"; }
taken() { tr -d '\r' <"$T/sink/1.mail"; }
dead() { cat "$HOME_alice/dead.letter"; }
no_dead() { [ ! -e "$HOME_alice/dead.letter" ]; }

@test "the plain case" {
	scripted
	printf 'Subject: x\n\n.\ntext\n' | sendmail -i -f a@here.test b@there.test
	diff - <(taken | sed '/^From:/d; s/ *$//; s/ SIZE=23$//') <<-END
	MAIL FROM:<a@here.test>
	RCPT TO:<b@there.test>

	Subject: x

	.
	text
	END
	no_dead
}

@test "cron's line" {
	scripted
	printf 'From: root (Cron Daemon)\nTo: bob\nSubject: Cron <x> y\n\nout\n' |
		sendmail -i -FCronDaemon -B8BITMIME -oem bob
	taken | grep -qx 'RCPT TO:<bob>'
	taken | grep -qx 'Subject: Cron <x> y'
	taken | grep -qx 'From: root (Cron Daemon)'
	[ "$(taken | grep -c '^From:')" -eq 1 ]
}

@test "-t takes recipients from the header, adds the arguments, hides Bcc" {
	scripted
	printf '%s\n' 'To: A <a@t.test>, "b, b" <b@t.test>' \
		'Cc: c@t.test (Cee),' ' d@t.test' 'Bcc: e@t.test' \
		'X: y' '' 'text' | sendmail -ti -f x@here.test f@t.test a@t.test
	[ "$(taken | sed -n 's/^RCPT TO:<\(.\)@t.test>.*/\1/p' | sort | xargs)" = \
		"a b c d e f" ]
	if taken | grep -qi bcc; then return 1; fi
	taken | grep -qx 'X: y'
}

@test "-t with Resent- fields reads only those" {
	scripted
	printf '%s\n' 'To: a@t.test' 'Resent-To: b@t.test' \
		'Resent-Bcc: c@t.test' '' text | sendmail -t -i
	[ "$(taken | sed -n 's/^RCPT TO:<\(.\)@t.test>.*/\1/p' | sort | xargs)" = \
		"b c" ]
	if taken | grep -qi Resent-Bcc; then return 1; fi
}

@test "a line of one dot ends it, unless -i or -oi" {
	scripted
	printf 'Subject: x\n\none\n.\ntwo\n' | sendmail b@t.test
	if grep -q two "$T/sink/1.mail"; then return 1; fi
	printf 'Subject: x\n\none\n.\ntwo\n' | sendmail -oi b@t.test
	grep -q two "$T/sink/2.mail"
}

@test "From is made when there is none, with the name of -F" {
	scripted
	printf 'Subject: x\n\ntext\n' |
		sendmail -i -F 'A "B" C' -f a@here.test b@t.test
	taken | grep -qxF 'From: "A \"B\" C" <a@here.test>'
	printf 'Subject: x\n\ntext\n' | sendmail -i -f anna b@t.test
	tr -d '\r' <"$T/sink/2.mail" | grep -qx 'From: <anna@mx.here.test>'
}

@test "text without a header gets one" {
	scripted
	printf 'just text\n' | sendmail -i -f a@here.test b@t.test
	taken | sed '1,/^$/d' | diff - <(
		printf 'From: <a@here.test>\n\njust text\n')
}

@test "the null sender, CRLF input, an mbox line, a missing last line end" {
	scripted
	printf 'From x Mon\r\nSubject: x\r\n\r\n..a\rb\r\nlast' |
		sendmail -i -f '<>' b@t.test
	grep -q '^MAIL FROM:<>' "$T/sink/1.mail"
	[ "$(grep -c From "$T/sink/1.mail")" -eq 1 ]
	printf '..a b\r\nlast\r\n' | cmp - <(tail -n 2 "$T/sink/1.mail")
}

@test "DSN options and 8-bit text" {
	scripted -m 'extensions DSN|8BITMIME|SMTPUTF8'
	printf 'Subject: x\n\n\303\244\n' | sendmail -i -f a@here.test \
		-N success,delay -R hdrs -V 'x+1' b@t.test
	said | grep -qx 'MAIL FROM:<a@here.test> BODY=8BITMIME RET=HDRS ENVID=x+2B1'
	said | grep -qx 'RCPT TO:<b@t.test> NOTIFY=SUCCESS,DELAY'
	printf 'Subject: \303\244\n\nx\n' | sendmail -i -f a@here.test b@t.test
	said | grep -qx 'MAIL FROM:<a@here.test> BODY=8BITMIME SMTPUTF8'
}

@test "options that mean nothing here are taken" {
	scripted
	printf 'Subject: x\n\ntext\n' | sendmail -i -m -n -U -G -oem -odb -oeq \
		-ee -O DeliveryMode=b -h 3 -L tag -A x -d0.1 -B 7BIT -p smtp \
		-C /nowhere -r a@here.test -- b@t.test
	grep -q 'RCPT TO:<b@t.test>' "$T/sink/1.mail"
	sendmail -bi
	ln -s "$BIN/sendmail" "$T/newaliases"
	"$T/newaliases"
}

# ---- refusals

refused() { # STATUS MODE...
	local wanted=$1
	shift
	scripted -m "$@"
	printf 'Subject: x\n\nkept\n' >"$T/in"
	run sendmail -i -f a@here.test b@t.test <"$T/in"
	echo "$output"
	[ "$status" -eq "$wanted" ]
	dead | grep -qx kept
	dead | head -n 1 | grep -q '^From a@here.test '
}

@test "refused: unknown user is 67" {
	refused 67 'rcpt 550 5.1.1 Nobody of that name'
	[[ $output == *"b@t.test: 550 5.1.1 Nobody of that name"* ]]
}
@test "refused: policy is 77" { refused 77 'mail 550 5.7.1 No'; }
@test "refused: content is 65" { refused 65 'dot 554 5.6.0 No'; }
@test "refused: later is 75" { refused 75 'dot 451 4.3.0 Later'; }
@test "refused: 421 is 75" { refused 75 'greet 421 4.3.2 Busy'; }
@test "refused: a connection that breaks is 75" { refused 75 'close-at dot'; }
@test "refused: an answer that is none is 75" { refused 75 'ok-without-code'; }

@test "refused: too big, before it is sent" {
	refused 65 'mail 552 5.3.4 Too big'
	said | grep -q '^MAIL FROM:<a@here.test> SIZE=20$'
	if said | grep -q '^DATA'; then return 1; fi
}

@test "one of two refused: the other has it, and it is saved" {
	scripted -m 'reject b@t.test 550 5.1.1 No'
	run sendmail -i -f a@here.test b@t.test c@t.test <<<$'Subject: x\n\nkept'
	[ "$status" -eq 67 ]
	grep -q 'RCPT TO:<c@t.test>' "$T/sink/1.mail"
	dead | grep -qx kept
}

@test "more recipients than the server takes at once" {
	scripted -m 'reject b3@t.test 452 4.5.3 Enough'
	run sendmail -i -f a@here.test b1@t.test b2@t.test b3@t.test \
		<<<$'Subject: x\n\ntext'
	# Two transactions; in the second it is refused for itself.
	[ "$(said | grep -c '^MAIL')" -eq 2 ]
	[ "$status" -eq 75 ]
}

@test "no server: 75, and saved" {
	run sendmail -i -f a@here.test b@t.test <<<$'Subject: x\n\nFrom me\n>From you'
	[ "$status" -eq 75 ]
	dead | grep -qx '>From me'
	dead | grep -qx '>>From you'
	[ "$(stat -c %a "$HOME_alice/dead.letter")" = 600 ]
	run sendmail -i b@t.test <<<$'Subject: y\n\nsecond'
	[ "$(dead | grep -c '^From ')" -eq 2 ]
}

@test "a dead.letter that is a link is not written through" {
	ln -s "$T/target" "$HOME_alice/dead.letter"
	run sendmail -i b@t.test <<<$'Subject: y\n\ntext'
	[ "$status" -eq 75 ]
	[ ! -e "$T/target" ]
	path=$(sed -n 's/.*saved in //p' <<<"$output")
	grep -qx text "$path"
	rm "$path"
}

@test "a configuration that is wrong loses nothing" {
	echo 'nonsense here' >>"$CONFIG/mailroom.conf"
	run sendmail -i b@t.test <<<$'Subject: y\n\ntext'
	[ "$status" -eq 78 ]
	dead | grep -qx text
}

@test "usage" {
	run sendmail <<<x
	[ "$status" -eq 64 ]
	run sendmail -t <<<$'Subject: x\n\ny'
	[ "$status" -eq 64 ]
	run sendmail -bd
	[ "$status" -eq 64 ]
	run sendmail -Z
	[ "$status" -eq 64 ]
	run sendmail -N perhaps b@t.test
	[ "$status" -eq 64 ]
}

# ---- the real server.  Alice of the tests has no account, and may send as
# nobody only; we may send as anybody.

@test "mail arrives" {
	real
	ours -i -f alice@here.test bob@here.test <<<$'Subject: real\n\n.text'
	[ "$(messages bob)" -eq 1 ]
	message bob | grep -qx '.text'
	message bob | grep -qx 'Return-Path: <alice@here.test>'
}

@test "mail for elsewhere waits in the spool" {
	real
	ours -i -f alice@here.test x@there.test <<<$'Subject: real\n\ntext'
	[ "$(waiting)" -eq 1 ]
}

@test "an unknown user is reported" {
	real
	run sendmail -i -f '<>' nobody@here.test <<<$'Subject: x\n\ntext'
	[ "$status" -eq 67 ]
	dead | grep -qx text
}

@test "somebody else's address is refused" {
	[ "$EUID" -eq 0 ] || skip "who runs the server may send as anybody"
	real
	run sendmail -i -f bob@here.test bob@here.test <<<$'Subject: x\n\ntext'
	[ "$status" -eq 77 ]
	[ -z "$(messages bob)" ]
	dead | grep -qx text
}

@test "-bs speaks for itself" {
	real
	run sendmail -bs <<<$'EHLO x\r\nQUIT\r'
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == 220\ * ]]
	[[ $output == *"221 2.0.0"* ]]
}

@test "-bv verifies" {
	real
	run sendmail -bv bob@here.test
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "bob@here.test ... deliverable"* ]]
	run sendmail -bv nobody@here.test
	[ "$status" -eq 67 ]
}

@test "-bp is mailq, -q kicks" {
	run "$BIN/sendmail" -c "$CONFIG" -bp
	[ "$status" -eq 0 ]
	[ "$output" = "the mail queue is empty" ]
	start kick python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(s.recv(10))' "$RUN/kick"
	wait_for 20 test -S "$RUN/kick"
	chmod 666 "$RUN/kick"
	sendmail -q
	wait_for 20 grep -qF '*' "$T/kick.out"
	sendmail -q30m
}
