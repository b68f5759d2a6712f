#!/usr/bin/env bats
# maildir import and export.

load ../lib
load cmd-common

# Odd messages: From_ lines quoted and not, empty lines at both ends, NUL, CR.
odd() {
	three
	printf 'Subject: from\n\nFrom here\n>From there\n>>From far\n From\n' |
		put cur/2.a.h:2,S
	printf 'Subject: empty lines\n\n\n\nFrom x\n\n\n' | put cur/3.a.h:2,S
	printf 'Subject: octets\r\n\r\n\0\1\377 \033\r\nlone \r cr\n' |
		put cur/4.a.h:2,S
	printf 'Subject: no body\n' | put cur/5.a.h:2,S
	printf '\n\n' | put cur/6.a.h:2,S
	printf 'Return-Path: <a@b.test>\n\nlong %s\n' \
		"$(head -c 100000 /dev/zero | tr '\0' x)" | put cur/7.a.h:2,S
}

@test "export, import, export: the same octets" {
	odd
	md export >one
	md folders create Again
	md import -q -f Again one >numbers
	[ "$(wc -l <numbers)" -eq 9 ]
	md export -f Again >two
	cmp one two
	for i in $(seq 9); do
		md raw "$i" >a
		md raw -f Again "$i" >b
		cmp a b
	done
	grep -q '^From a@b.test ' one
	grep -q '^>>From there' one
}

@test "export: dates are kept" {
	three
	touch -d '2020-02-02 02:02:02 UTC' "$M/new/1000000001.a.h"
	md export 1 | "$BIN/maildir" import
	grep -q '"arrived":1580608922,' <<<"$(md list -j '$')"
}

@test "import: many, and as another program reads it" {
	for i in {1..450}; do
		printf 'From x@y Sun Feb  2 02:02:02 2020\nSubject: %s\n\ntext\n\n' "$i"
	done >many
	md import many
	[ "$(md list -q | wc -l)" -eq 450 ]
	md export >out
	python3 -c '
import mailbox
m = mailbox.mbox("out")
assert [x["subject"] for x in m] == [str(i) for i in range(1, 451)]'
}

@test "export, import: flags, keywords, no line end; byte-identical" {
	odd
	printf 'Subject: open end\n\nno line end' | put cur/8.a.h:2,S
	printf 'X-Mailroom-Export: 1\nStatus: RO\n\nours inside' | put cur/9.a.h:2,
	: | put cur/91.a.h:2,S
	printf 'no header\nFrom x\n' | put cur/92.a.h:2,F
	md mark answered,flagged,work,boss 1
	md mark deleted,draft,forwarded 3
	md unmark seen 2
	md export >one
	md create Again
	md import -f Again one
	md export -f Again | cmp one -
	for i in $(md list -q); do
		md raw "$i" >a
		md raw -f Again "$i" | cmp a -
		[ "$(md list -j "$i" | grep -o '"flags":[^]]*' | sed 's/"new",*//')" = \
			"$(md list -f Again -j "$i" | grep -o '"flags":[^]]*')" ]
	done
	python3 -c '
import mailbox
m = mailbox.mbox("one")
assert len(m) == 13, len(m)
assert m[0].get_flags() == "ROAF", m[0].get_flags()'
	[[ $(md export -j 1) == '{"uid":1,"mbox":"From '* ]]
}

@test "import: flags that other programs have written" {
	printf 'From x Sun Feb  2 02:02:02 2020\nSubject: x\nStatus: RO\nX-Status: F\nX-Keywords: a, b\n\nt\n\nFrom x Sun Feb  2 02:02:02 2020\nSubject: y\nStatus: O\n\nt\n' >theirs
	md import theirs
	[[ $(md list -j 1) == *'"flags":["seen","flagged","a","b"]'* ]]
	[[ $(md list -j 2) == *'"flags":[]'* ]]
	md raw 1 | grep -q '^Status: RO'
}

@test "export, import: Maildir, with all its folders" {
	odd
	touch -d '2020-02-02 02:02:02 UTC' "$M"/cur/1000000003*
	md mark flagged,work 1
	md create Böx/Sub
	md copy Böx/Sub 2 3
	md export -q -d out | wc -l | grep -qx 9
	md export -d out -f Böx/Sub
	[[ $(md list -m out -j 1) == *'"flagged","work"]'* ]]
	[[ $(md list -m out -j all) == *'"arrived":1580608922,'* ]]
	for i in $(md list -q); do
		md raw "$i" >a
		md raw -m out "$i" | cmp a -
	done
	mkdir -p new/{cur,new,tmp}
	md import -m new out
	[ "$(md list -m new -q | wc -l)" -eq 9 ]
	[ "$(md list -m new -q -f Böx/Sub | wc -l)" -eq 2 ]
	[[ $(md list -m new -j all) == *'"flagged","work"]'* ]]
	md import -m new -f Old out
	[ "$(md list -m new -q -f Old.Böx.Sub | wc -l)" -eq 2 ]
}

@test "import --from: Courier, qmail, Dovecot, a directory of mboxes" {
	three
	printf '1 5 9\n7 1000000003.c.h\n' >"$M/courierimapuiddb"
	[[ $(md import --from courier -j) == '{"from":"courier","messages":'* ]]
	[[ $(md list -q) == 7* ]]
	md import --from qmail
	[[ $(md import --from dovecot) == '3 messages' ]]
	run md import --from nowhere
	[ "$status" -eq 64 ]
	mkdir boxes
	printf 'From x Sun Feb  2 02:02:02 2020\nSubject: x\n\nt\n' |
		tee boxes/one >boxes/Zwö
	md import --from mbox boxes
	[ "$(md folders -q | xargs)" = 'INBOX Zwö one' ]
	[ "$(md list -q -f Zwö)" = 1 ]
	run md import boxes
	[ "$status" -eq 65 ]
}

@test "import: line ends of either kind, lines that only begin like the next message" {
	printf '%s\r\n' 'From a@b.test Fri Nov 20 10:00:00 2026' 'Subject: one' \
		'Status: RO' '' 'text' '' 'From c@d.test Fri Nov 20 10:00:00 2026' \
		'Subject: two' 'Status: O' '' 'text' '' >crlf
	md import crlf
	[ "$(md list -q | xargs)" = '1 2' ]
	[ "$(md raw 1)" = $'Subject: one\r\nStatus: RO\r\n\r\ntext\r' ]
	[ "$(md list -u -q)" = 2 ]
	printf '%s\n' 'From somebody' 'Subject: three' '' 'text' '' \
		'From here on it is text' '' 'From x Fri Nov 20 10:00 2026' \
		'Subject: four' '' 'x' '' >text
	md import text
	[ "$(md list -q | xargs)" = '1 2 3 4' ]
	md raw 3 | grep -qx 'From here on it is text'
	[ "$(md raw 4)" = $'Subject: four\n\nx' ]
}

@test "import: what is no mbox, an empty one, no such folder" {
	run md import <(echo 'Subject: x')
	[ "$status" -eq 65 ]
	run md import /dev/null
	[ "$status" -eq 0 ]
	printf 'From x Sun Feb  2 02:02:02 2020\nSubject: x\n\n' >one
	run md import -f Nowhere one
	[ "$status" -eq 66 ]
	run md import nothing
	[ "$status" -eq 66 ]
	md import one
	[ "$(md list -q)" = 1 ]
}
