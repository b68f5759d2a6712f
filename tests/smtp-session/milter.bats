#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Mail filters: what each answer does to command, message and recipients, and
# what becomes of mail when a filter does not work.

load ../lib
load smtp
bats_require_minimum_version 1.5.0

# filter NAME [OPTION...] [STEP:ANSWER...]: tests/tool/milter on $T/NAME.sock,
# the commands it got in $T/NAME.log.
filter() {
	local name=$1
	shift
	start "$name" "$TOOL/milter" -u "$T/$name.sock" -l "$T/$name.log" "$@"
	wait_for 20 grep -q ready "$T/$name.out"
}

# one [STEP:ANSWER...]: one filter of the mail exchange.
one() {
	filter one "$@"
	config milters "unix:$T/one.sock,seconds=2"
}

# refused: the dialogue in stdin ends with this reply after the final dot.
refused() { END_OF_DATA="S: $1" send carol@there.test alice@here.test; }

# give: what a client hears that sends one mail, whatever it hears.
give() {
	printf '%s\r\n' 'EHLO me' 'MAIL FROM:<a@b.test>' \
		'RCPT TO:<alice@here.test>' DATA 'Subject: x' '' text . QUIT |
		"$BIN/smtp-session" -c "$CONFIG"
}

# told PATTERN [NAME]: the filter got such a command.
told() { grep -qE -- "$1" "$T/${2:-one}.log"; }

@test "milter: it gets the whole message, and mail comes through" {
	one
	talk <<-'END'
	C: MAIL FROM:<carol@there.test> SIZE=900 BODY=8BITMIME
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test> NOTIFY=FAILURE,DELAY
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<nobody@here.test>
	S: 550 5.1.1 No such user here
	C: DATA
	S: 354...
	C: Subject: one
	C:  folded
	C: X-Two:nothing
	C:
	C: first
	C: ..dot
	C: .
	S: 250 2.0.0 Ok, id ...
	C: NONSENSE 1
	S: 500 5.5.1 Unknown command
	C: QUIT
	S: 221 2.0.0 Bye
	END
	[ "$(count alice)" -eq 1 ]
	cat "$T/one.log"
	told '^options .*x06'
	told '^macros Cj[|]mx.here.test[|]v[|]mailroom[|]\{daemon_name\}[|]exchange[|]'
	told '^connect \[127.0.0.1\][|]4.*127.0.0.1[|]$'
	told '^helo client.test[|]$'
	told '^macros Mi[|].*-1[|]'
	told '^mail <carol@there.test>[|]SIZE=900[|]BODY=8BITMIME[|]$'
	told '^macros R.*\{rcpt_mailer\}[|]local[|]\{rcpt_host\}[|]here.test[|]'
	told '^rcpt <alice@here.test>[|]NOTIFY=FAILURE,DELAY[|]$'
	not told '^rcpt <nobody'
	told '^data $'
	told '^header Subject[|]one\\n folded[|]$'
	told '^header X-Two[|]nothing[|]$'
	not told '^header Received'
	told '^eoh $'
	told '^body first\\r\\n.dot\\r\\n$'
	told '^end $'
	told '^unknown NONSENSE 1[|]$'
	not told '^abort'
	told '^quit'
}

@test "milter: no word, no filter; other listeners have their own" {
	filter one
	config milters-local "unix:$T/one.sock"
	config milters-submission "unix:$T/one.sock"
	send carol@there.test alice@here.test
	[ ! -e "$T/one.log" ]
	give | grep -q '^250 2.0.0 Ok, id'
	told 'daemon_name\}[|]local[|]'
	told '^connect localhost[|]4||127.0.0.1[|]$'
}

@test "milter: submission, with the macros of a login" {
	filter one
	config milters-submission "unix:$T/one.sock"
	talk -- -s <<-END
	C: AUTH PLAIN $(printf '\0alice\0%s' "$PASSWORD" | base64 -w0)
	S: 235 2.7.0 Logged in
	C: MAIL FROM:<alice@here.test>
	S: 250 2.1.0 Sender ok
	C: QUIT
	S: 221 2.0.0 Bye
	END
	told 'daemon_name\}[|]submission[|]'
	told '^macros M.*\{auth_type\}[|]PLAIN[|]\{auth_authen\}[|]alice[|]'
}

