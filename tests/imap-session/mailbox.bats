#!/usr/bin/env bats
# imap-session: the commands on mailboxes, a file of transcripts each.
# shellcheck disable=SC2154

load ../lib
load ../pop3-session/common

play() {
	chat imap-session <"$BATS_TEST_DIRNAME/$1.chat"
}

@test "SELECT, EXAMINE, STATUS, CLOSE, UNSELECT" {
	three
	play select
}

@test "FETCH" {
	three
	play fetch
}

# RFC 9755 s. 8: no octets above 127 but in the text of messages, until the
# client says that it takes them.
@test "FETCH: header text that is raw UTF-8" {
	maildir alice
	as alice tee "$MAILDIR_alice/cur/1.x:2," >/dev/null <<-'END'
	From: Jürgen "Ä" <jürgen@x.test>
	Subject: grüße =?utf-8?q?=C3=A4?= und mehr
	Content-Type: text/plain; name="ä.txt"

	x
	END
	play raw
}

@test "STORE, EXPUNGE, COPY, MOVE" {
	three
	play store
}

@test "APPEND" {
	maildir alice
	play append
}

# in_inbox OPTION... <DIALOGUE: alice has selected her INBOX.
in_inbox() {
	{
		printf '%s\n' 'S: * OK IMAP server ready' \
			"C: a LOGIN alice $PASSWORD" 'S: a OK [CAPABILITY...' \
			'C: b SELECT INBOX' 'S* * ' \
			'S: b OK [READ-WRITE] Selected'
		cat
	} | chat imap-session "$@"
}

# appends COUNT FOLDER: how often directories were read.
appends() {
	for ((i = 0; i < $1; i++)); do
		printf '%s\n' "C: c APPEND $2 {3+}" 'C: abc' 'S* *' \
			'S: c OK [APPENDUID ...'
	done | in_inbox >"$T/appends.out"
	grep -c getdents64 "$T/calls" || : # none
}

# A large folder is not listed for each message that comes into it; two reads of a
# first block are how the session knows that it has heard of all.
@test "APPEND lists no folder" {
	maildir alice
	as alice mkdir -p "$MAILDIR_alice"/.x/{cur,new,tmp}
	# shellcheck disable=SC2034 # chat takes it
	FAULT=(strace -f -qq -e trace=getdents64 -o "$T/calls")
	for folder in INBOX x; do
		few=$(appends 3 "$folder")
		many=$(appends 23 "$folder")
		echo "$folder: $few for 3, $many for 23"
		[ "$many" -lt $((few + 60)) ]
	done
}

# The first listing of many looks at none of them.
@test "FETCH SAVEDATE of names that do not tell" {
	local i
	maildir alice
	as alice mkdir -p "$MAILDIR_alice"/{cur,new,tmp}
	for ((i = 100; i < 200; i++)); do
		echo x >"$MAILDIR_alice/cur/x$i:2,"
		touch -d '2001-02-03 04:05:06 UTC' "$MAILDIR_alice/cur/x$i:2,"
	done
	in_inbox <<-'END'
		C: c FETCH 3 SAVEDATE
		S: * 3 FETCH (SAVEDATE " 3-Feb-2001 04:05:06 +0000")
		S: c OK Done
		C: d SEARCH SAVEDON 3-Feb-2001
		S: * SEARCH 1 2 3...
		S: d OK Done
	END
}

hundred() {
	# shellcheck disable=SC2016
	as alice sh -c 'mkdir -p "$1/cur" "$1/new" "$1/tmp" && cd "$1" &&
		for i in $(seq 100); do echo "$i" >"cur/$i.x:2,"; done &&
		touch -d "1 minute ago" cur new' - "$MAILDIR_alice"
}

