#!/usr/bin/env bats
# shellcheck disable=SC2154 # what add_user and start declare
# pop3-session/session.c: the mailbox, and what other programs do to it.

load ../lib
load common

@test "every command" {
	three
	play commands
	[ "$(files | wc -l)" -eq 3 ]
	grep -q 'end user=alice .*quit=yes retrieved=2 ' "$LOG"
}

@test "every command that cannot be obeyed" {
	three
	play errors
}

@test "an empty mailbox" {
	maildir alice
	play empty
}

@test "DELE removes at QUIT" {
	three
	play delete
	[ "$(files)" = 1000000002.b.here:2,S ]
}

@test "DELE removes nothing when the connection is lost" {
	three
	play delete-lost
	[ "$(files | wc -l)" -eq 3 ]
	grep -q 'end user=alice .*quit=no .*removed=0' "$LOG"
}

@test "a login tidies the Maildir, once a day" {
	local old=$MAILDIR_alice/expunged/20200101
	maildir alice
	as alice mkdir -p "$old/INBOX"
	as alice touch "$old/INBOX/1000000000.a.here:2,S"
	play empty
	[ ! -e "$old" ]
	[ -e "$MAILDIR_alice/expunged/.tidied" ]
	as alice mkdir "$old"
	play empty
	[ -e "$old" ]
}

@test "-t moves to .Trash" {
	three
	chat pop3-session -t <"$BATS_TEST_DIRNAME/delete.chat"
	[ "$(files)" = 1000000002.b.here:2,S ]
	cmp "$MAILDIR_alice"/.Trash/cur/1000000001.a.here* "$T/1"
	cmp "$MAILDIR_alice"/.Trash/cur/1000000003.c.here* "$T/3"
	[ -e "$MAILDIR_alice/.Trash/maildirfolder" ]
}

@test "-t: a name that the Trash has already" {
	three
	chat pop3-session -t <"$BATS_TEST_DIRNAME/delete.chat"
	three
	chat pop3-session -t <"$BATS_TEST_DIRNAME/delete.chat"
	[ "$(files)" = 1000000002.b.here:2,S ]
	[ "$(find "$MAILDIR_alice/.Trash/cur" -type f | wc -l)" -eq 4 ]
}

@test "ids stay over sessions and renames" {
	three
	play delete
	mv "$MAILDIR_alice/cur/1000000002.b.here:2,S" \
		"$MAILDIR_alice/cur/1000000002.b.here:2,RS"
	echo 'Subject: late' | put new/1000000000.z.here
	session <<-'END'
	C: UIDL
	S: +OK Unique ids
	S~ 1 00000002(?P<VALIDITY>[0-9a-f]{8})
	S: 2 00000004${VALIDITY}
	S: .
	C: QUIT
	S: +OK Bye
	END
}

@test "numbers stay when mail arrives during a session" {
	three
	begin
	echo 'Subject: late' | put new/1000000000.z.here
	say 'C: STAT' 'S: +OK 3 140' 'C: RETR 1' 'S: +OK 58 octets' \
		'S: From: carol@far.test' 'S: Subject: one' 'S: ' \
		'S: first line' 'S: second' 'S: .' \
		'C: QUIT' 'S: +OK Bye'
	end
}

