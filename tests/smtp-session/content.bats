#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# What happens to the content: line ends, dots, sizes, the header.

load ../lib
load smtp

# deliver <TRANSCRIPT: content for alice, from a stranger's address of this
# host; the transcript is what stands between 354 and the reply, and it.
deliver() {
	{
		cat <<-END
		$(from_to a@b.test alice@here.test)
		C: DATA
		S: 354...
		END
		cat
	} | talk "$@"
}

# far_deliver <TRANSCRIPT: the same from elsewhere.
far_deliver() {
	{
		from_to a@b.test alice@here.test
		printf '%s\n' 'C: DATA' 'S: 354...'
		cat
	} | stranger
}

# body: of the newest message, after the first empty line.
body() { message | sed '1,/^$/d'; }

@test "dots: unstuffed once, only CRLF . CRLF ends" {
	deliver <<-'END'
	C: Subject: dots
	C:
	C: ..
	C: ...three
	C: .one
	C: in . line.
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(body)" = ".
..three
one
in . line." ]
}

@test "empty message, and one without a header" {
	deliver <<-END
	C: .
	S: 250 2.0.0 Ok, id ...
	$(from_to a@b.test bob@here.test)
	C: DATA
	S: 354...
	C: No header here, sorry
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(message bob | tail -n 2)" = "
No header here, sorry" ]
	message | grep -q '^Received: '
}

# Each would end the message somewhere else: one mail comes out, whole.
@test "smuggling: no other line end ends the message" {
	local n=0 end
	for end in '\n.\n' '\n.\r\n' '\r\n.\n' '\r.\r' '\r\n.\r' '\r.\r\n' \
		'\r\n\0.\r\n' '\r\n.\0\r\n' '\r\r\n.\r\r\n' '\n\r.\r\n' \
		'\r\n.\r\r\n' '\r\n.\r\n\r'; do
		[ "$end" != '\r\n.\r\n\r' ] || continue
		deliver <<-END
		C: Subject: smuggle
		C:
		C< one${end}MAIL FROM:<evil@b.test>\r\nRCPT TO:<bob@here.test>\r\nDATA\r\nSubject: two\r\n
		C: last
		C: .
		S: 250 2.0.0 Ok, id ...
		C: QUIT
		S: 221 2.0.0 Bye
		END
		n=$((n + 1))
		[ "$(count alice)" -eq "$n" ]
		[ "$(count bob)" -eq 0 ]
		body | grep -qx last
	done
	[ "$n" -eq 11 ]
}

# Everything that somebody may take for a line end, on both sides of the dot,
# in one session: each is one mail, and what follows is the next one.
ends=('\r\n' '\n' '\r' '\r\r\n' '\n\r' '\r\0\n' '\0\r\n' '\x0b' '\x0c' '\x1c'
	'\x85' '\xc2\x85' '\xe2\x80\xa8' '\r \n' ' \r\n' '\r\n.' '.\r\n')

# is_end BEFORE AFTER: these two and a dot between them do end a message.
is_end() {
	[[ $1 = *'\r\n' && $2 = '\r\n'* ]]
}

# corpus ENVELOPE: the dialogue; its length goes to $T/n.
corpus() {
	local before after n=0
	for before in "${ends[@]}"; do
		for after in "${ends[@]}"; do
			! is_end "$before" "$after" || continue
			printf '%s\n' "$1" 'C: DATA' 'S: 354...' \
				"C: Subject: $((++n))" C: \
				"C< one$before.${after}MAIL FROM:<evil@b.test>\\r\\nRCPT TO:<bob@here.test>\\r\\nDATA\\r\\nx\\r\\n" \
				'C: last' 'C: .' 'S: 250 2.0.0 Ok, id ...'
		done
	done
	echo "$n" >"$T/n"
}

@test "smuggling: every pair of line ends yields one mail only" {
	corpus "$(from_to a@b.test alice@here.test)" >"$T/corpus"
	stranger <"$T/corpus"
	[ "$(cat "$T/n")" -gt 270 ]
	[ "$(count alice)" -eq "$(cat "$T/n")" ]
	[ "$(count bob)" -eq 0 ]
	[ "$(grep -rl '^last' "$MAILDIR_alice/new" | wc -l)" -eq "$(cat "$T/n")" ]
}

