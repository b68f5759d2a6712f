#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Who gets the mail, and what happens when that fails.

load ../lib
load smtp

@test "two recipients, two copies, each with its own Delivered-To" {
	send a@b.test alice@here.test BOB@here.test
	message | grep -qx 'Delivered-To: alice@here.test'
	not has '^X-Original-To'
	message bob | grep -qx 'Delivered-To: bob@here.test'
	message bob | grep -qx 'X-Original-To: BOB@here.test'
	nothing_left
}

@test "the same mailbox twice: one copy" {
	echo also.test >>"$CONFIG/domains"
	echo 'al: alice' >"$CONFIG/aliases"
	send a@b.test alice@here.test ALICE@here.test alice@also.test \
		al@here.test
	[ "$(count alice)" -eq 1 ]
	[ ! -d "$SPOOL/new" ] || [ "$(waiting)" -eq 0 ]
}

@test "many messages in one session, agents stay" {
	{
		for i in {1..20}; do
			cat <<-END
			C: MAIL FROM:<a@b.test>
			C: RCPT TO:<alice@here.test>
			C: RCPT TO:<bob@here.test>
			C: DATA
			S: 250 2.1.0 Sender ok
			S: 250 2.1.5 Recipient ok
			S: 250 2.1.5 Recipient ok
			S: 354...
			C: Subject: $i
			C: .
			S~ 250 2.0.0 Ok, id \\w+-$i
			END
		done
	} | talk
	[ "$(count alice)" -eq 20 ]
	[ "$(count bob)" -eq 20 ]
	nothing_left
}