@test "renamed by another program during a session" {
	three
	begin
	mv "$MAILDIR_alice/new/1000000001.a.here" \
		"$MAILDIR_alice/cur/1000000001.a.here:2,S"
	mv "$MAILDIR_alice/cur/1000000002.b.here:2,S" \
		"$MAILDIR_alice/cur/1000000002.b.here:2,FRS"
	say 'C: TOP 1 0' 'S: +OK Top of message' 'S: From: carol@far.test' \
		'S: Subject: one' 'S: ' 'S: .' 'C: DELE 2' \
		'S: +OK Deleted at QUIT'
	say 'C: NOOP' 'S: +OK Nothing done'
	mv "$MAILDIR_alice/cur/1000000002.b.here:2,FRS" \
		"$MAILDIR_alice/cur/1000000002.b.here:2,F"
	say 'C: QUIT' 'S: +OK Bye'
	end
	[ "$(files)" = "1000000001.a.here:2,S
1000000003.c.here" ]
}

@test "removed by another program during a session" {
	three
	begin
	rm "$MAILDIR_alice/new/1000000001.a.here" \
		"$MAILDIR_alice/new/1000000003.c.here"
	say 'C: RETR 1' 'S: -ERR Message was removed by another program' \
		'C: TOP 1 0' 'S: -ERR Message was removed by another program' \
		'C: STAT' 'S: +OK 3 140' 'C: DELE 3' \
		'S: +OK Deleted at QUIT' 'C: QUIT' 'S: +OK Bye'
	end
	[ "$(files)" = 1000000002.b.here:2,S ]
}

@test "two sessions at once delete the same message" {
	three
	begin
	play delete
	say 'C: RETR 3' 'S: -ERR Message was removed by another program' \
		'C: DELE 1' 'S: +OK Deleted at QUIT' 'C: DELE 2' \
		'S: +OK Deleted at QUIT' 'C: QUIT' 'S: +OK Bye'
	end
	[ -z "$(files)" ]
}

@test "a Maildir that cannot be written: -ERR, the rest is removed" {
	three
	play delete-lost # gives the UIDs
	[ "$EUID" -ne 0 ] || chown root "$MAILDIR_alice/cur"
	chmod 555 "$MAILDIR_alice/cur"
	play delete-partial
	chmod 755 "$MAILDIR_alice/cur"
	[ "$(files)" = "1000000002.b.here:2,S
1000000003.c.here" ]
	grep -q 'remove-error reason=.' "$LOG"
}

@test "disk errors at QUIT: -ERR" {
	three
	play delete-lost
	fault unlinkat,unlink EIO
	play delete-partial
	faulted
	[ "$(files | wc -l)" -eq 2 ]
}

@test "fsync fails at QUIT: -ERR" {
	three
	play delete-lost
	fault fsync EIO
	play delete-partial
	faulted
}

# Once "+OK n octets" is out only the end of the connection can tell.
@test "a message that cannot be read to its end" {
	head -c 200000 /dev/zero | tr '\0' x | put new/1000000001.a.here
	printf 'C: QUIT\nS: +OK Bye\n' | session # measures it
	fault -P "$MAILDIR_alice/new/1000000001.a.here" read EIO 2
	{
		cat "$BATS_TEST_DIRNAME/head.chat"
		printf 'C: RETR 1\nS: +OK 200002 octets\n'
		printf 'S< %065536d\nS! eof\n' 0 | sed '/S</y/0/x/'
	} | chat pop3-session
	grep -q 'read-error reason=read .*Input/output error' "$LOG"
}

@test "on a pipe: one's own mail, no login" {
	three
	[ "$EUID" -ne 0 ] || skip "as an ordinary user"
	HOME=$HOME_alice play pipe -p
	[ "$(files | wc -l)" -eq 2 ]
}

@test "on a pipe, as a user without privileges" {
	three
	[ "$EUID" -eq 0 ] || skip "needs root"
	env HOME="$HOME_alice" "$TOOL/chat" -p setpriv \
		--reuid "$UID_alice" --regid "$UID_alice" --clear-groups \
		"$BIN/pop3-session" -c "$CONFIG" \
		<"$BATS_TEST_DIRNAME/pipe.chat"
	[ "$(files | wc -l)" -eq 2 ]
}

@test "FIFOs, directories and links in a Maildir are no mail" {
	three
	as alice mkfifo "$MAILDIR_alice/new/1000000004.d.here"
	as alice mkdir "$MAILDIR_alice/cur/1000000005.e.here"
	as alice ln -s "$CONFIG/users" "$MAILDIR_alice/cur/1000000006.f.here"
	session <<-'END'
	C: LAST
	S: +OK 0
	C: RETR 4
	S~ -ERR .*
	C: RETR 3
	S: +OK 21 octets
	S: Subject: three
	S: 
	S: x
	S: .
	C: QUIT
	S: +OK Bye
	END
}

# The process that serves has the user's id, and nothing outside the Maildir.
@test "sandbox after the login" {
	three
	begin
	session=$(pgrep -P "$PID_pop" -f pop3-session)
	confined "$session"
	grep -q '^NoNewPrivs:.1$' "/proc/$session/status"
	grep -q "^Uid:.$UID_alice.$UID_alice.$UID_alice.$UID_alice\$" \
		"/proc/$session/status"
	[ "$(pgrep -c -P "$session")" -eq 0 ]
	say 'C: QUIT' 'S: +OK Bye'
	end
}