@test "milter: TCP, and several in their order" {
	start tcp "$TOOL/milter" -a "$HOST@8891" -l "$T/tcp.log" \
		end:add=X-First:yes end:change=1:Subject:new
	filter two end:add=X-Second:yes
	filter three end:accept
	wait_for 20 grep -q ready "$T/tcp.out"
	config milters "inet:$HOST@8891 unix:$T/two.sock unix:$T/three.sock"
	send carol@there.test alice@here.test
	has '^Subject: new$'
	[ "$(message | grep -n '^X-' | cut -d: -f2- | paste -sd' ')" = \
		"X-First: yes X-Second: yes" ]
	told '^header Subject[|]test[|]' tcp
	told '^header Subject[|]new[|]' two
	told '^header X-First[|]yes[|]' two
	told '^header X-Second[|]yes[|]' three
}

@test "milter: macros as it wants them, steps as it wants them" {
	one -m 2:'{client_addr} i' -m 5:'{nosuch},j' -s "$(printf 0x%x \
		$((0x01 | 0x20 | 0x10 | 0x200 | 0x4000 | 0x8000)))"
	send carol@there.test alice@here.test
	not told '^(connect|header|body|data)'
	told '^macros M\{client_addr\}[|]127.0.0.1[|]i[|][^|]*-1[|]$'
	told '^macros Ej[|]mx.here.test[|]$'
	told '^eoh'
}

@test "milter: refused recipients, for one who asks for them" {
	one -s 0x800 rcpt:reject
	talk <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<nobody@here.test>
	S: 550 5.1.1 No such user here
	C: QUIT
	S: 221 2.0.0 Bye
	END
	told '^macros R.*[{]rcpt_mailer[}][|]error[|]'
	told '^rcpt <nobody@here.test>[|]$'
}

@test "milter: behind STARTTLS it hears the name again, and of the cipher" {
	one
	private_certificate "$CONFIG/tls" mx.here.test
	start listener systemd-socket-activate --inetd -a -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 20 listens "$HOST" 2525
	python3 - "$HOST" <<-'END'
	import smtplib, ssl, sys
	s = smtplib.SMTP(sys.argv[1], 2525, local_hostname="client.test")
	s.ehlo()
	s.mail("a@b.test")
	s.rset()
	context = ssl.create_default_context()
	context.check_hostname = False
	context.verify_mode = ssl.CERT_NONE
	s.starttls(context=context)
	s.ehlo()
	s.mail("a@b.test")
	s.quit()
	END
	[ "$(grep -c '^connect' "$T/one.log")" -eq 1 ]
	[ "$(grep -c '^helo client.test' "$T/one.log")" -eq 2 ]
	told '^macros H.*[{]tls_version[}][|]TLSv1.3[|][{]cipher[}][|]TLS_'
}

@test "milter: fields added, put in, changed, taken out" {
	one end:insert=0:X-Top:0 end:insert=1:X-Next:1 end:add='X-End:a\nb\r\n\tc' \
		end:change=2:X-Twice:second end:change=1:X-Gone: \
		end:change=1:X-New:made end:change=7:X-Twice:more end:continue
	talk <<-'END'
	C: MAIL FROM:<carol@there.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: X-Twice: one
	C: X-Gone: secret
	C:  fold
	C: x-twice: two
	C:
	C: text
	C: .
	S: 250 2.0.0 Ok, id ...
	C: QUIT
	S: 221 2.0.0 Bye
	END
	message | sed -n '/^X-Top/,$p' | sed '/^Received/,/^X-/{/^X-/!d}' >"$T/got"
	printf '%s\n' 'X-Top: 0' 'X-Next: 1' 'X-Twice: one' 'X-Twice: second' \
		'X-End: a' $'\tb' $'\tc' 'X-New: made' 'X-Twice: more' '' text |
		diff "$T/got" -
}

