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