@test "remote recipients of a local program go to the spool" {
	local_peer <<-'END'
	C: MAIL FROM:<a@b.test> RET=HDRS ENVID=QQ314159 BODY=8BITMIME
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<x@remote.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;y+40remote.test
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<"odd one"@remote.test>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: Subject: out
	C:
	C: text
	C: .
	S~ 250 2\.0\.0 Ok, id \w+-1
	END
	[ "$(count alice)" -eq 1 ]
	[ "$(waiting)" -eq 1 ]
	run rcpts
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} = T*x@remote.test*rfc822\;y+40remote.test* ]]
	[[ ${lines[1]} = T*'"odd one"@remote.test'* ]]
	sed '1,/^$/d' "$SPOOL"/new/* | grep -qx 'Subject: out'
	grep -q 'QQ314159' "$SPOOL"/new/*
	nothing_left
}

@test "NOTIFY=SUCCESS: the report for a mailbox is owed by the spool" {
	talk <<-END
	$(from_to a@b.test)
	C: RCPT TO:<alice@here.test> NOTIFY=SUCCESS
	S: 250 2.1.5 Recipient ok
	$(empty_mail)
	END
	[ "$(count alice)" -eq 1 ]
	rcpts | grep -q '^S .*alice@here.test'
}

# ---- aliases(5)

@test "NOTIFY=SUCCESS: delivered is 2.0.0, to a mailbox and to a list" {
	echo 'team: alice, bob' >"$CONFIG/aliases"
	talk <<-END
	$(from_to bob@here.test)
	C: RCPT TO:<alice@here.test> NOTIFY=SUCCESS
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<team@here.test> NOTIFY=SUCCESS
	S: 250 2.1.5 Recipient ok
	$(empty_mail)
	END
	submit_socket
	"$BIN/mailq-run" -c "$CONFIG"
	[ "$(waiting)" -eq 0 ]
	has '^Action: delivered' bob
	has '^Action: expanded' bob
	[ "$(message bob | grep -c '^Status: 2.0.0')" -eq 2 ]
}

@test "aliases: lists, continuation, comments, quotes, case" {
	cat >"$CONFIG/aliases" <<-'END'
	# a comment
	Staff: alice,   # the first
	   bob
	"odd name": alice
	virtual@here.test: bob
	nested: staff, x@remote.test
	END
	send a@b.test STAFF@here.test
	send a@b.test '"odd name"@here.test'
	send a@b.test virtual@here.test
	[ "$(count alice)" -eq 2 ]
	[ "$(count bob)" -eq 2 ]
	send a@b.test nested@here.test
	[ "$(count alice)" -eq 3 ]
	[ "$(count bob)" -eq 3 ]
	[ "$(rcpts)" = "$(rcpts | grep x@remote.test)" ]
}

@test "aliases: loops end, one's own name is the mailbox" {
	cat >"$CONFIG/aliases" <<-'END'
	alice: alice, bob
	a: b
	b: a, bob
	c: c
	END
	send a@b.test alice@here.test
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 1 ]
	send a@b.test a@here.test
	[ "$(count bob)" -eq 2 ]
	refused c@here.test \
		'451 4.3.0 Cannot look that up now, try later'
	logged 'aliases:4: nobody of this alias exists'
}

@test "aliases: deeper than 50 is a fault, not a crash" {
	local i
	for i in {1..60}; do echo "n$i: n$((i + 1))"; done >"$CONFIG/aliases"
	refused n1@here.test \
		'451 4.3.0 Cannot look that up now, try later'
	logged 'deeper than 50'
}

@test "aliases: what is wrong is 451 with file and line" {
	cat >"$CONFIG/aliases" <<-'END'
	good: bob
	list: :include:/nowhere/list
	open: "bob
	gone: :fail: he has left, sorry
	lost: nobody1, bob
	END
	talk <<-END
	$(from_to a@b.test)
	C: RCPT TO:<list@here.test>
	S: 451 4.3.0 Cannot look that up now, try later
	C: RCPT TO:<open@here.test>
	S: 451 4.3.0 Cannot look that up now, try later
	C: RCPT TO:<gone@here.test>
	S: 550 5.2.1 he has left, sorry
	C: RCPT TO:<lost@here.test>
	S: 250 2.1.5 Recipient ok
	C: RCPT TO:<good@here.test>
	S: 250 2.1.5 Recipient ok
	END
	logged 'aliases:2: '
	logged 'aliases:3: '
	logged 'reason="refused-by-alias at=.*aliases:4"'
	logged 'alias unknown=nobody1@here.test at=.*aliases:5'
}

@test "aliases: a file that others may write is not believed" {
	echo 'x: bob' >"$CONFIG/aliases"
	chmod 666 "$CONFIG/aliases"
	refused x@here.test \
		'451 4.3.0 Cannot look that up now, try later'
	logged 'aliases may be written by others'
}

# ---- trouble

@test "no home, or no right to it: 451, and nothing is lost" {
	rm -r "$HOME_alice"
	chmod 500 "$HOME_bob"
	[ "$EUID" -ne 0 ] || chown 0 "$HOME_bob"
	talk <<-END
	$(from_to a@b.test)
	C: RCPT TO:<alice@here.test>
	S: 451 4.3.0 Cannot look that up now, try later
	C: RCPT TO:<bob@here.test>
	S: 451 4.3.0 Cannot look that up now, try later
	C: DATA
	S: 554 5.5.1 No valid recipients
	END
	logged 'to=|arg="TO:<alice@here.test>" reason="lookup-trouble: mkdir .*No such file'
	logged 'arg="TO:<bob@here.test>" reason="lookup-trouble: .*Permission denied'
}

@test "of two mailboxes one fails: 250, and its copy waits in the spool" {
	send a@b.test alice@here.test bob@here.test
	chmod 500 "$MAILDIR_bob/tmp"
	send a@b.test alice@here.test bob@here.test
	[ "$(count alice)" -eq 2 ]
	[ "$(count bob)" -eq 1 ]
	[ "$(rcpts)" = "$(rcpts | grep '^T .*bob@here.test')" ]
	logged 'diverted id=.* to=<bob@here.test> reason=.*Permission denied'
}

@test "the only mailbox fails: 451, nothing in the spool" {
	send a@b.test bob@here.test
	chmod 500 "$MAILDIR_bob/tmp"
	END_OF_DATA='S: 451 4.3.0 Local trouble, try later' \
		send a@b.test bob@here.test
	[ "$(count bob)" -eq 1 ]
	[ "$(waiting)" -eq 0 ]
}

@test "new/ cannot be written: the copy made is taken back" {
	send a@b.test bob@here.test
	chmod 500 "$MAILDIR_bob/new"
	END_OF_DATA='S: 451 4.3.0 Local trouble, try later' \
		send a@b.test bob@here.test
	chmod 700 "$MAILDIR_bob/new"
	[ "$(count bob)" -eq 1 ]
	nothing_left
	chmod 500 "$MAILDIR_bob/new"
	send a@b.test alice@here.test bob@here.test
	chmod 700 "$MAILDIR_bob/new"
	[ "$(count alice)" -eq 1 ]
	[ "$(rcpts)" = "$(rcpts | grep '^T .*bob@here.test')" ]
	find "$SPOOL/new" -name '*-late' | grep -q .
	nothing_left
}

@test "the spool cannot be written: 451 for all, nothing delivered" {
	mv "$SPOOL" "$SPOOL.away"
	: >"$SPOOL"
	local_peer <<-END
	$(from_to a@b.test x@remote.test alice@here.test)
	$(empty_mail '451 4.3.0 Local trouble, try later')
	END
	[ "$(count alice)" -eq 0 ]
	nothing_left
}

# A disk of 64 KiB, which the Maildir lies on.
@test "disk full: 452, nothing left; room again: 250" {
	[ "$EUID" -eq 0 ] || skip "needs root to mount"
	yes 'forty octets of text, more or less, here' | head -n 2000 |
		sed 's/$/\r/' >"$T/big"
	mkdir "$T/home/alice/Maildir"
	export UID_alice MAILDIR_alice ROOT
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m bash -c '
		set -e
		mount -t tmpfs -o "size=64k,uid=$UID_alice,gid=$UID_alice,mode=700" \
			tmpfs "$MAILDIR_alice"
		. "$ROOT/tests/lib.bash"; . "$ROOT/tests/smtp-session/smtp.bash"
		T=$1 CONFIG=$1/etc; FAULT=()
		talk <<-END
		$(from_to a@b.test alice@here.test)
		C: DATA
		S: 354...
		C@ $T/big
		C: .
		S: 452 4.3.1 No space here now, try later
		END
		[ -z "$(ls "$MAILDIR_alice/tmp" "$MAILDIR_alice/new" | grep "^[0-9]")" ]
		send a@b.test alice@here.test
		[ "$(ls "$MAILDIR_alice/new" | wc -l)" -eq 1 ]
	' - "$T"
}

@test "an unreadable users file: 451, not 550" {
	[ "$EUID" -eq 0 ] || chmod 0 "$CONFIG/users"
	[ "$EUID" -ne 0 ] || chmod 666 "$CONFIG/users"
	refused alice@here.test \
		'451 4.3.0 Cannot look that up now, try later'
	logged 'etc/users'
}

@test "more mailboxes than agents: the rest goes by the spool" {
	local i all=()
	for i in {1..35}; do
		add_user "u$i"
		all+=("u$i@here.test")
	done
	send a@b.test "${all[@]}"
	[ "$(find "$T"/home/u*/Maildir/new -type f | wc -l)" -eq 32 ]
	[ "$(rcpts | wc -l)" -eq 3 ]
	nothing_left
}

