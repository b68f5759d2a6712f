#!/usr/bin/env bats
# maildir write, reply, forward, bounce, send.

load ../lib
load cmd-common

begin() {
	own_sendmail
	export EMAIL='Alice <alice@here.test>'
	three
}

# editor TEXT...: an EDITOR that replaces the text behind the header.
editor() {
	printf '%s\n' "$@" >"$T/typed"
	cat >"$T/editor" <<-END
		#!/bin/sh
		cp "\$1" "$T/draft"
		{ sed '/^\$/q' "\$1"; cat "$T/typed"; } >"$T/edited"
		cat "$T/edited" >"\$1"
	END
	chmod +x "$T/editor"
	export EDITOR=$T/editor
}

drafts() { find "$M/mailroom-drafts" -type f 2>/dev/null | wc -l; }

# parsed EXPRESSION: true of the message m, as another parser reads it.
parsed() {
	python3 -c '
import email, email.policy, sys
m = email.message_from_bytes(open(sys.argv[1], "rb").read(),
    policy=email.policy.default)
assert eval(sys.argv[2]), m.as_string()' "$T/message" "$1"
}

@test "write: from standard input" {
	begin
	printf 'Grüße\n\xe2\x82\xac\n' | cmd write -e -s 'Schöner Tag' \
		-C carol@far.test bob@far.test 'Jörg <j@far.test>'
	[ "$(cat "$T/arguments")" = '-i -oem -- bob@far.test j@far.test carol@far.test' ]
	[ "$(LC_ALL=C grep -c '[^ -~	]' "$T/message")" -eq 0 ]
	parsed 'm["subject"] == "Schöner Tag" and "Jörg" in m["to"]'
	parsed 'm["from"] == "Alice <alice@here.test>" and m["date"]'
	parsed 'm.get_content() == "Grüße\n€\n"'
	parsed 'm.get_content_type() == "text/plain" and m["message-id"]'
	[ "$(cmd list -f Sent -q 1)" = 1 ]
	[[ $(cmd list -f Sent -j 1) == *'Schöner Tag'*'["seen"]'* ]]
	[ "$(drafts)" -eq 0 ]
}

@test "send: to all whom a field names, or to nobody" {
	local far=that.is.far.away.and.has.a.long.long.long.long.long.long.name.test
	begin
	printf 'To: %s\n\nx\n' "$(seq -f "u%04g@$far" -s,' ' 2000)" >"$T/many"
	cmd send - <"$T/many"
	[ "$(tr ' ' '\n' <"$T/arguments" | grep -c "@$far")" -eq 2000 ]
	rm "$T/arguments"
	sed -i '1s/$/, last@far.test/' "$T/many"
	run cmd send - <"$T/many"
	[ "$status" -eq 1 ]
	[[ $output == *'more than 2000 addresses'* ]]
	[ ! -e "$T/arguments" ]
}

@test "write: editor, Attach and Bcc lines, signature" {
	begin
	echo 'Alice of here' >"$T/.signature"
	printf '\0\1\2' >"$T/ä b.bin"
	cat >"$T/editor" <<-END
		#!/bin/sh
		cp "\$1" "$T/draft"
		{ echo 'Bcc: dave@far.test'; echo 'Attach: ~/ä b.bin'; cat "\$1"; } >"$T/e"
		cat "$T/e" >"\$1"
	END
	chmod +x "$T/editor"
	EDITOR=$T/editor cmd write -s hi bob@far.test </dev/null
	grep -q '^-- $' "$T/draft"
	[ "$(cat "$T/arguments")" = '-i -oem -- dave@far.test bob@far.test' ]
	[ "$(grep -ciE '^(bcc|attach):' "$T/message")" -eq 0 ]
	parsed '[p.get_filename() for p in m.iter_attachments()] == ["ä b.bin"]'
	parsed 'next(m.iter_attachments()).get_content() == b"\0\1\2"'
	cmd raw -f Sent 1 >out </dev/null
	grep -q '^Bcc: dave' out
	cmd save -f Sent 1 </dev/null >/dev/null
	printf '\0\1\2' | cmp - "ä b-1.bin"
}

