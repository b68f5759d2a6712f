#!/usr/bin/env bats
# shellcheck disable=SC2154 # what add_user and start declare
# Messages cross byte-exact: what RETR sends is what is stored, with every line
# end as CRLF, and LIST says how many octets that are.

load ../lib
load common

# exact: everything in new/ as `fetch` gets it.
exact() {
	pop
	"$BATS_TEST_DIRNAME/fetch" "$HOST" 20110 "$MAILDIR_alice/new"
}

@test "RETR: no line end at the end" {
	printf 'Subject: x\n\nno end' | put new/1.a
	exact
}

@test "RETR: no body, no header, nothing" {
	printf 'Subject: x\n' | put new/1.a
	printf '\nonly a body\n' | put new/2.b
	printf '' | put new/3.c
	printf '\n' | put new/4.d
	exact
}

@test "RETR: dots" {
	printf '.\n..\n.x\nx.\n.\r\n\n.\n' | put new/1.a
	printf '.' | put new/2.b
	printf 'x\r.\n.\r.\n' | put new/3.c
	exact
}

@test "RETR: CR, CRLF, NUL and 8-bit" {
	printf 'Subject: x\r\n\r\nstored with CRLF\r\n.\r\n' | put new/1.a
	printf 'a\rb\r\rc\r\r\n\r' | put new/2.b
	printf 'nul \0 in\0\n\0\n' | put new/3.c
	printf 'latin \344\366\374, utf8 \303\244, \377\376\n' | put new/4.d
	exact
}

@test "RETR: lines around the size of a block" {
	for n in 65534 65535 65536 65537 131071 131072 131073; do
		{
			head -c "$n" /dev/zero | tr '\0' x
			printf '\n.\n'
		} | put "new/$n.a"
		{
			head -c "$n" /dev/zero | tr '\0' x
			printf '\r\n.\r\n'
		} | put "new/$n.b"
	done
	exact
}

@test "RETR: only line ends, 200000 of them" {
	yes '' | head -n 200000 | put new/1.a
	yes . | head -n 200000 | put new/2.b
	exact
}

@test "RETR: 20 MB" {
	yes 'All work and no play makes Jack a dull boy.' |
		head -c 20000000 | put new/1.a
	exact
}

@test "TOP: lines of the body, however the lines end" {
	printf 'A: 1\r\nB: 2\r\n\r\none\r\n.\r\nthree\r\n' | put new/1.a
	printf 'A: 1\nB: 2\n' | put new/2.b
	printf '\r\n\nx' | put new/3.c
	session <<-'END'
	C: TOP 1 2
	S: +OK Top of message
	S: A: 1
	S: B: 2
	S: 
	S: one
	S: ..
	S: .
	C: TOP 2 0
	S: +OK Top of message
	S: A: 1
	S: B: 2
	S: .
	C: TOP 3 1
	S: +OK Top of message
	S: 
	S: 
	S: .
	C: TOP 3 2
	S: +OK Top of message
	S: 
	S: 
	S: x
	S: .
	C: QUIT
	S: +OK Bye
	END
}