@test "milter: another body, also a large one" {
	one end:body='new\r\nbody\r' end:body='\nend\r\n' end:continue
	send carol@there.test alice@here.test
	[ "$(message | sed '1,/^$/d' | paste -sd,)" = new,body,end ]
	has '^Subject: test'
	stop one
	rm "$T/one.sock"
	config milters-local "unix:$T/one.sock"
	filter one end:body="$(head -c 60000 /dev/zero | tr '\0' x)\r\n" end:continue
	{
		printf 'EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<alice@here.test>\r\n'
		printf 'DATA\r\n'
		printf 'Subject: large\r\n\r\n'
		yes "$(printf '%070d\r' 1)" | head -n 40000
		printf '.\r\nQUIT\r\n'
	} | "$BIN/smtp-session" -c "$CONFIG" | grep -q '^250 2.0.0 Ok, id'
	[ "$(message | tail -n 1 | wc -c)" -eq 60001 ]
	has '^Subject: large'
	nothing_left
}

@test "milter: a message beyond memory gets its field" {
	filter one end:add=X-Seen:yes end:continue
	config milters-local "unix:$T/one.sock"
	{
		printf 'EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<alice@here.test>\r\n'
		printf 'DATA\r\n'
		printf 'Subject: large\r\n\r\n'
		yes "$(printf '%070d\r' 1)" | head -n 40000
		printf '.\r\nQUIT\r\n'
	} | "$BIN/smtp-session" -c "$CONFIG" | grep -q '^250 2.0.0 Ok, id'
	has '^X-Seen: yes$'
	[ "$(message | sed '1,/^$/d' | wc -lc | tr -s ' ')" = " 40000 2840000" ]
	[ "$(grep -c '^body' "$T/one.log")" -gt 50 ]
}

@test "milter: sender and recipients" {
	config milters "unix:$T/one.sock"
	filter one end:from='<dave@there.test>' end:delrcpt='<alice@here.test>' \
		end:addrcpt='<bob@here.test>' end:addrcptpar='<eve@far.test>' \
		end:addrcpt='<nobody@here.test>' end:continue
	send carol@there.test alice@here.test alice+x@here.test
	# The mailbox was named twice, and one of its names is left.
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 1 ]
	has '^Return-Path: <dave@there.test>' bob
	[ "$(rcpts | cut -d' ' -f1-2 | cut -f1)" = "T <eve@far.test>" ] ||
		rcpts | grep -q 'eve@far.test'
	logged 'no-rcpt id=.* to=<nobody@here.test>'
}

@test "milter: when nobody is left the mail is thrown away" {
	one end:delrcpt='<alice@here.test>' end:continue
	send carol@there.test alice@here.test
	[ "$(count alice)" -eq 0 ]
	[ "$(waiting)" -eq 0 ]
	logged 'discarded id=.* reason="no recipient is left"'
}

@test "milter: quarantine holds it in the spool" {
	one end:quarantine='looks odd' end:continue
	send carol@there.test alice@here.test bob@here.test
	[ "$(count alice)" -eq 0 ]
	[ "$(find "$SPOOL/hold" -type f | wc -l)" -eq 1 ]
	[ "$(find "$SPOOL/new" -type f | wc -l)" -eq 0 ]
	logged 'quarantined id=.* milter=unix:.* reason="looks odd"'
}

@test "milter: refusals of a command" {
	filter one mail:reject
	filter two rcpt:tempfail
	filter three rcpt:'reply=550 5.7.9 100%% no'
	filter four data:'reply=554-5.7.1 first\r\n554 5.7.1 second'
	filter five helo:'reply=450 slow'
	filter six connect:reject
	filter seven mail:'reply=421 4.3.2 gone'
	filter eight unknown:'reply=502 5.5.9 really not'
	try() {
		config milters "unix:$T/$1.sock"
		talk
	}
	try one <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 550 5.7.1 Refused by a mail filter
	C: MAIL FROM:<a@b.test>
	S: 550 5.7.1 Refused by a mail filter
	C: QUIT
	S: 221 2.0.0 Bye
	END
	told '^abort'
	try two <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test>
	S: 451 4.7.1 A mail filter says to try later
	C: DATA
	S: 554 5.5.1 No valid recipients
	C: QUIT
	S: 221 2.0.0 Bye
	END
	try three <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test>
	S: 550 5.7.9 100% no
	C: QUIT
	S: 221 2.0.0 Bye
	END
	try four <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 554-5.7.1 first
	S: 554 5.7.1 second
	C: QUIT
	S: 221 2.0.0 Bye
	END
	try five <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 450 slow
	C: QUIT
	S: 221 2.0.0 Bye
	END
	try six <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 550 5.7.1 Refused by a mail filter
	C: QUIT
	S: 221 2.0.0 Bye
	END
	try seven <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 421 4.3.2 gone
	END
	try eight <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: GARBLE
	S: 502 5.5.9 really not
	C: QUIT
	S: 221 2.0.0 Bye
	END
	logged 'reject .* reason="milter unix:.*/one.sock: Refused by a mail filter"'
}

