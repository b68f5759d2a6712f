#!/usr/bin/env bats
# What a session is told of the work of others, and when (RFC 9051 s. 7.5.1).
# shellcheck disable=SC2016,SC2154

load ../lib
load ../pop3-session/common
load common

setup() {
	lib_setup
	three
	imap
}

@test "IDLE: new mail, flags and removal by other programs" {
	begin 8 INBOX
	say 8 'C: i IDLE' 'S: + Idling'
	echo 'Subject: new' | put new/1000000004.d.here
	say 8 'S: * 4 EXISTS' 'S: * 3 RECENT'
	mv "$MAILDIR_alice/cur/1000000002.b.here:2,S" \
		"$MAILDIR_alice/cur/1000000002.b.here:2,FS"
	say 8 'S: * 2 FETCH (FLAGS (\Flagged \Seen))'
	rm "$MAILDIR_alice"/cur/1000000001.a.here*
	say 8 'S: * 1 EXPUNGE' 'S: * 2 RECENT'
	say 8 'C: DONE' 'S: i OK Done'
	end 8
}

@test "IDLE: DONE and commands in one packet" {
	begin 8 INBOX
	printf 'i IDLE\r\nDONE\r\nj NOOP\r\nk FETCH 1 UID\r\n' >&8
	say 8 'S: + Idling' 'S: i OK Done' 'S: j OK Done' \
		'S: * 1 FETCH (UID 1)' 'S: k OK Done'
	say 8 'C: l IDLE' 'S: + Idling' 'C: FOO' 'S: l BAD DONE expected'
	end 8
}

@test "no message vanishes in FETCH, STORE and SEARCH" {
	begin 8 INBOX
	begin 9 INBOX
	say 9 'C: a STORE 1 +FLAGS.SILENT \Deleted' 'S: a OK Done' \
		'C: b EXPUNGE' 'S: * 1 EXPUNGE' 'S: b OK Done'
	say 8 'C: c FETCH 2 UID' 'S: * 2 FETCH (UID 2)' 'S: c OK Done' \
		'C: d SEARCH ALL' 'S: * SEARCH 1 2 3' 'S: d OK Done' \
		'C: e STORE 3 +FLAGS.SILENT \Seen' 'S: e OK Done'
	say 8 'C: f NOOP' 'S: * 1 EXPUNGE' 'S* f OK Done' \
		'C: g FETCH 1:* UID' 'S: * 1 FETCH (UID 2)' \
		'S: * 2 FETCH (UID 3)' 'S: g OK Done'
	end 8
	end 9
}

@test "UID commands may announce what vanished" {
	begin 8 INBOX
	rm "$MAILDIR_alice/cur/1000000002.b.here:2,S"
	say 8 'C: a UID FETCH 3 UID' 'S: * 3 FETCH (UID 3)' \
		'S: * 2 EXPUNGE' 'S: a OK Done'
	end 8
}

@test "flags that another session sets" {
	begin 8 INBOX
	begin 9 INBOX
	say 9 'C: a STORE 2 +FLAGS.SILENT ($Label1 \Answered)' 'S: a OK Done'
	say 8 'C: b NOOP' 'S~ \* FLAGS (*$Label1*)' \
		'S: * 2 FETCH (FLAGS (\Answered \Seen $Label1))' 'S: b OK Done'
	end 8
	end 9
}

@test "a body that was expunged meanwhile is still there" {
	begin 8 INBOX
	begin 9 INBOX
	say 9 'C: a STORE 3 +FLAGS.SILENT \Deleted' 'S: a OK Done' \
		'C: b EXPUNGE' 'S: * 3 EXPUNGE' 'S: b OK Done'
	say 8 'C: c FETCH 3 BODY.PEEK[TEXT]' 'S: * 3 FETCH (BODY[TEXT] {3}' \
		'S: x' 'S: )' 'S: c OK Done'
	end 8
	end 9
}

@test "a body that another program removed" {
	begin 8 INBOX
	rm "$MAILDIR_alice"/cur/1000000003.c.here*
	say 8 'C: c FETCH 3 BODY.PEEK[TEXT]' 'S: * 3 FETCH (BODY[TEXT] "")' \
		'S: c NO [EXPUNGEISSUED] Some are gone'
	end 8
}

@test "no message vanishes in SORT and THREAD, but in UID SORT" {
	begin 8 INBOX
	rm "$MAILDIR_alice/cur/1000000002.b.here:2,S"
	say 8 'C: a SORT (ARRIVAL) UTF-8 2' 'S: * SORT 2' 'S: a OK Done' \
		'C: b THREAD REFERENCES UTF-8 3' 'S: * THREAD (3)' \
		'S: b OK Done' 'C: c SEARCH SUBJECT two' 'S~ \* SEARCH*' \
		'S: c OK Done' 'C: d UID SEARCH UID 3' 'S: * SEARCH 3' \
		'S: * 2 EXPUNGE' 'S: d OK Done'
	rm "$MAILDIR_alice"/cur/1000000003.c.here*
	say 8 'C: e UID SORT (ARRIVAL) UTF-8 1' 'S: * SORT 1' \
		'S: * 2 EXPUNGE' 'S: * 1 RECENT' 'S: e OK Done'
	end 8
}
