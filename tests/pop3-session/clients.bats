#!/usr/bin/env bats
# The POP3 clients of Debian fetch the mailbox, whole and in order.

bats_require_minimum_version 1.5.0
load ../lib
load common

# The tests of one client each: mail out of Maildir, into $T/got.
fill() {
	three
	printf 'From: dave@far.test\nSubject: odd\n\nno end, 8-bit \344' |
		put new/1000000004.d.here
	mkdir -p "$T/got/new" "$T/got/cur" "$T/got/tmp"
	pop
}

# bodies FILE...: what lies behind the header, empty lines left out.
bodies() {
	sed -e '1,/^\r*$/d' -e 's/\r$//' -e '/^$/d' "$@"
}

@test "curl: list and one message" {
	fill
	curl -s -u alice:correct-horse "pop3://$HOST:20110/" >"$T/list"
	printf '1 58\r\n2 61\r\n3 21\r\n4 54\r\n' | cmp - "$T/list"
	curl -s -u alice:correct-horse "pop3://$HOST:20110/2" >"$T/mail"
	sed 's/$/\r/' "$T/2" | cmp - "$T/mail"
	curl -s -u alice:correct-horse -X 'TOP 1 0' \
		"pop3://$HOST:20110/" >"$T/mail"
	[ "$(wc -l <"$T/mail")" -eq 3 ]
	curl -s -u alice:correct-horse -l "pop3://$HOST:20110/1" -X UIDL
	run ! curl -s -u alice:wrong "pop3://$HOST:20110/"
}

@test "fetchmail: all, and they are gone" {
	fill
	cat >"$T/rc" <<-END
	poll "$HOST" proto POP3 port 20110 auth password
	user alice password correct-horse no rewrite
	mda "sh -c 'cat >$T/got/new/\$\$'"
	END
	chmod 700 "$T/rc"
	HOME=$T FETCHMAILHOME=$T fetchmail -f "$T/rc" --pidfile "$T/pid" --nosyslog --all \
		--nokeep --sslproto ''
	[ "$(find "$T/got/new" -type f | wc -l)" -eq 4 ]
	bodies "$T"/got/new/* | grep -qx 'first line'
	bodies "$T"/got/new/* | grep -qx '\.\.dots'
	[ -z "$(files)" ]
}

@test "fetchmail: keeps, and takes only what is new (UIDL)" {
	fill
	cat >"$T/rc" <<-END
	poll "$HOST" proto POP3 port 20110 auth password uidl
	user alice password correct-horse keep
	mda "sh -c 'cat >$T/got/new/\$\$'"
	END
	chmod 700 "$T/rc"
	export HOME=$T FETCHMAILHOME=$T
	fetchmail -f "$T/rc" --pidfile "$T/pid" --nosyslog --sslproto ''
	[ "$(find "$T/got/new" -type f | wc -l)" -eq 4 ]
	echo 'Subject: late' | put new/1000000005.e.here
	fetchmail -f "$T/rc" --pidfile "$T/pid" --nosyslog --sslproto ''
	[ "$(find "$T/got/new" -type f | wc -l)" -eq 5 ]
	run fetchmail -f "$T/rc" --pidfile "$T/pid" --nosyslog --sslproto ''
	[ "$status" -eq 1 ] # no new mail
	[ "$(files | wc -l)" -eq 5 ]
}

@test "getmail: all, deleted there" {
	fill
	cat >"$T/getmailrc" <<-END
	[retriever]
	type = SimplePOP3Retriever
	server = $HOST
	port = 20110
	username = alice
	password = correct-horse
	[destination]
	type = MDA_external
	path = /bin/sh
	arguments = ("-c", "cat >$T/got/new/\$\$")
	allow_root_commands = true
	[options]
	delete = true
	delivered_to = false
	received = false
	END
	getmail --getmaildir "$T" -q
	[ "$(find "$T/got/new" -type f | wc -l)" -eq 4 ]
	bodies "$T"/got/new/* | grep -qx '\.\.dots'
	[ -z "$(files)" ]
}

@test "mpop: all, pipelined, kept; then nothing new" {
	fill
	cat >"$T/mpoprc" <<-END
	account default
	host $HOST
	port 20110
	tls off
	auth user
	user alice
	password correct-horse
	pipelining on
	keep on
	received_header off
	uidls_file $T/uidls
	delivery maildir $T/got
	END
	chmod 600 "$T/mpoprc"
	mpop -q -C "$T/mpoprc"
	[ "$(find "$T/got/new" -type f | wc -l)" -eq 4 ]
	bodies "$T"/got/new/* | grep -qx '\.\.dots'
	mpop -q -C "$T/mpoprc"
	[ "$(find "$T/got/new" -type f | wc -l)" -eq 4 ]
	[ "$(files | wc -l)" -eq 4 ]
}

@test "Python poplib" {
	fill
	python3 - "$HOST" "$T/2" <<-'END'
	import poplib, sys
	p = poplib.POP3(sys.argv[1], 20110, 20)
	assert p.capa()["RESP-CODES"] == []
	p.user("alice")
	p.pass_("correct-horse")
	assert p.stat() == (4, 194), p.stat()
	want = open(sys.argv[2], "rb").read().split(b"\n")[:-1]
	assert p.retr(2)[1] == want
	assert p.top(2, 0)[1] == want[:3]
	assert len(p.uidl()[1]) == 4
	assert p.uidl(1).split()[2] == p.uidl()[1][0].split()[1]
	p.dele(2)
	p.rset()
	p.dele(3)
	p.quit()
	END
	[ "$(files | wc -l)" -eq 3 ]
}

# What it says, since it has no command line: with new mail, with "fetch headers
# only", and when it only looks.
@test "Thunderbird, from transcripts" {
	three
	PLAIN=$(printf '\0alice\0correct-horse' | base64)
	export PLAIN
	play thunderbird-keep
	[ "$(files | wc -l)" -eq 3 ]
	printf 'Subject: 4\n\n\n' | put new/1000000004.d.here
	play thunderbird-headers
	[ "$(files | grep -c '^1000000002')" -eq 0 ]
	play thunderbird-biff
}
