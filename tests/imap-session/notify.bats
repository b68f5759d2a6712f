#!/usr/bin/env bats
# NOTIFY (RFC 5465): news of many mailboxes without being asked.
# shellcheck disable=SC2016,SC2154

load ../lib
load ../pop3-session/common
load common

setup() {
	lib_setup
	three
	imap
}

# arrive NAME: deliver standard input into INBOX, at once.
arrive() {
	put "tmp/$1"
	as alice mv "$MAILDIR_alice/tmp/$1" "$MAILDIR_alice/new/$1"
}

# in_work NAME: deliver standard input into the folder Work.
in_work() {
	as alice mkdir -p "$MAILDIR_alice"/.Work/{cur,new,tmp}
	as alice tee "$MAILDIR_alice/.Work/tmp/$1" >/dev/null
	as alice mv "$MAILDIR_alice/.Work/tmp/$1" "$MAILDIR_alice/.Work/new/$1"
}

@test "NOTIFY: syntax, and what there is no event for" {
	begin 8
	say 8 'C: a NOTIFY' 'S: a BAD Argument missing' \
		'C: b NOTIFY GET x' 'S: b BAD SET or NONE expected' \
		'C: c NOTIFY SET (selected (MessageNew))' \
		'S: c BAD Events that need each other' \
		'C: d NOTIFY SET (personal (FlagChange))' \
		'S: d BAD Events that need each other' \
		'C: e NOTIFY SET (personal (AnnotationChange))' \
		'S~ e NO \[BADEVENT (MessageNew *' \
		'C: f NOTIFY NONE' 'S: f OK Done' \
		'C: g NOTIFY SET (nobody (MailboxName))' \
		'S: g BAD Unknown set of mailboxes'
	end 8
}

@test "NOTIFY: mail in other folders, without a command" {
	echo 'Subject: 1' | in_work 1.a
	begin 8 INBOX
	say 8 'C: a NOTIFY SET STATUS (personal (MessageNew MessageExpunge))' \
		'S~ \* STATUS Work (MESSAGES 1 UIDNEXT 2 UIDVALIDITY * UNSEEN 1)' \
		'S: a OK Done'
	echo 'Subject: 2' | in_work 2.b
	say 8 'S~ \* STATUS Work (MESSAGES 2 UIDNEXT 3 UIDVALIDITY * UNSEEN 2)'
	# flags were not asked for
	mv "$MAILDIR_alice/.Work/new/1.a" "$MAILDIR_alice/.Work/cur/1.a:2,S"
	rm "$MAILDIR_alice/.Work/new/2.b"
	say 8 'S~ \* STATUS Work (MESSAGES 1 UIDNEXT 3 UIDVALIDITY * UNSEEN 0)'
	say 8 'C: b NOTIFY NONE' 'S: b OK Done'
	echo 'Subject: 3' | in_work 3.c
	say 8 'C: c NOOP' 'S: c OK Done'
	end 8
}

@test "NOTIFY: flags" {
	echo 'Subject: 1' | in_work 1.a
	begin 8
	say 8 'C: a NOTIFY SET (subtree Work (MessageNew MessageExpunge FlagChange))' \
		'S: a OK Done'
	mv "$MAILDIR_alice/.Work/new/1.a" "$MAILDIR_alice/.Work/cur/1.a:2,S"
	say 8 'S~ \* STATUS Work (MESSAGES 1 * UNSEEN 0)'
	end 8
}

@test "NOTIFY: the selected mailbox, with what is asked of new messages" {
	begin 8 INBOX
	say 8 'C: a NOTIFY SET (selected (MessageNew (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge))' \
		'S: a OK Done'
	echo 'Subject: four' | arrive 1000000004.d.here
	say 8 'S: * 4 EXISTS' 'S: * 3 RECENT' \
		'S: * 4 FETCH (UID 4 FLAGS (\Recent) BODY[HEADER.FIELDS (SUBJECT)] {17}' \
		'S: Subject: four' 'S: ' 'S: )'
	rm "$MAILDIR_alice"/cur/1000000001.a.here*
	say 8 'S: * 1 EXPUNGE' 'S: * 2 RECENT'
	end 8
}

