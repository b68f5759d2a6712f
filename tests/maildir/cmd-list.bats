#!/usr/bin/env bats
# maildir list, show, headers, raw.

bats_require_minimum_version 1.5.0
load ../lib
load cmd-common

@test "list: unread by default, all by its verb, the newest last" {
	three
	run md
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	run md list
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} =~ ^\ +1\ N\ \ @\ Nov\ 20\ 09:00\ Jürgen\ +Grüße$ ]]
	[[ ${lines[1]} =~ ^\ +2\ N\ \ @\ .*bob@far.test\ +uu$ ]]
	[[ ${lines[2]} =~ ^\ +3\ \ \ \ \ .*"Carol, the third"\ +page$ ]]
	run md list -n 1 -q
	[ "$output" = 3 ]
	[ "$(find "$M/new" -type f | wc -l)" -eq 2 ]
}

@test "list: a second time the same, from what was noted" {
	three
	md list >first
	md list >second
	cmp first second
	rm -f "$M"/mailroom-index*
	md list >third
	cmp first third
}

# A record of the index is not believed before its checksum is looked at.
@test "list -q: no number of a record that is damaged" {
	three
	[ "$(md list -q | tr '\n' ' ')" = '1 2 3 ' ]
	python3 - "$M/mailroom-index" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    octets = bytearray(f.read())
		    at = octets.index(b"\2\0\0\0", 320 + 64)
		    octets[at] = 77
		    f.seek(0)
		    f.write(octets)
	END
	run md list -q
	[[ $output != *77* ]]
	[ "$(md list -q | tr '\n' ' ')" = '1 2 3 ' ]
}

@test "list: as wide as the terminal" {
	three
	COLUMNS=28 md list 1 >out
	python3 -c 'assert len(open("out", encoding="utf-8").read()) == 29'
	grep -q 'Grü$' out
	COLUMNS=20 md list >out
	[ "$(wc -l <out)" -eq 3 ]
	[ "$(wc -L <out)" -le 20 ]
	[ "$(COLUMNS=1 md list | wc -L)" -le 17 ]
	[[ $(COLUMNS=50 md list 1) == *' Grüße' ]]
	run -1 grep 'Nov 20' <<<"$(COLUMNS=50 md list 1)"
	grep -q 'Nov 20' <<<"$(COLUMNS=51 md list 1)"
}

@test "list: of one's own messages to whom they go" {
	three
	md create Sent/2026
	md copy Sent/2026 2 3
	[[ $(md list 2) == *' bob@far.test '* ]]
	[[ $(EMAIL='Bob <BOB@far.test>' md list 2) == *' To: alice@here.test '* ]]
	[[ $(md list -f Sent/2026 2) == *' To: alice@here.test '*page ]]
	[[ $(COLUMNS=60 md list -f Sent/2026 2) == *' To: alice@he '*page ]]
	[[ $(md list -j -f Sent/2026 2) == *'"from":"Carol, the third"'* ]]
}

@test "list: JSON" {
	three
	run md list --json 2
	python3 -c '
import json, sys
m = json.loads(sys.argv[1])
assert m["uid"] == 2 and m["subject"] == "uu" and m["attachments"] == 1, m
assert m["flags"] == ["new"] and m["references"] == "<1@far.test>", m' "$output"
}

@test "list: another folder, by its name in UTF-8" {
	three
	mkdir -p "$M/.Entw&APw-rfe/cur" "$M/.Entw&APw-rfe/new" "$M/.Entw&APw-rfe/tmp"
	cp "$M/cur/1000000003.c.h:2,S" "$M/.Entw&APw-rfe/cur"
	run md list -f Entwürfe -q
	[ "$output" = 1 ]
	run md list -f Nowhere
	[ "$status" -eq 66 ]
	run md list -f ../x
	[ "$status" -ne 0 ]
}

@test "numbers: ranges, lists, current, last, names, standard input" {
	three
	md list -q >/dev/null
	[ "$(md list -q 2:3 | xargs)" = '2 3' ]
	[ "$(md list -q 3 1 1 | xargs)" = '1 3' ]
	[ "$(md list -q '$')" = 3 ]
	[ "$(md list -q all | xargs)" = '1 2 3' ]
	[ "$(md list -q "$M/new/1000000002.b.h")" = 2 ]
	[ "$(printf '3\n1\n' | "$BIN/maildir" list -q - | xargs)" = '1 3' ]
	[ "$(printf '2\n' | "$BIN/maildir" headers | grep -c '^Subject: uu$')" -eq 1 ]
	md show 3 >/dev/null
	[ "$(md list -q .)" = 3 ]
	run md list 7
	[ "$status" -eq 1 ]
	run md list 1x
	[ "$status" -eq 1 ]
}