# listings COUNT COMMAND: with # for 1 .. COUNT, in one session; how often a
# directory was read, beside its first block.
listings() {
	rm -rf "$MAILDIR_alice"/{cur,.x}/* "$MAILDIR_alice"/{dovecot,mailroom}*
	as alice mkdir -p "$MAILDIR_alice"/.x/{cur,new,tmp}
	hundred
	for ((i = 1; i <= $1; i++)); do
		printf '%s\n' "C: c ${2//#/$i}" 'S* *' 'S: c OK ...'
	done | in_inbox >"$T/listings.out" || { cat "$T/listings.out" >&2; return 1; }
	grep getdents64 "$T/calls" | grep -vc ', 1024)' || : # none
}

# Nor for each message in it that is changed, copied or moved away.
@test "STORE, COPY, MOVE list no folder" {
	local few many command
	maildir alice
	# shellcheck disable=SC2034 # chat takes it
	FAULT=(strace -f -qq -e trace=getdents64 -o "$T/calls")
	for command in 'STORE # +FLAGS.SILENT (\\Flagged)' \
		'STORE 1:80 FLAGS.SILENT (\\Flagged k#)' \
		'COPY # INBOX' 'COPY # x' 'MOVE 1 x'; do
		few=$(listings 2 "$command")
		many=$(listings 12 "$command")
		echo "$command: $few for 2, $many for 12"
		[ "$many" -lt $((few + 30)) ]
	done
}

# RFC 9051 s. 6.4.7: TRYCREATE is for a mailbox that can be made.
@test "STORE, LOGOUT: the next session lists no folder" {
	maildir alice
	# shellcheck disable=SC2034 # chat takes it
	FAULT=(strace -f -qq -e trace=getdents64 -o "$T/calls")
	hundred
	in_inbox <<<$'C: n NOOP\nS: n OK Done'
	grep -q '131072) = [1-9]' "$T/calls"
	in_inbox <<-'END'
		C: c STORE 7 +FLAGS.SILENT (\\Flagged)
		S: c OK Done
		C: d STORE 1:90 +FLAGS.SILENT (\\Seen)
		S: d OK Done
	END
	in_inbox <<-'END'
		C: d SEARCH FLAGGED SEEN
		S: * SEARCH 7
		S: d OK Done
	END
	run grep 131072 "$T/calls"
	[ "$status" -eq 1 ]
}

# How many octets of directories were read.
listed() {
	awk -F' = ' '/131072\)/ { n += $2 } END { print n + 0 }' "$T/calls"
}

@test "COPY, APPEND: the next session lists no folder" {
	maildir alice
	# shellcheck disable=SC2034 # chat takes it
	FAULT=(strace -f -qq -e trace=getdents64 -o "$T/calls")
	hundred
	in_inbox <<-'END'
		C: c CREATE x
		S: c OK ...
		C: d COPY 1:90 x
		S: d OK [COPYUID ...
		C: e SELECT x
		S* *
		S: e OK ...
	END
	[ "$(listed)" -gt 0 ]
	sleep 0.1
	in_inbox <<-'END'
		C: a SELECT x
		S* *
		S: a OK ...
		C: c FETCH 90 UID
		S: * 90 FETCH (UID 90)
		S: c OK Done
		C: b SELECT INBOX
		S* *
		S: b OK ...
	END
	in_inbox <<-'END'
		C: c COPY 3:43 x
		S: c OK [COPYUID ...
		C: d APPEND x {3+}
		C: abc
		S: d OK [APPENDUID ...
		C: e MOVE 3:12 x
		S* *
		S: e OK ...
	END
	in_inbox <<-'END'
		C: c STATUS x (MESSAGES)
		S: * STATUS x (MESSAGES 142)
		S: c OK ...
		C: d SELECT x
		S* *
		S: d OK ...
		C: f FETCH * UID
		S: * 142 FETCH (UID 142)
		S: f OK Done
		C: e STATUS INBOX (MESSAGES)
		S: * STATUS INBOX (MESSAGES 90)
		S: e OK ...
	END
	[ "$(listed)" -eq 0 ]
}

# What lies in cur/ is not looked at for what comes to new/.
@test "a delivery: the next session lists new/ alone" {
	maildir alice
	# shellcheck disable=SC2034 # chat takes it
	FAULT=(strace -f -qq -e trace=getdents64 -o "$T/calls")
	hundred
	in_inbox <<<$'C: n NOOP\nS: n OK Done'
	for i in 1 2 3; do
		as alice tee "$MAILDIR_alice/new/$i.y" <<<x >/dev/null
		in_inbox <<-END
			C: c FETCH $((100 + i)) UID
			S: * $((100 + i)) FETCH (UID $((100 + i)))
			S: c OK Done
		END
		[ "$(listed)" -gt 0 ] && [ "$(listed)" -lt 500 ]
	done
	in_inbox <<<$'C: n NOOP\nS: n OK Done'
	[ "$(listed)" -eq 0 ]
}

@test "an index of gigabytes is used" {
	maildir alice
	hundred
	as alice tee "$MAILDIR_alice/cur/7.x:2," <<<$'Subject: old\n' >/dev/null
	in_inbox <<-'END'
		C: a FETCH 7 ENVELOPE
		S: * 7 FETCH (ENVELOPE (NIL "old"...
		S: a OK Done
	END
	as alice truncate -s 3G "$MAILDIR_alice/mailroom-index.cache"
	as alice dd of="$MAILDIR_alice/cur/7.x:2," conv=notrunc status=none \
		<<<'Subject: new'
	in_inbox <<-'END'
		C: a FETCH 7 ENVELOPE
		S: * 7 FETCH (ENVELOPE (NIL "old"...
		S: a OK Done
	END
}

@test "COPY: no room is no missing mailbox" {
	three
	as alice mkdir -p "$MAILDIR_alice"/.x/{cur,new,tmp}
	fault linkat ENOSPC
	in_inbox <<-'END'
	C: c COPY 1:2 x
	S: c NO [OVERQUOTA] No room left
	C: d COPY 1:2 x
	S: d OK [COPYUID...
	END
	faulted
	[ "$(find "$MAILDIR_alice/.x/cur" -type f | wc -l)" -eq 2 ]
}

# Names that are yet to follow, and a watch that ends, take their time.
@test "LOGOUT: the client hears of the end at once" {
	three
	# shellcheck disable=SC2034 # chat takes it
	FAULT=(strace -f -qq -e 'trace=shutdown,munmap' -o "$T/calls")
	printf '%s\n' 'C: c STORE 1 +FLAGS.SILENT (\\Flagged)' 'S: c OK Done' \
		'C: d LOGOUT' 'S: * BYE ...' 'S: d OK Bye' | in_inbox
	awk '/shutdown/ { early = 1 } early && /munmap/ { n++ }
		END { exit n == 0 }' "$T/calls"
}

@test "LIST, LSUB, CREATE, DELETE, RENAME, SUBSCRIBE" {
	maildir alice
	play list
}

@test "SEARCH" {
	three
	play search
}

@test "CONDSTORE and QRESYNC" {
	three
	play condstore
}

# RFC 7162 s. 3.1.
@test "CONDSTORE: every command that asks for modseqs enables it" {
	three
	for command in 'FETCH 1 MODSEQ' 'FETCH 1 FLAGS (CHANGEDSINCE 1)' \
		'SEARCH MODSEQ 1' 'SORT (DATE) UTF-8 MODSEQ 1' \
		'STATUS INBOX (HIGHESTMODSEQ)' \
		'LIST "" % RETURN (STATUS (HIGHESTMODSEQ))' \
		'STORE 1 (UNCHANGEDSINCE 1) +FLAGS.SILENT (a)'; do
		sed "s/COMMAND/$command/" \
			"$BATS_TEST_DIRNAME/modseq.chat" | chat imap-session
	done
}

# RFC 4731 s. 3.2.
@test "CONDSTORE: of MIN and MAX the modseq is theirs" {
	three
	in_inbox <<-'END'
	C: c STORE 3 +FLAGS.SILENT (\\Flagged)
	S: c OK Done
	C: d STORE 2 +FLAGS.SILENT (\\Flagged)
	S: d OK Done
	C: e FETCH 1:3 MODSEQ
	S* * OK [HIGHEST
	S~ \* 1 FETCH \(MODSEQ \((?P<A>\d+)\)\)
	S~ \* 2 FETCH \(MODSEQ \((?P<B>\d+)\)\)
	S~ \* 3 FETCH \(MODSEQ \((?P<C>\d+)\)\)
	S: e OK Done
	C: f SEARCH RETURN (MIN) MODSEQ 1
	S: * ESEARCH (TAG "f") MIN 1 MODSEQ ${A}
	S: f OK Done
	C: g SEARCH RETURN (MAX MIN) MODSEQ 1
	S: * ESEARCH (TAG "g") MIN 1 MAX 3 MODSEQ ${C}
	S: g OK Done
	C: h SEARCH RETURN (MAX SAVE) MODSEQ 1
	S: * ESEARCH (TAG "h") MAX 3 MODSEQ ${C}
	S: h OK Done
	C: i SEARCH RETURN (MAX COUNT) MODSEQ 1
	S: * ESEARCH (TAG "i") MAX 3 COUNT 3 MODSEQ ${B}
	S: i OK Done
	END
}

# RFC 7162 s. 3.1.3: however many there are.
@test "STORE: messages that were changed by others, 300 of them" {
	maildir alice
	seq 600 | as alice xargs -I{} touch "$MAILDIR_alice/cur/{}.x:2,"
	even=$(seq -s, 2 2 600) chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a LOGIN alice correct-horse
	S: a OK [CAPABILITY ...
	C: b SELECT INBOX
	S* * FLAGS
	S* * OK [P
	S: * 600 EXISTS
	S* * 0
	S* * OK [U
	S* * OK [MAILBOXID
	S~ \* OK \[HIGHESTMODSEQ (?P<FIRST>\d+)\] Changes
	S: b OK [READ-WRITE] Selected
	C: c STORE ${even} +FLAGS.SILENT (\\Flagged)
	S: c OK Done
	C: d STORE 1:* (UNCHANGEDSINCE ${FIRST}) +FLAGS.SILENT (\\Seen)
	S* * OK [HIGHESTMODSEQ
	S* *
	S: d OK [MODIFIED ${even}] Done but for some
	END
}

# After an update of these programs.
@test "SELECT: an index of another version is made anew" {
	three
	ask() {
		in_inbox <<-'END'
		C: c FETCH 1:3 UID
		S: * 1 FETCH (UID 1)
		S: * 2 FETCH (UID 2)
		S: * 3 FETCH (UID 3)
		S: c OK Done
		END
	}
	ask
	printf '\1' | dd of="$MAILDIR_alice/mailroom-index" bs=1 seek=8 \
		conv=notrunc
	ask
}

@test "FETCH of odd messages" {
	printf 'no header at all\nreally\n' | put new/1.a
	printf 'Subject: a\0b c\n\nx\0y\n' | put new/2.b
	printf '' | put new/3.c
	play odd
}

# subject OCTETS: a field with so many.
subject() {
	echo Subject:
	head -c "$1" /dev/zero | tr '\0' x | fold -w 70 | sed 's/^/ /'
	echo
}

@test "FETCH of headers that are larger than is held" {
	local part
	subject 17000000 | put cur/1.a:2,
	part=$(printf -- '--b\nContent-Type: message/rfc822\n\n' &&
		subject 250000)
	{
		printf 'Content-Type: multipart/mixed; boundary=b\n\n'
		for ((i = 0; i < 70; i++)); do echo "$part"; done
	} | put cur/2.b:2,
	in_inbox <<-'END'
	C: c FETCH 1 (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[HEADER.FIELDS (X SUBJECT)] UID)
	S: * 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] "" BODY[HEADER.FIELDS (X SUBJECT)] "" UID 1)
	S: c NO [LIMIT] Some have too large a header
	C: d FETCH 2 (BODYSTRUCTURE UID BODY)
	S: * 2 FETCH (BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 0 0) UID 2 BODY ("text" "plain" NIL NIL NIL "7bit" 0 0))
	S: d NO [LIMIT] Some have too large a header
	C: e FETCH 1:2 UID
	S: * 1 FETCH (UID 1)
	S: * 2 FETCH (UID 2)
	S: e OK Done
	END
}

@test "IMAP4rev2" {
	three
	play rev2
}

@test "OBJECTID" {
	three
	play objectid
}

@test "OBJECTID: a search reads no message whose ids are noted" {
	three
	ask() {
		in_inbox <<-END
		C: c $1
		S: * SEARCH
		S: c OK Done
		END
	}
	ask 'SEARCH EMAILID Mnone'
	find "$MAILDIR_alice/cur" -type f -exec chmod 0 {} +
	ask 'SEARCH EMAILID Mnone'
	ask 'SEARCH THREADID Tnone'
}

@test "BINARY and PREVIEW" {
	put cur/1000000001.a.here:2, <<-'END'
	Subject: parts
	Content-Type: multipart/mixed; boundary=B

	--B
	Content-Type: text/plain; charset=utf-8
	Content-Transfer-Encoding: quoted-printable

	=C3=A4
	> quoted
	b

	--B
	Content-Type: image/png
	Content-Transfer-Encoding: base64

	AAENCg==
	--B

	plain
	--B
	Content-Transfer-Encoding: x-own

	what
	--B--
	END
	play binary
}

@test "PARTIAL" {
	three
	play partial
}

@test "REPLACE" {
	three
	play replace
}

@test "CREATE-SPECIAL-USE and XLIST" {
	maildir alice
	play uses
}

@test "-n courier: names as Courier has them" {
	three
	chat imap-session -n courier <"$BATS_TEST_DIRNAME/courier.chat"
	[ -d "$MAILDIR_alice/.Sent/cur" ]
	chat -x 64 -p imap-session -n other </dev/null
}

@test "-k: new mail stays in new/ until it is seen" {
	put new/1000000001.a.here <<-'END'
		Subject: one

		one
	END
	in_inbox -k <<-'END'
		C: c FETCH 1 BODY.PEEK[TEXT]
		S: * 1 FETCH (BODY[TEXT] {5}
		S: one
		S: )
		S: c OK Done
	END
	[ -e "$MAILDIR_alice/new/1000000001.a.here" ]
	in_inbox -k <<-'END'
		C: c STORE 1 +FLAGS.SILENT (\\Seen)
		S: c OK Done
		C: d CLOSE
		S: d OK Done
	END
	[ -e "$MAILDIR_alice/cur/1000000001.a.here:2,S" ]
}