@test "milter: refusals of a message" {
	local step
	for step in eoh body end; do
		filter "r$step" "$step:reject"
		config milters "unix:$T/r$step.sock"
		refused '550 5.7.1 Refused by a mail filter'
		filter "t$step" "$step:tempfail"
		config milters "unix:$T/t$step.sock"
		refused '451 4.7.1 A mail filter says to try later'
	done
	[ "$(count alice)" -eq 0 ]
	nothing_left
}

@test "milter: accept and discard, at each step" {
	local step
	for step in connect helo mail rcpt data header eoh body end; do
		filter "a$step" "$step:accept" "$step:die"
		config milters "unix:$T/a$step.sock"
		send carol@there.test alice@here.test
	done
	[ "$(count alice)" -eq 9 ]
	for step in mail rcpt data header eoh body end; do
		filter "d$step" "$step:discard"
		config milters "unix:$T/d$step.sock"
		send carol@there.test alice@here.test
	done
	[ "$(count alice)" -eq 9 ]
	[ "$(grep -c 'discarded id=.*a milter says so' "$LOG")" -eq 7 ]
}

@test "milter: it may skip the rest, and say that it goes on" {
	one -s 0x400 header:skip body:skip end:progress end:wait=0.5 \
		end:progress end:add=X-Late:yes end:continue
	send carol@there.test alice@here.test
	has '^X-Late: yes'
	[ "$(grep -c '^header' "$T/one.log")" -eq 1 ]
}

@test "milter: two mails of one session" {
	one mail@1:reject end:add=X-Seen:yes end:continue
	talk <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 550 5.7.1 Refused by a mail filter
	C: MAIL FROM:<c@b.test>
	S: 250 2.1.0 Sender ok
	C: RSET
	S: 250 2.0.0 Ok
	C: MAIL FROM:<d@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5 Recipient ok
	C: BDAT 19 LAST
	C: Subject: one
	C:
	C: x
	S: 250 2.0.0 Ok, id ...
	C: QUIT
	S: 221 2.0.0 Bye
	END
	has '^X-Seen: yes'
	[ "$(grep -c '^abort' "$T/one.log")" -eq 2 ]
	[ "$(grep -c '^connect' "$T/one.log")" -eq 1 ]
}

@test "milter: a field longer than a packet" {
	one
	{
		printf '%s\r\n' 'EHLO me' 'MAIL FROM:<a@b.test>' \
			'RCPT TO:<alice@here.test>' DATA
		printf 'To: a@b.test,\r\n'
		yes "$(printf ' a.long.name.of.somebody@there.test,\r')" |
			head -n 2000
		printf '\r\ntext\r\n.\r\nQUIT\r\n'
	} >"$T/long"
	config milters-local "unix:$T/one.sock"
	"$BIN/smtp-session" -c "$CONFIG" <"$T/long" |
		grep -q '^552 5.3.4 Field too long'
	sed -i '/^milters/d' "$CONFIG/mailroom.conf"
	"$BIN/smtp-session" -c "$CONFIG" <"$T/long" | grep -q '^250 2.0.0 Ok, id'
}

# ---- filters that do not work

# in_turn REPLY...: one session, a mail for each, its end answered so.
in_turn() {
	local reply
	for reply; do
		from_to carol@there.test alice@here.test
		empty_mail "$reply"
	done | talk
}

@test "milter: dead in one mail, asked again in the next" {
	filter other end:add=X-Other:yes
	filter one -1 end:die
	config milters "unix:$T/other.sock unix:$T/one.sock,seconds=5"
	in_turn '451 4.7.1 A mail filter is away, try later' \
		'250 2.0.0 Ok, id ...' '250 2.0.0 Ok, id ...'
	[ "$(count alice)" -eq 2 ]
	has '^X-Other: yes'
	[ "$(grep -c '^connect' "$T/one.log")" -eq 2 ]
	[ "$(grep -c '^connect' "$T/other.log")" -eq 2 ]
	[ "$(grep -c '^quit' "$T/other.log")" -eq 2 ]
}