@test "numbers: sets with commas, in arguments and lines" {
	three
	md list -q >/dev/null
	[ "$(md list -q 1,3 | xargs)" = '1 3' ]
	[ "$(md list -q '3,1:2' | xargs)" = '1 2 3' ]
	[ "$(md list -q '$,1' | xargs)" = '1 3' ]
	[ "$(md list -q '2:*' | xargs)" = '2 3' ]
	[ "$(echo '1,2 rest of the line' | "$BIN/maildir" list -q - | xargs)" = '1 2' ]
	md show 2,3 >/dev/null
	[ "$(md list -q '.,1' | xargs)" = '1 3' ]
	run -1 md list -q 1,7,2
	[ "${lines[*]}" = 'maildir: list: no message 7 1 2' ]
	for wrong in '1,' ,1 1,x 1,2: ''; do
		run -1 md list -q "$wrong"
		[ "$output" = "maildir: list: no message $wrong" ]
	done
	# A name with a comma is a name.
	mv "$M/cur/1000000002.b.h:2,S" "$M/cur/2,S=9:2,S"
	[ "$(md list -q '2,S=9' | wc -l)" -eq 1 ]
}

@test "numbers without a verb show, behind options too" {
	three
	md list -q >/dev/null
	[[ $(md '$' -k) == *'Subject: page'* ]]
	[[ $(md 2,3 -k) == *'Subject: uu'*'Subject: page'* ]]
	[[ $(md "$M/new/1000000002.b.h" -k) == *'Subject: uu'* ]]
	[[ $(md -f INBOX 2) == *'Subject: uu'* ]]
	[[ $(md .) == *'Subject: uu'* ]]
	[ "$(md -q)" = 1 ]
	[ "$(md list -u -q 1:3)" = 1 ]
	run -1 md list -u create
	[ "$output" = 'maildir: list: no message create' ]
}

@test "show: charsets, encodings, parts; it is read then, the others not" {
	three
	run md 1
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 'From: Jürgen <j@far.test>' ]
	[[ $output == *"Subject: Grüße"* ]]
	[[ $output == *"Schöne Grüße"* ]]
	[[ $output == *"[2: grüße.txt, text/plain, 6 octets]"* ]]
	[ -e "$M/cur/1000000001.a.h:2,S" ]
	[ -e "$M/new/1000000002.b.h" ]
	md show -k 2 >/dev/null
	[ -e "$M/new/1000000002.b.h" ]
}

@test "show: an uuencoded file in a text is an attachment" {
	three
	run md 2
	[[ $output == *above$'\n'"[2: hi there.txt, application/octet-stream, 3 octets, uuencoded]"$'\n'below* ]]
	[[ $output != *'begin 644'* ]]
}

@test "show: HTML as text" {
	three
	run md 3
	[[ $output == *'Hello & world'* ]]
	[[ $output == *$'* one\n* two'* ]]
	[[ $output == *'link <https://far.test/x>'* ]]
	[[ $output != *no* ]]
}

# RFC 3676
@test "show: soft line ends are none, on a narrow terminal too" {
	put cur/1.a.h:2,S <<-'END'
		Subject: flowed
		Content-Type: text/plain; format=flowed; DelSp=no

		one paragraph in 
		two lines

		> quoted for the 
		> whole paragraph
		 From here
	END
	run md 1
	[[ $output == *$'\n\none paragraph in two lines\n\n> quoted for the whole paragraph\nFrom here' ]]
	run env COLUMNS=18 "$BIN/maildir" 1
	[[ $output == *$'\n\none paragraph in\ntwo lines\n\n> quoted for the\n> whole paragraph\nFrom here' ]]
}

@test "show: of two forms the text" {
	put cur/1.a.h:2, <<-'END'
		Content-Type: multipart/alternative; boundary=b

		--b

		plain form
		--b
		Content-Type: text/html

		<p>page form
		--b--
	END
	run md 1
	[[ $output == *'plain form'* ]]
	[[ $output != *'page form'* ]]
	[[ $(md list) != *@* ]]
}