@test "smuggling: the same on its way out, where no line end is bare" {
	local file
	corpus "$(from_to a@b.test x@remote.test)" >"$T/corpus"
	local_peer <"$T/corpus"
	[ "$(waiting)" -eq "$(cat "$T/n")" ]
	for file in "$SPOOL"/new/*; do
		not grep -q $'\r' "$file"
	done
}

@test "smuggling: octet by octet" {
	local end octet
	for end in '\n.\r\n' '\r\n.\n' '\r.\r\n' '\r\n.\r' '\r\n.\r\r\n'; do
		{
			printf '%s\n' 'C: Subject: x' C: 'C< one'
			while [ -n "$end" ]; do
				octet=${end:0:1}
				[ "$octet" != \\ ] || octet=${end:0:2}
				end=${end#"$octet"}
				printf '%s\n' "C< $octet" 'C! wait 0'
			done
			printf '%s\n' 'C: MAIL FROM:<evil@b.test>' 'C! wait 0' \
				'C: last' 'C! wait 0' 'C< \r' 'C! wait 0' \
				'C< \n' 'C! wait 0' 'C< .' 'C! wait 0' \
				'C< \r' 'C! wait 0' 'C< \n' \
				'S: 250 2.0.0 Ok, id ...'
		} | deliver
	done
	[ "$(count alice)" -eq 5 ]
}

@test "bare LF is a line end in storage, bare CR and NUL are kept" {
	far_deliver <<-'END'
	C: Subject: odd
	C:
	C< one\ntwo\rthree\0four\r\n
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	body >"$T/body"
	printf 'one\ntwo\rthree\0four\n' | cmp - "$T/body"
}

@test "strict-newlines: refused, but only at the true end" {
	config strict-newlines yes
	deliver <<-'END'
	C: Subject: odd
	C:
	C< one\ntwo\r\n.\n
	C: NOOP
	C: .
	S: 550 5.5.2 Bare LF or CR in the message
	C: NOOP
	S: 250 2.0.0 Ok
	END
	[ "$(count alice)" -eq 0 ]
	nothing_left
}

@test "a client of this host: its bare CR becomes a blank" {
	deliver <<-'END'
	C: Subject: odd
	C:
	C< one\ntwo\rthree\r\n
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(body)" = "one
two three" ]
}

@test "a local program's bare CR becomes a blank" {
	deliver -p <<-'END'
	C: Subject: odd
	C:
	C< two\rthree\r\n
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(body)" = "two three" ]
}

@test "8-bit and very long lines are kept as they are" {
	local x
	x=$(printf '%0100000d' 7)
	deliver <<-END
	C: Subject: long
	C:
	C: $x
	C: \\xff\\xfe
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	body >"$T/body"
	printf '%s\n\xff\xfe\n' "$x" | cmp - "$T/body"
}

@test "header: Return-Path goes, the rest stays as it was" {
	deliver <<-'END'
	C: Return-Path: <forged@b.test>
	C: X-One: 1
	C: return-path: <forged@b.test>
	C:  folded
	C: X-Two: 2
	C:
	C: Return-Path: in the body
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	message >"$T/mail"
	[ "$(sed -n 1p "$T/mail")" = 'Return-Path: <a@b.test>' ]
	[ "$(sed -n 2p "$T/mail")" = 'Delivered-To: alice@here.test' ]
	grep -qx 'Received: from client.test (\[127.0.0.1\])' "$T/mail"
	grep -qxP '\tby mx.here.test with ESMTP id \w+-1' "$T/mail"
	grep -qxP '\tfor <alice@here.test>;' "$T/mail"
	[ "$(sed '1,/^\t[A-Z][a-z][a-z], /d' "$T/mail")" = "X-One: 1
X-Two: 2

Return-Path: in the body" ]
}

@test "Received names nobody when there are two; the id is everywhere" {
	talk <<-'END'
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<bob@here.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: .
	S~ 250 2\.0\.0 Ok, id (?P<id>\S+-1)
	END
	local id
	id=$(message | sed -n 's/.*with ESMTP id \([^;]*\);*$/\1/p')
	not has 'for <'
	logged " delivered id=$id .* mailbox=alice "
	logged " delivered id=$id .* mailbox=bob "
}

@test "too big: swallowed to the dot, then 552; far too big: 421" {
	config size 65536
	local x
	x=$(printf '%060000d' 0)
	deliver <<-END
	C: $x
	C: $x
	C: .
	S: 552 5.3.4 Message too big
	C: NOOP
	S: 250 2.0.0 Ok
	$(from_to a@b.test alice@here.test)
	C: DATA
	S: 354...
	C: $x
	C: $x
	C: $x
	S: 421 4.3.0 Message far too big, closing
	S! eof
	END
	[ "$(count alice)" -eq 0 ]
	nothing_left
}

@test "3 MiB go over the disk, whole" {
	head -c 3145728 /dev/urandom | base64 -w 76 | sed 's/$/\r/' >"$T/big"
	deliver <<-END
	C: Subject: big
	C:
	C@ $T/big
	C: .
	S: 250 2.0.0 Ok, id ...
	$(from_to a@b.test bob@here.test)
	C: DATA
	S: 354...
	C: small
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	body | sed 's/$/\r/' | cmp - "$T/big"
	[ "$(message bob | tail -n 1)" = small ]
	nothing_left
}

@test "mail loops: Received a hundred times, or delivered here before" {
	{
		for _ in {1..101}; do echo 'C: Received: from a by b; today'; done
		printf '%s\n' 'C:' 'C: .' 'S: 554 5.4.6 Mail is going in circles'
	} | deliver
	deliver <<-'END'
	C: Delivered-To: ALICE@here.test
	C:
	C: .
	S: 554 5.4.6 Mail is going in circles
	END
	deliver <<-'END'
	C: Delivered-To: bob@here.test
	C:
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(count alice)" -eq 1 ]
}

@test "one of two recipients is a loop: the sender is told" {
	talk <<-END
	$(from_to bob@here.test alice@here.test bob@here.test)
	C: DATA
	S: 354...
	C: Delivered-To: alice@here.test
	C:
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(count alice)" -eq 0 ]
	[ "$(count bob)" -eq 1 ]
	rcpts | grep -q '^F .*alice@here.test'
	submit_socket
	"$BIN/mailq-run" -c "$CONFIG"
	[ "$(waiting)" -eq 0 ]
	has '^Status: 5.4.6' bob
	has 'The message ran in a loop' bob
}

@test "an mbox line on top is no header" {
	deliver <<-'END'
	C: From bob Mon Nov 20 12:00:00 2026
	C: Subject: x
	C:
	C: text
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	message | grep -qx 'Subject: x'
	not has '^From bob'
}