@test "write: files of any name arrive as they are" {
	local f args=()
	begin
	mkdir there back
	printf 1 >"there/$(printf 'ein langer Name mit Ümläuten und € %.0s' 1 2 3 4).pdf"
	printf '2\n' >'there/a;b"c\d=?x?=.txt'
	printf '\r\nFrom x\n.\r\n' >'there/日本語 文書.csv'
	printf '\xff\xfe\n' >"there/it's.html"
	printf '5\n' >there/-dash
	printf '6\n' >$'there/odd\xff.txt'
	printf '%02000d\n' 7 >there/long
	: >there/empty.txt
	for f in there/*; do
		args+=(-A "$f")
	done
	echo text | cmd write -e "${args[@]}" bob@far.test
	[ "$(wc -L <"$T/message")" -le 998 ]
	parsed 'sorted(p.get_filename() for p in m.iter_attachments())[1:4] == ["a;b\"c\\d=?x?=.txt", "ein langer Name mit Ümläuten und € " * 4 + ".pdf", "empty.txt"]'
	cmd save -f Sent -d back 1 >saved
	[ "$(wc -l <saved)" -eq 8 ]
	for f in there/*; do
		f=${f#there/}
		case $f in
		-dash) cmp there/-dash back/_dash ;;
		*odd*) cmp "there/$f" back/odd* ;;
		*\\*) cmp "there/$f" 'back/d=?x?=.txt' ;;
		*) cmp "there/$f" "back/$f" ;;
		esac
	done
}

@test "write: nothing typed, nothing sent" {
	begin
	EDITOR=true run cmd write bob@far.test </dev/null
	[ "$status" -eq 1 ]
	[ ! -e "$T/message" ]
	[ "$(drafts)" -eq 0 ]
}

@test "a failed send keeps the draft and says where" {
	begin
	editor 'my text'
	echo 75 >"$T/exit"
	run cmd reply 1 </dev/null
	[ "$status" -eq 1 ]
	draft=$(grep -o "/.*mailroom-drafts/draft-[A-Za-z0-9]*" <<<"$output" | head -n 1)
	grep -q 'my text' "$draft"
	[[ $(cmd list -j 1) != *answered* ]]
	run cmd list -f Sent
	[ "$status" -ne 0 ]
	rm "$T/exit"
	cmd send "$draft"
	parsed '"my text" in m.get_content()'
	[[ $(cmd list -j 1) == *answered* ]]
	[ "$(drafts)" -eq 0 ]
}

@test "a failed send: a file that is not there, a line that is no field" {
	begin
	# Before anything is typed.
	EDITOR=false run cmd write -A /nowhere/x bob@far.test </dev/null
	[ "$status" -eq 66 ]
	[ "$(drafts)" -eq 0 ]
	EDITOR="sed -i '1i Attach: /nowhere/x'" run cmd write bob@far.test </dev/null
	[ "$status" -eq 1 ]
	[[ $output == *'/nowhere/x: No such file'*'the draft is kept'* ]]
	[ ! -e "$T/message" ]
	[ "$(drafts)" -eq 1 ]
	run cmd send - <<<$'To: bob@far.test\nno field\n\ntext'
	[ "$status" -eq 1 ]
	[ ! -e "$T/message" ]
}

@test "reply: threading, quoting, the original is answered" {
	begin
	editor 'Antwort'
	cmd reply -a 1 </dev/null
	grep -q '^> Schöne Grüße' "$T/draft"
	parsed 'm["in-reply-to"] == "<1@far.test>" and m["subject"] == "Re: Grüße"'
	parsed 'm["references"] == "<1@far.test>" and "j@far.test" in m["to"]'
	parsed 'm["cc"] is None and m["original"] is None'
	[[ $(cmd list -j 1) == *'"seen","answered"'* ]]
	cmd reply 2 </dev/null
	parsed 'm["references"] == "<1@far.test> <2@far.test>"'
}

# many: as number 4, a message to a list and others, with oneself among them.
many() {
	put new/2000000001.l.h <<-'END'
		Delivered-To: alice-box@here.test
		From: Jürgen <j@far.test>
		To: Dev List <dev@list.test>, "B. Bob" <bob@far.test>
		Cc: bob@far.test, ALICE@here.test, Carol <carol@far.test>, J@far.test
		List-Post: <https://list.test/>, <mailto:dev@list.test?subject=x>
		Subject: topic
		Message-ID: <l1@far.test>

		text
	END
}

# addressed FIELDS ARG...: that is in the draft of a reply.
addressed() {
	local want=$1
	shift
	cmd reply "$@" </dev/null
	[ "$(grep -E '^(From|To|Cc):' "$T/draft")" = "$want" ] ||
		{ cat "$T/draft"; return 1; }
}

@test "reply: each gets it once, and oneself not" {
	local cc='"B. Bob" <bob@far.test>, Carol <carol@far.test>'
	local from='From: Alice <alice@here.test>'
	begin
	editor text
	many
	addressed "$from"$'\nTo: Jürgen <j@far.test>\nCc: ' 4
	addressed "$from"$'\nTo: Jürgen <j@far.test>\nCc: Dev List <dev@list.test>, '"$cc" -a 4
	addressed "$from"$'\nTo: x@far.test\nCc: dave@far.test' -t x@far.test -C dave@far.test 4
	# One's own is answered to those who got it.
	printf 'From: x <Alice@here.test>\nTo: bob@far.test, alice@here.test\nCc: carol@far.test\n\n' |
		put new/2000000002.o.h
	addressed "$from"$'\nTo: bob@far.test\nCc: ' 5
	addressed "$from"$'\nTo: bob@far.test\nCc: carol@far.test' -a 5
	printf 'From: alice@here.test\nTo: alice@here.test\n\n' | put new/2000000003.s.h
	addressed "$from"$'\nTo: alice@here.test\nCc: ' -a 6
}

@test "reply: to the list, and where its author wants it" {
	local from='From: Alice <alice@here.test>'
	begin
	editor text
	many
	addressed "$from"$'\nTo: dev@list.test\nCc: ' -l 4
	addressed "$from"$'\nTo: dev@list.test\nCc: dave@far.test' --list -C dave@far.test 4
	run cmd reply -l 1 </dev/null
	[ "$status" -eq 65 ]
	sed -i '1i Mail-Followup-To: dev@list.test, alice@here.test' "$M"/cur/2000000001.l.h:*
	addressed "$from"$'\nTo: dev@list.test\nCc: ' -a 4
	addressed "$from"$'\nTo: Jürgen <j@far.test>\nCc: ' 4
}

@test "reply: from whom it was for" {
	begin
	editor text
	many
	export EMAIL='Alice <alice@main.test>, "Info, here" <info@here.test>, alice@here.test'
	addressed $'From: Alice <alice@here.test>\nTo: Jürgen <j@far.test>\nCc: ' 4
	sed -i 's/ALICE@/info@/' "$M"/cur/2000000001.l.h:*
	addressed $'From: "Info, here" <info@here.test>\nTo: Jürgen <j@far.test>\nCc: ' 4
	sed -i 's/info@here/x@far/' "$M"/cur/2000000001.l.h:*
	addressed $'From: Alice <alice-box@here.test>\nTo: Jürgen <j@far.test>\nCc: ' 4
	sed -i 1d "$M"/cur/2000000001.l.h:*
	addressed $'From: Alice <alice@main.test>\nTo: Jürgen <j@far.test>\nCc: ' 4
	addressed $'From: Alice <a@b.test>\nTo: Jürgen <j@far.test>\nCc: ' -F a@b.test 4
	EMAIL='Smith, Al <al@main.test>' addressed \
		$'From: Al <al@main.test>\nTo: Jürgen <j@far.test>\nCc: ' 4
	addressed $'From: Al <a@b.test>\nTo: Jürgen <j@far.test>\nCc: ' -F 'Al <a@b.test>' 4
}

@test "reply: flowed text is quoted as it was meant, a page as text" {
	begin
	editor text
	printf '%s\n' 'From: x@far.test' 'Content-Type: text/plain; format=flowed' '' 'one ' 'two' \
		'> three ' '> four' | put new/2000000001.f.h
	cmd reply 4 </dev/null
	grep -qx '> one two' "$T/draft"
	grep -qx '>> three four' "$T/draft"
	cmd reply 3 </dev/null
	grep -qx '> Hello & world' "$T/draft"
}

@test "reply: a name is never an address" {
	begin
	put cur/9.x.h:2, <<-'END'
		From: =?utf-8?Q?a=2C_evil=40far=2Etest=2C_=22b?= <real@far.test>
		Delivered-To: me@here.test
		Subject: =?utf-8?Q?x=0ABcc:_evil=40far.test?=

	END
	editor text
	cmd reply 9.x.h </dev/null
	[ "$(cat "$T/arguments")" = '-i -oem -- real@far.test' ]
	parsed 'm["bcc"] is None and "me@here.test" in m["from"]'
}

@test "forward: the whole message goes along" {
	begin
	editor 'see this'
	cmd forward bob@far.test 1 </dev/null
	parsed 'm["subject"].startswith("Fwd: Gr")'
	parsed '[p.get_content_type() for p in m.iter_attachments()] == ["message/rfc822"]'
	parsed 'next(m.iter_attachments()).get_content()["message-id"] == "<1@far.test>"'
	[[ $(cmd list -j 1) == *forwarded* ]]
	[ "$(drafts)" -eq 0 ]
}

@test "forward: a number from a pipe, the editor at the terminal" {
	begin
	cat >"$T/editor" <<-END
		#!/bin/sh
		[ -t 0 ] && echo 'at a terminal' >>"\$1"
	END
	chmod +x "$T/editor"
	echo s | EDITOR=$T/editor script -qec \
		"'$T/bin/maildir' search -q subject:uu | '$T/bin/maildir' forward bob@far.test" \
		"$T/typescript" >/dev/null
	grep -q 'send, edit again, keep or drop?' "$T/typescript"
	parsed '"at a terminal" in m.get_body().get_content()'
}

@test "forward: within the text, with its files" {
	begin
	echo see this | cmd forward -i -e 'Zoë <z@far.test>' 1
	parsed 'm.get_body().get_content().startswith("see this\n\n---")'
	parsed '"\nSubject: Grüße\n\nSchöne Grüße\n" in m.get_body().get_content()'
	parsed '[p.get_filename() for p in m.iter_attachments()] == ["grüße.txt"]'
	parsed 'next(m.iter_attachments()).get_content() == "Hallo\n"'
	[[ $(cmd list -j 1) == *forwarded* ]]
	editor 'look'
	cmd forward --inline bob@far.test 2 </dev/null
	grep -qx 'Part: 2 2 INBOX' "$T/draft"
	grep -qx 'below' "$T/draft"
	parsed 'm["part"] is None and next(m.iter_attachments()).get_content() == "hi\n"'
	# The file of a message that is attached goes with that.
	put cur/9.y.h:2, <<-'END'
		Content-Type: multipart/mixed; boundary=b

		--b

		hello
		--b
		Content-Type: message/rfc822

		Subject: within
		Content-Type: multipart/mixed; boundary=c

		--c

		there
		--c
		Content-Disposition: attachment; filename=a.txt

		x
		--c--
		--b--
	END
	cmd forward -i bob@far.test 9.y.h </dev/null
	[ "$(grep -c '^Part: ' "$T/draft")" -eq 1 ]
	[ "$(grep -cx 'hello\|there' "$T/draft")" -eq 1 ]
	parsed '[p.get_content_type() for p in m.iter_attachments()] == ["message/rfc822"]'
}

@test "write: an empty draft is none; a file's place stays known" {
	begin
	EDITOR='truncate -s 0' run cmd write bob@far.test </dev/null
	[ "$status" -eq 1 ]
	[ "$(drafts)" -eq 0 ]
	echo hello >file.txt
	editor text
	echo 75 >"$T/exit"
	run cmd write -A file.txt bob@far.test </dev/null
	[ "$(drafts)" -eq 1 ]
	rm "$T/exit"
	cd /
	cmd send "$M"/mailroom-drafts/*
	parsed 'next(m.iter_attachments()).get_content() == "hello\n"'
}

@test "send: which drafts are kept; one of them is edited again" {
	begin
	run cmd send </dev/null
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	editor 'first'
	echo 75 >"$T/exit"
	run cmd write -s 'Schöner Tag' 'Zoë <z@far.test>' </dev/null
	[ "$status" -eq 1 ]
	rm "$T/exit"
	draft=$(cmd send -q </dev/null)
	grep -q first "$draft"
	[ "$(cmd send </dev/null)" = "$draft"$'\tZoë <z@far.test>\tSchöner Tag' ]
	cmd send -j </dev/null >out
	python3 -c 'import json; m = json.load(open("out"))
assert m["draft"].startswith("/") and m["to"] == "Zoë <z@far.test>" and m["subject"] == "Schöner Tag"'
	editor 'second'
	cmd send --edit "$draft" </dev/null
	parsed 'm.get_content() == "second\n" and m["subject"] == "Schöner Tag"'
	[ "$(drafts)" -eq 0 ]
	cmd write bob@far.test </dev/null
	EDITOR=false run cmd send -E "$T/typed" </dev/null
	[ "$status" -eq 1 ]
	[ -e "$T/typed" ]
}

@test "bounce: names are encoded" {
	begin
	EMAIL='Jörg <a@b.test>' cmd bounce 'Zoë <z@far.test>' 1 </dev/null
	[ "$(LC_ALL=C sed '/^$/q' "$T/message" | LC_ALL=C grep -c '[^ -~	]')" -eq 0 ]
	parsed 'm["resent-to"] == "Zoë <z@far.test>" and m["resent-from"] == "Jörg <a@b.test>"'
}

@test "bounce: the message as it is, sent again" {
	begin
	cmd bounce bob@far.test 1 </dev/null
	[ "$(cat "$T/arguments")" = '-i -oem -- bob@far.test' ]
	sed '/^Resent-/d' "$T/message" | cmp - "$M"/new/1000000001.a.h
	grep -q '^Resent-To: bob@far.test$' "$T/message"
}

@test "write, reply, bounce: --json, and the copy's number with -q" {
	begin
	echo text | cmd write -j -e -s x bob@far.test >out
	[[ $(cat out) == '{"uid":1,"folder":"Sent","message_id":"<'*'>","recipients":["bob@far.test"]}' ]]
	[ "$(echo text | cmd reply -q -e 2)" = 2 ]
	[[ $(cmd bounce -j carol@far.test 1 </dev/null) == '{"uid":1,"done":"bounce"}' ]]
	[ "$(printf 'To: x@y.test\n\nx\n' | cmd send -q -)" = 3 ]
}

@test "forward: nothing is left behind, from a folder with a blank in it" {
	begin
	cmd create 'Two words'
	cmd move 'Two words' 1
	echo 'see this' | cmd forward -e -f 'Two words' carol@far.test 1
	parsed 'm.get_payload(1).get_content_type() == "message/rfc822"'
	[[ $(cmd list -j -f 'Two words' 1) == *'"forwarded"'* ]]
	[ "$(drafts)" -eq 0 ]
	editor 'look'
	echo 75 >"$T/exit"
	run cmd forward -f 'Two words' dave@far.test 1 </dev/null
	[ "$status" -eq 1 ]
	[ "$(drafts)" -eq 1 ]
	rm "$T/exit"
	cmd send "$M"/mailroom-drafts/*
	parsed 'm.get_payload(1).get_content_type() == "message/rfc822"'
	[ "$(drafts)" -eq 0 ]
}
