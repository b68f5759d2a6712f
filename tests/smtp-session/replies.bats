#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Replies that need more than a line to come about; and that each reply of the
# program stands in some dialogue here.

load ../lib
load smtp

@test "each reply that the program has is in a dialogue" {
	# What a session says when nobody is there to hear it.
	local heard='Lost|client left|TLS handshake failed'
	cat "$BATS_TEST_DIRNAME"/*.bats "$BATS_TEST_DIRNAME/smtp.bash" \
		"$ROOT"/tests/session/*.bats >"$T/said"
	# { 501, "5.5.4", "Takes no argument", false }, over two lines or one
	cat "$ROOT"/smtp-session/*.c | tr '\n' ' ' |
		grep -oP '\{ [2-5]\d\d, ("[\d.]+"|NULL),\s+"[^"\\]*' |
		sed -E 's/^\{ ([0-9]+), (NULL|"([0-9.]+)"),\s+"/\1 \3 /; s/  / /' |
		grep -vE " ($heard)\$" | sort -u >"$T/replies"
	[ "$(wc -l <"$T/replies")" -gt 70 ]
	local missing=0
	while IFS= read -r reply; do
		reply=${reply:0:24}
		grep -qF -e "$reply" -e "${reply:0:3}-${reply:4}" "$T/said" || {
			echo "in no dialogue: $reply"
			missing=1
		}
	done <"$T/replies"
	[ "$missing" -eq 0 ]
}

@test "silence: 421 4.4.2, sooner when most places are taken" {
	config connections 5
	start listener systemd-socket-activate --inetd -a -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 2525
	local fd
	for fd in 21 22 23 24; do
		eval "exec $fd<>/dev/tcp/$HOST/2525"
		IFS= read -r -u "$fd" line
		[[ $line = 220* ]]
	done
	"$TOOL/chat" -t 25 "$HOST:2525" <<-'END'
	S: 220...
	S: 421 4.4.2 Nothing heard for too long, closing
	S! eof
	END
	logged 'code=421 status=4.4.2'
	for fd in 21 22 23 24; do eval "exec $fd>&-"; done
}


@test "SIGTERM: 421 4.3.2 between two commands" {
	start listener systemd-socket-activate --inetd -a -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 2525
	exec 8<>"/dev/tcp/$HOST/2525"
	IFS= read -r -u 8 line
	[[ $line = 220* ]]
	printf 'EHLO x\r\n' >&8
	while IFS= read -r -u 8 line; do [[ $line != 250\ * ]] || break; done
	kill -TERM "$(pgrep -P "$PID_listener")"
	IFS= read -r -t 20 -u 8 line
	[ "$line" = $'421 4.3.2 Going down, try again soon\r' ]
	exec 8>&-
}

@test "a hundred commands that do nothing, then they are errors" {
	{
		for _ in {1..100}; do
			printf '%s\n' 'C: NOOP' 'S: 250 2.0.0 Ok'
		done
		for _ in {1..19}; do
			printf '%s\n' 'C: RSET' 'S: 250 2.0.0 Ok'
		done
		printf '%s\n' 'C: VRFY alice' \
			'S: 421 4.7.0 Too many errors, closing' 'S! eof'
	} | talk
}

@test "content that drips: 421 4.4.2 after a minute" {
	[ -n "${SOAK:-}" ] || skip "make soak waits for a minute"
	{
		from_to a@b.test alice@here.test
		printf '%s\n' 'C: DATA' 'S: 354...'
		for _ in {1..70}; do
			printf '%s\n' 'C: drip' 'C! wait 1'
		done
		printf '%s\n' 'S: 421 4.4.2 Data came too slowly, closing' \
			'S! eof'
	} | talk
	[ "$(count alice)" -eq 0 ]
	nothing_left
}

@test "a thousand messages are enough for one session" {
	{
		for _ in {1..1000}; do
			from_to a@b.test alice@here.test
			printf 'C< BDAT 6 LAST\\r\\na: b\\r\\n\n'
			echo 'S: 250 2.0.0 Ok, id ...'
		done
		printf '%s\n' 'C: MAIL FROM:<a@b.test>' \
			'S: 421 4.7.0 Enough mail for one session' 'S! eof'
	} >"$T/chat"
	[ -n "${SOAK:-}" ] || skip "make soak sends a thousand"
	talk -t 60 <"$T/chat"
	[ "$(count alice)" -eq 1000 ]
}

@test "ten thousand recipients are enough for one session, too" {
	[ -n "${SOAK:-}" ] || skip "make soak names ten thousand"
	config recipients 1000
	local i j
	{
		for i in {1..10}; do
			printf '%s\n' 'C: MAIL FROM:<>' 'S: 250 2.1.0 Sender ok'
			for j in {1..1000}; do
				printf '%s\n' "C: RCPT TO:<$j@$i.test>" \
					'S: 250 2.1.5 Recipient ok'
			done
			printf '%s\n' 'C: RSET' 'S: 250 2.0.0 Ok'
		done
		from_to '' one@b.test two@b.test
		printf '%s\n' 'C: RSET' 'S: 250 2.0.0 Ok' \
			'C: MAIL FROM:<>' \
			'S: 421 4.7.0 Enough mail for one session' 'S! eof'
	} >"$T/chat"
	local_peer <"$T/chat"
}

@test "little space in the spool: 452 at MAIL" {
	config spool-reserve 1000000000G
	talk <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 452 4.3.1 No space here now, try later
	C: MAIL FROM:<a@b.test> SIZE=10
	S: 452 4.3.1 No space here now, try later
	END
	logged 'code=452 status=4.3.1 .*reason="spool-reserve, [0-9]* free"'
	config spool-reserve 64K
	talk <<<"$(from_to a@b.test)"
}

@test "a header without an end: 554 5.6.0" {
	local i
	{
		from_to a@b.test alice@here.test
		printf '%s\n' 'C: DATA' 'S: 354...'
		for i in {1..3000}; do
			printf 'C: X-%d: %0100d\n' "$i" 0
		done
		printf '%s\n' 'C: Delivered-To: alice@here.test' 'C:' 'C: .' \
			'S: 554 5.6.0 The header has no end'
		# Long text in which no header ever was is no header.
		from_to a@b.test bob@here.test
		printf '%s\n' 'C: DATA' 'S: 354...' 'C: no field'
		for i in {1..3000}; do printf 'C: %0100d\n' 0; done
		printf '%s\n' 'C: .' 'S: 250 2.0.0 Ok, id ...'
	} | talk
	[ "$(count alice)" -eq 0 ]
	[ "$(count bob)" -eq 1 ]
}

@test "a header of more than 1000 fields: 554 5.6.0" {
	local n
	for n in 1000 1001; do
		from_to a@b.test alice@here.test
		printf '%s\n' 'C: DATA' 'S: 354...'
		seq -f 'C: X-%.0f: x' "$n"
		[ "$n" -eq 1000 ] && echo 'C:' || echo 'C: text'
		printf '%s\n' 'C: .' "S: $(
			[ "$n" -eq 1000 ] && echo '250 2.0.0 Ok, id ...' ||
				echo '554 5.6.0 More than 1000 header fields'
		)"
	done | talk
	logged 'code=554 status=5.6.0 .*reason="1001 header fields"'
	[ "$(count alice)" -eq 1 ]
	[ "$(message alice | grep -c '^X-')" -eq 1000 ]
	# On its way from the spool it has grown, and is ours already.
	seq -f 'C: X-%.0f: x' 1002 >"$T/fields"
	local_peer <<-END
	$(from_to a@b.test alice@here.test)
	C: DATA
	S: 354...
	$(cat "$T/fields")
	C: .
	S: 250 2.0.0 Ok, id ...
	END
}

@test "DATA with an argument, BDAT and DATA in one message" {
	talk <<-END
	$(from_to a@b.test alice@here.test)
	C: DATA now
	S: 501 5.5.4 Takes no argument
	C: RCPT TO:<alice@here.test> <bob@here.test>
	S: 555 5.5.4 Unknown parameter
	C: RCPT TO:<alice@here.test>,<bob@here.test>
	S: 501 5.1.3 Bad recipient address syntax
	C< BDAT 6\\r\\na: b\\r\\n
	S: 250 2.0.0 6 octets received
	C: DATA
	S: 503 5.5.1 Send BDAT or RSET
	C: MAIL FROM:<a@b.test>
	S: 503 5.5.1 Send BDAT or RSET
	C: STARTTLS
	S: 503 5.5.1 Send BDAT or RSET
	END
}

@test "HTTP: 221 2.7.0 for each of its verbs" {
	local verb
	for verb in GET POST CONNECT; do
		printf '%s\n' 'S: 220 mx.here.test ESMTP' \
			"C: $verb / HTTP/1.1" 'S: 221 2.7.0 This is a mail server' \
			'S! eof' | chat smtp-session
	done
}

@test "STARTTLS without, with an argument, with a key nobody may have" {
	talk <<-'END'
	C: STARTTLS
	S: 502 5.5.1 No TLS here
	END
	private_certificate "$CONFIG/tls" mx.here.test
	chmod 644 "$CONFIG/tls/key.pem"
	talk <<-'END'
	C: STARTTLS now
	S: 501 5.5.4 Takes no argument
	C: STARTTLS
	S: 454 4.7.0 TLS cannot be used now
	C: STARTTLS
	S: 454 4.7.0 TLS cannot be used now
	C: NOOP
	S: 250 2.0.0 Ok
	END
	logged 'verb=STARTTLS code=454 .*reason=".*key.pem'
}

@test "VRFY of a name in several domains: 553; EXPN of what is elsewhere" {
	printf '%s\n' one.test two.test >>"$CONFIG/domains"
	printf '%s\n' 'info@one.test: alice' 'info@two.test: bob' \
		'sales@two.test: bob' >"$CONFIG/aliases"
	talk <<-'END'
	C: VRFY info
	S: 553-5.1.4 Ambiguous, may be one of
	S: 553-5.1.4 <info@one.test>
	S: 553 5.1.4 <info@two.test>
	C: VRFY sales
	S: 250 2.1.5 <sales@two.test>
	C: VRFY alice
	S: 250 2.1.5 <alice@mx.here.test>
	C: VRFY nobody
	S: 550 5.1.1 No such user here
	C: EXPN x@remote.test
	S: 550 5.1.1 Not one of ours
	END
	rm "$CONFIG/aliases"
	mkdir "$CONFIG/aliases"
	talk <<-'END'
	C: VRFY alice
	S: 451 4.3.0 Cannot look that up now, try later
	END
}

@test "lengths: local part 64, domain 255, ORCPT 500, ENVID 100" {
	local l64 l65 d e100 o500
	l64=$(printf '%064d' 1) l65=$(printf '%065d' 1)
	d=$(printf '%063d.%063d.%063d.%058d.test' 1 2 3 4)
	e100=$(printf '%0100d' 1) o500=$(printf 'rfc822;%0493d' 1)
	[ "${#d}" -eq 255 ]
	talk <<-END
	C: MAIL FROM:<$l64@b.test> ENVID=$e100
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<$l64@here.test> ORCPT=$o500
	S: 550 5.1.1 No such user here
	C: RCPT TO:<$l65@here.test>
	S: 501 5.1.3 Bad recipient address syntax
	C: RCPT TO:<alice@here.test> ORCPT=${o500}1
	S: 501 5.5.4 Bad parameter value
	C: RCPT TO:<alice@here.test> ORCPT=rfc822;a+4
	S: 501 5.5.4 Bad parameter value
	C: RSET
	S: 250 2.0.0 Ok
	C: MAIL FROM:<a@b.test> ENVID=${e100}1
	S: 501 5.5.4 Bad parameter value
	END
}