# ---- extensions, catch-all

@test "bob+lists: the folder Lists if there is one, else the inbox" {
	send a@b.test alice+lists@here.test
	[ "$(count alice)" -eq 1 ]
	has 'Delivered-To: alice+lists@here.test'
	as alice mkdir "$MAILDIR_alice/.Lists"
	send a@b.test alice+lists@here.test
	[ "$(count alice)" -eq 1 ]
	[ "$(find "$MAILDIR_alice/.Lists/new" -type f | wc -l)" -eq 1 ]
	logged 'mailbox=alice/Lists '
	refused alice+../../x@here.test '550 5.1.1 No such user here'
}

@test "aliases know extensions, too: the longest name counts" {
	printf '%s\n' 'list+owner: alice' 'list: bob' >"$CONFIG/aliases"
	send a@b.test list+owner@here.test
	[ "$(count alice)" -eq 1 ]
	send a@b.test list+else@here.test
	[ "$(count bob)" -eq 1 ]
}

@test ":include: reads a list, without commands, once" {
	printf '%s\n' "list: :include:$T/list" "prog: :include:$T/prog" \
		"loop: bob, :include:$T/loop" >"$CONFIG/aliases"
	printf '%s\n' '# members' 'alice, bob' 'x@remote.test  # far' >"$T/list"
	printf '%s\n' '# none' '|/bin/true' >"$T/prog"
	printf '%s\n' alice ":include:$T/loop" ":include:$T/loop" >"$T/loop"
	chmod 644 "$T"/{list,prog,loop}
	send a@b.test list@here.test
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 1 ]
	rcpts | grep -q x@remote.test
	send a@b.test loop@here.test
	[ "$(count alice)" -eq 2 ]
	refused prog@here.test \
		'451 4.3.0 Cannot look that up now, try later'
	logged "$T/prog:2: no commands and files in a list"
}

@test "catch-all of a domain: for whom nobody is" {
	echo also.test >>"$CONFIG/domains"
	printf '%s\n' '@also.test: alice' >"$CONFIG/aliases"
	send a@b.test anything@also.test
	send a@b.test bob@also.test
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 1 ]
	refused anything@here.test \
		'550 5.1.1 No such user here'
}