@test "show, headers, raw: with -q the numbers, for the next command" {
	local verb
	three
	for verb in headers raw 'show -k' show; do
		# shellcheck disable=SC2086 # options
		[ "$(md $verb -q 1,2 | xargs)" = '1 2' ]
	done
	[ -z "$(md -q)" ]
	[ "$(md list -q .)" = 2 ]
	[ "$("$BIN/maildir" search -q subject:uu | "$BIN/maildir" show -q | "$BIN/maildir" mark -q work)" = 2 ]
	[[ $(md list -j 2) == *'"work"'* ]]
}

@test "headers, raw" {
	three
	run md headers 1
	[[ $output == *'Message-ID: <1@far.test>'* ]]
	[[ $output != *'Grüße'$'\n'*'Sch'* ]]
	md raw 1 >out
	cmp out "$M/new/1000000001.a.h"
	md raw 1 2 >out
	cat "$M/new/1000000001.a.h" "$M/new/1000000002.b.h" | cmp - out
}

# Nothing that a terminal would obey: no control octet but line ends and tabs,
# no C1, whatever way it came in.
@test "hostile: terminal escapes in each place" {
	local verb
	printf '%b' 'From: \033]0;title\007 <e@x>\n' \
		'Subject: \033[2J =?UTF-8?Q?=1B[31m=C2=9B5n=E2=80=AE?= \r x\n' \
		'X-\033[1m: 1\nTo: =?utf-8?B?G1swbQ==?= <a@b>\n' \
		'Content-Type: multipart/mixed; boundary=b\n\n--b\n\n' \
		'text \033]52;c;aGk=\007 \302\233 \b\b \0 \177 \377\n--b\n' \
		'Content-Type: text/html\n\n&#27;[2J&#155;\033[1m<a href="http://x/\033[1m">y</a>\n--b\n' \
		'Content-Type: image/\033png; name="\033[1mx"\n\n\n--b--\n' |
		put cur/1.a.h:2,
	for verb in list show headers 'show -a' 'list -j' 'show -j'; do
		# shellcheck disable=SC2086
		md $verb 1 >out 2>&1
		python3 -c '
import sys, unicodedata
s = open("out", encoding="utf-8").read()
bad = [c for c in s if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t"]
assert not bad, bad'
	done
	md list >out
	[ "$(wc -l <out)" -eq 1 ]
	COLUMNS=60 md $'x\033[2J' 2>err || :
	[ "$(grep -c $'\033' err)" -eq 0 ]
}

@test "hostile: huge header, deep MIME, empty file" {
	{
		printf 'Subject: '
		head -c 300000 /dev/zero | tr '\0' x
		printf '\nReferences:'
		yes ' <a@b>' | head -n 20000 | tr -d '\n'
		printf '\n\nbody\n'
	} | put cur/1.a.h:2,
	python3 - >"$M/cur/2.a.h:2," <<-'END'
		for i in range(300):
		    print("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d" % (i, i))
		print("\nat the bottom")
	END
	: | put cur/3.a.h:2,
	run timeout 20 "$BIN/maildir" list 1:3 </dev/null
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	for i in 1 2 3; do
		run timeout 20 "$BIN/maildir" "$i" </dev/null
		[ "$status" -eq 0 ]
	done
}

@test "a terminal: colour, counts, pager" {
	three
	run script -qec "$BIN/maildir list -u" /dev/null </dev/null
	[[ $output == *$'\033[1m'* ]]
	[[ $output == *'INBOX: 3 messages, 2 unread, 2 listed'* ]]
	NO_COLOR=1 run script -qec "$BIN/maildir list -u" /dev/null </dev/null
	[[ $output != *$'\033'* ]]
	PAGER='sed s/^/page:/' run script -qec "$BIN/maildir 1" /dev/null </dev/null
	[[ $output == *page:*Subject* ]]
	# Not every machine has less.
	mkdir "$T/path"
	ln -s /bin/cat "$T/path/cat"
	run script -qec "PATH=$T/path $BIN/maildir 1" /dev/null </dev/null
	[[ $output == *Subject* && $output != *'not found'* ]]
	run script -qec "$BIN/maildir raw 2" /dev/null </dev/null
	[[ $output != *$'\033'* ]]
}

# typed COMMAND...: at a terminal as wide as a page; what it has shown.
typed() {
	script -qec "stty cols 80; $*" "$T/typescript" >/dev/null </dev/null
	cat "$T/typescript"
}

@test "long work shows that it lives, on a terminal only" {
	local slow="strace -o $T/calls -e trace=getdents64
		-e inject=getdents64:delay_enter=400000 $BIN/maildir"
	command -v strace >/dev/null || skip "strace is missing"
	three
	sleep .1 # what changed within the last tick is listed once more
	slow=${slow//$'\n'/ }
	run -0 typed "$slow list"
	[[ $output == *$'\rlooking for messages |'*$'\r\e[K'*"Carol, the third"* ]]
	# The next finds the index, and shows nothing.
	run -0 typed "$slow list"
	[[ $output != *looking* ]]
	rm "$M"/mailroom-index*
	run -0 typed "$slow list 2>$T/err"
	[[ $output != *looking* ]]
	[ ! -s "$T/err" ]
}

@test "undelete: lines are as wide as the terminal" {
	put new/1000000001.a.h <<-END
		From: a@far.test
		Subject: $(printf 'word%.0s ' {1..40})

		text
	END
	md delete 1
	run -0 typed "$BIN/maildir undelete"
	[ "$(tr -d '\r' <"$T/typescript" | grep -a word | wc -L)" -le 80 ]
	[ "$(md undelete | grep -o word | wc -l)" -eq 40 ]
}

@test "half a name, because of a comma that is not quoted, is read all the same" {
	put new/1000000001.a.h <<-'END'
		From: =?utf-8?q?M=C3=BCller?=, =?utf-8?q?J=C3=BCrgen?= <j@far.test>
		Subject: hello
		Date: Fri, 20 Nov 2026 10:00:00 +0000

		text
	END
	run -0 md list
	[[ $output == *" Müller  "* ]]
}

@test "what is typed wrongly is answered once, and says what to type" {
	three
	run -64 md -f Sent list
	[ "$output" = "maildir: the verb comes first: maildir list -f ..." ]
	run -66 md list -f Sent
	[ "$output" = "maildir: list: no folder Sent" ]
	run -66 md reply 99
	[ "$output" = "maildir: reply: no message 99" ]
	run -64 md mark 3
	[ "$output" = "maildir: 3 is no flag; see maildir help mark" ]
	run -64 md mark , 3
	[ "$output" = "maildir: which flags? see maildir help mark" ]
	run -64 md mark --nosuch
	[ "${lines[0]}" = "maildir mark: unrecognized option '--nosuch'" ]
	run -1 md move Nosuch 1
	[ "$output" = "maildir: move: Nosuch: no folder Nosuch" ]
	run -1 md create INBOX
	[ "$output" = "maildir: create: INBOX: there is a folder INBOX" ]
	run -1 md send "$T/nosuch"
	[[ $output != *kept* ]]
	run -64 md help nosuch
	[ "$output" = 'maildir: no verb "nosuch"; see maildir help' ]
}

@test "help is what was asked for: on standard output" {
	[[ $(md help 2>/dev/null) == *"maildir unmark flag"* ]]
	[[ $(md help mark 2>/dev/null) == "usage: maildir mark ["* ]]
	[ "$(md mark --help)" = "$(md help mark)" ]
	[ "$(md --help)" = "$(md help)" ]
}

@test "what could not be written is told, and not marked as read" {
	local verb
	three
	head -c 100000 /dev/zero | tr '\0' x | put new/1000000004.d.h
	md list -q >/dev/null
	for verb in list show 'show -j' headers raw; do
		# shellcheck disable=SC2086 # words
		"$BIN/maildir" $verb 1 4 >/dev/full 2>err </dev/null &&
			{ echo "$verb has told nobody, and says nothing"; return 1; }
		grep -q 'standard output\|No space' err || { echo "$verb"; cat err; return 1; }
	done
	[ "$(md list -uq | xargs)" = '1 2 4' ]
	# who leaves a pipe early is no error
	bash -c 'maildir=$0; "$maildir" raw 4 | head -c 1; exit "${PIPESTATUS[0]}"' "$BIN/maildir" ||
		[ $? -eq 141 ]
}

@test "descriptors that are closed do not become files of the Maildir" {
	three
	md list -q >/dev/null
	(exec <&- >&- 2>&-; exec "$BIN/maildir" mark seen 99) || [ $? -eq 1 ]
	run -1 grep -r 'no message' "$M"
	for verb in list show 'mark -q seen'; do
		# shellcheck disable=SC2086 # two words
		(exec <&- >&-; exec "$BIN/maildir" $verb 3 2>/dev/null) &&
			{ echo "$verb has told nobody, and says nothing"; return 1; }
	done
	md check
}