@test "milter: dead for ever, one who lets mail pass" {
	filter one end:die
	config milters "unix:$T/one.sock,fail=accept"
	# shellcheck disable=SC2046 # 25 words
	in_turn $(yes 250... | head -n 25)
	[ "$(count alice)" -eq 25 ]
	[ "$(grep -c '^connect' "$T/one.log")" -eq 20 ]
	not logged 'rule='
}

# broken_filter WHAT [STEP:ANSWER...]: the mail is refused for now, then let
# through where the place says so, then refused for good.
broken_filter() {
	local what=$1
	shift
	filter "$what" "$@"
	config milters-local "unix:$T/$what.sock,seconds=1"
	give | grep -q '^451 4.7.1 A mail filter is away' || {
		echo "$what: no 451"
		return 1
	}
	config milters-local "unix:$T/$what.sock,seconds=1,fail=accept"
	give | grep -q '^250 2.0.0 Ok, id'
	config milters-local "unix:$T/$what.sock,fail=reject,seconds=1"
	give | grep -q '^550 5.7.1 A mail filter is away'
	logged "milter place=unix:.*/$what.sock stage=.* reason=.* then=tempfail"
}

@test "milter: not there" {
	config milters-local "unix:$T/nothing.sock"
	give | grep -q '^451 4.7.1 A mail filter is away'
	config milters-local "inet:$HOST@9,fail=accept"
	give | grep -q '^250 2.0.0 Ok, id'
	logged 'milter place=inet:.* stage=open reason="connect: .*then=accept'
	[ "$(count alice)" -eq 1 ]
}

@test "milter: death at each step" {
	local step
	for step in options connect helo mail rcpt data header eoh body end; do
		broken_filter "$step" "$step:die"
	done
	[ "$(count alice)" -eq 10 ]
	nothing_left
}

@test "milter: nonsense at each step" {
	local step n=0
	for step in options connect helo mail rcpt data header eoh body end; do
		broken_filter "$step" "$step:raw=ffffffff63"
		n=$((n + 1))
	done
	[ "$(count alice)" -eq "$n" ]
}

@test "milter: every kind of nonsense" {
	local i=0 raw
	for raw in 00000000 0000000178 000000026800 00000003680041 \
		00000005783a3a3a3a 00000006684120004200 000000052b610d6200 \
		00000003690000 00000006690000000041 000000027178 \
		0000000479353030 00000006793230302000 00000003793500 \
		0000000779343530007800 0001000163 000000016300000001 \
		00000001630000000163; do
		i=$((i + 1))
		broken_filter "n$i" "end:raw=$raw"
	done
	[ "$(count alice)" -eq "$i" ]
	for raw in 0000000163 000000094f0000000600000000 \
		0000000d4f000000010000000000000000 \
		0000000d4f000000070000000000000000 \
		0000000d4f00000006ffffffff00000000 \
		0000000d4f0000000600000000ffffffff \
		000000124f0000000600000100000000000000000041 \
		000000134f000000060000010000000000000000094100 \
		000000134f000000060000000000000000000000004100; do
		i=$((i + 1))
		broken_filter "n$i" "options:raw=$raw"
	done
	[ "$(count alice)" -eq "$i" ]
}

@test "milter: changes out of place, or that it had not announced" {
	broken_filter early mail:add=X:y
	broken_filter skip end:skip
	broken_filter rights -o 0 end:add=X:y
	broken_filter discard connect:discard
	not has '^X: y'
}

@test "milter: silence ends in time" {
	local step
	for step in options mail body; do
		broken_filter "$step" "$step:hang"
	done
	[ "$(count alice)" -eq 3 ]
}

@test "milter: a wrong place in mailroom.conf" {
	local value
	for value in x unix:relative inet:host@25 inet:127.0.0.1 \
		unix:/x,fail=perhaps unix:/x,seconds=0 unix:/x,seconds=601 \
		"$(printf 'unix:/%s ' 1 2 3 4 5 6 7 8 9)"; do
		config milters "$value"
		run -78 "$BIN/smtp-session" -c "$CONFIG" </dev/null
		[[ $output == "421 4.3.0 "* ]]
	done
}