@test "NOTIFY: what is new in a mailbox is not what is new in another" {
	for i in 1 2 3 4; do echo "Subject: $i" | in_work "$i.a"; done
	begin 8 INBOX
	say 8 'C: a NOTIFY SET (selected (MessageNew (UID) MessageExpunge))' \
		'S: a OK Done' 'C: b SELECT Work' 'S* b OK*' \
		'C: c NOOP' 'S: c OK Done'
	echo 'Subject: 5' | in_work 5.a
	say 8 'S: * 5 EXISTS' 'S: * 5 RECENT' 'S: * 5 FETCH (UID 5)' \
		'C: d SELECT INBOX' 'S* d OK*' 'C: e NOOP' 'S: e OK Done'
	echo 'Subject: four' | arrive 1000000004.d.here
	say 8 'S: * 4 EXISTS' 'S~ \* * RECENT' 'S: * 4 FETCH (UID 4)'
	end 8
}

@test "NOTIFY: selected-delayed keeps messages until a command" {
	begin 8 INBOX
	say 8 'C: a NOTIFY SET (selected-delayed (MessageNew MessageExpunge))' \
		'S: a OK Done'
	rm "$MAILDIR_alice"/cur/1000000001.a.here*
	echo 'Subject: four' | arrive 1000000004.d.here
	say 8 'S: * 4 EXISTS' 'S~ \* * RECENT'
	say 8 'C: b FETCH 2 UID' 'S: * 2 FETCH (UID 2)' 'S: b OK Done' \
		'C: c NOOP' 'S: * 1 EXPUNGE' 'S* c OK Done'
	end 8
}

@test "NOTIFY: names and subscriptions" {
	begin 8
	begin 9
	say 8 'C: a NOTIFY SET (personal (MailboxName SubscriptionChange MessageNew MessageExpunge))' \
		'S: a OK Done'
	say 9 'C: a CREATE Fresh' 'S* a OK*'
	say 8 'S: * LIST () "/" Fresh'
	say 9 'C: b SUBSCRIBE Fresh' 'S* b OK*'
	say 8 'S: * LIST (\Subscribed) "/" Fresh'
	say 9 'C: c RENAME Fresh Old' 'S* c OK*'
	say 8 'S~ \* LIST (*) "/" Old ("OLDNAME" (Fresh))'
	say 9 'C: d APPEND Old {3+}' 'C: abc' 'S* d OK*'
	say 8 'S~ \* STATUS Old (MESSAGES 1 *'
	say 9 'C: e DELETE Old' 'S* e OK*'
	say 8 'S: * LIST (\NonExistent) "/" Old'
	end 9
	end 8
}

# RFC 5465 s. 5.6, 5.7; one's own changes are no news.
@test "NOTIFY: metadata of mailboxes and of the server" {
	echo 'Subject: 1' | in_work 1.a
	begin 8
	begin 9
	say 9 'C: a SETMETADATA Work (/private/color "red" /private/x "y")' \
		'S: a OK Done'
	say 8 'C: a NOTIFY SET (personal (MailboxMetadataChange ServerMetadataChange))' \
		'S: a OK Done' 'C: b SETMETADATA INBOX (/private/own "1")' \
		'S: b OK Done'
	say 9 'C: b SETMETADATA Work (/private/color "blue" /private/size "1")' \
		'S: b OK Done'
	say 8 'S: * METADATA Work /private/color /private/size'
	say 9 'C: c SETMETADATA Work (/private/x NIL)' 'S: c OK Done'
	say 8 'S: * METADATA Work /private/x'
	say 9 'C: d SETMETADATA "" (/private/comment "all")' 'S: d OK Done'
	say 8 'S: * METADATA "" /private/comment'
	say 9 'C: e SETMETADATA INBOX (/private/own "1")' 'S: e OK Done' \
		'C: f SETMETADATA INBOX (/private/own "2")' 'S: f OK Done'
	say 8 'S: * METADATA INBOX /private/own'
	say 8 'C: c NOTIFY SET (personal (MessageNew MessageExpunge))' \
		'S: c OK Done'
	say 9 'C: g SETMETADATA INBOX (/private/own "3")' 'S: g OK Done'
	say 8 'C: d NOOP' 'S: d OK Done'
	end 9
	end 8
}

@test "NOTIFY: IDLE tells of other folders, too" {
	echo 'Subject: 1' | in_work 1.a
	begin 8 INBOX
	say 8 'C: a NOTIFY SET (mailboxes Work (MessageNew MessageExpunge))' \
		'S: a OK Done' 'C: b IDLE' 'S: + Idling'
	echo 'Subject: 2' | in_work 2.b
	say 8 'S~ \* STATUS Work (MESSAGES 2 *' 'C: DONE' 'S: b OK Done'
	end 8
}
