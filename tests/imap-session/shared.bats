#!/usr/bin/env bats
# Folders of a group: Maildirs side by side, the word `shared-folders`.
# shellcheck disable=SC2016,SC2154

load ../lib
load ../pop3-session/common
load ../smtp-session/smtp
load common

# As root alice and bob are in a group; else both are ourselves.
setup() {
	lib_setup
	SHARED=$T/shared
	GROUP=$(id -g)
	[ "$EUID" -ne 0 ] || GROUP=20950
	mkdir "$SHARED"
	config shared-folders "$SHARED"
	maildir alice
	maildir bob
	# the group is the one of their lines
	sed -Ei "s/^((alice|bob):[^:]*:[0-9]*):[0-9]*/\1:$GROUP/" \
		"$CONFIG/users"
}

# share NAME MODE: a Maildir of the group.
share() {
	mkdir -p "$SHARED/$1"/{cur,new,tmp}
	[ "$EUID" -ne 0 ] || chgrp -R "$GROUP" "$SHARED/$1"
	chmod "$2" "$SHARED/$1" "$SHARED/$1"/{cur,new,tmp}
}

teardown() {
	chmod -R u+rwX "$SHARED"
	lib_teardown
}

# here NAME: what there is, down to times.
here() { find "$SHARED/$1" -printf '%p %m %T@ %s\n' | sort; }

@test "a folder of the group" {
	share Office 2770
	share Closed 700
	[ "$EUID" -eq 0 ] || chmod 0 "$SHARED/Closed"
	ln -s Office "$SHARED/Link"
	mkdir "$SHARED/other"
	chat imap-session <"$BATS_TEST_DIRNAME/shared.chat"
	# whatever was made is the group's
	[ -z "$(find "$SHARED/Office" -type d ! -perm 2770)" ]
	[ -z "$(find "$SHARED/Office" -type f ! -perm 660 ! -name '.tidied' \
		! -name 'dovecot-uidvalidity.*')" ]
	[ -z "$(find "$SHARED/Office" ! -group "$GROUP")" ]
	# what came from there is not
	[ "$(files | wc -l)" -eq 1 ]
	[ -z "$(find "$MAILDIR_alice" -type f -perm /077)" ]
}

# Each that is open takes descriptors, of which a session has few.
@test "many folders of the group" {
	local i
	mkdir -p "$SHARED"/n{100..299}/{cur,new,tmp}
	[ "$EUID" -ne 0 ] || chgrp -R "$GROUP" "$SHARED"
	chmod -R 2770 "$SHARED"
	chmod 755 "$SHARED"
	{
		printf '%s\n' 'S: * OK IMAP server ready' \
			"C: a LOGIN alice $PASSWORD" 'S: a OK [CAPABILITY...' \
			'C: b LIST "" "Shared/%"'
		printf 'S: * LIST (\\\\HasNoChildren) "/" Shared/n%d\n' {100..299}
		echo 'S: b OK Done'
		for ((i = 100; i < 200; i++)); do
			printf '%s\n' "C: c STATUS Shared/n$i (MESSAGES)" \
				"S: * STATUS Shared/n$i (MESSAGES 0)" 'S: c OK Done'
		done
		printf '%s\n' 'C: d STATUS Shared/n200 (MESSAGES)' \
			'S: d NO [LIMIT] Too many open folders' \
			'C: e SELECT Shared/n199' 'S* * ' \
			'S: e OK [READ-WRITE] Selected'
	} | chat -q imap-session
}

@test "without the word there are none" {
	share Office 2770
	sed -i '/^shared-folders/d' "$CONFIG/mailroom.conf"
	chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a LOGIN alice correct-horse
	S: a OK [CAPABILITY...
	C: b NAMESPACE
	S: * NAMESPACE (("" "/")) NIL NIL
	S: b OK Done
	C: c LIST "" "*"
	S: * LIST (\\HasNoChildren) "/" INBOX
	S: c OK Done
	C: d CREATE Shared/Office
	S: d OK [MAILBOXID ...
	END
	[ -d "$MAILDIR_alice/.Shared.Office" ]
}

@test "names as Courier has them" {
	share Office 2770
	chat imap-session -n courier <<-'END'
	S: * OK IMAP server ready
	C: a LOGIN alice correct-horse
	S: a OK [CAPABILITY...
	C: b NAMESPACE
	S: * NAMESPACE (("INBOX." ".")) NIL (("INBOX.Shared." "."))
	S: b OK Done
	C: c LIST "" "*"
	S: * LIST (\\HasChildren) "." INBOX
	S: * LIST (\\Noselect \\HasChildren) "." INBOX.Shared
	S: * LIST (\\HasNoChildren) "." INBOX.Shared.Office
	S: c OK Done
	C: d STATUS INBOX.Shared.Office (MESSAGES)
	S: * STATUS INBOX.Shared.Office (MESSAGES 0)
	S: d OK Done
	END
}

# log_in FD USER FOLDER
log_in() {
	eval "exec $1<>/dev/tcp/$HOST/20143"
	say "$1" 'S: * OK IMAP server ready' \
		"C: L LOGIN $2 correct-horse" 'S~ L OK *' \
		"C: L SELECT $3" 'S* L OK *'
}

@test "two users see what the other does" {
	share Office 2770
	imap
	log_in 8 alice Shared/Office
	log_in 9 bob Shared/Office
	say 8 'C: i IDLE' 'S: + Idling'
	printf 'a APPEND Shared/Office {12+}\r\nSubject: x\r\n\r\n' >&9
	say 9 'S: * 1 EXISTS' 'S: * 1 RECENT' 'S~ a OK \[APPENDUID * 1\] Done' ||
		:
	say 8 'S: * 1 EXISTS'
	say 9 'C: b STORE 1 +FLAGS (\Flagged kw)' 'S* b OK Done'
	say 8 'S* \* 1 FETCH (FLAGS (\\Flagged kw))' 'C: DONE' 'S: i OK Done'
	# the other way round
	say 9 'C: i IDLE' 'S: + Idling'
	say 8 'C: c STORE 1 FLAGS.SILENT (\Deleted)' 'S: c OK Done'
	say 9 'S: * 1 FETCH (FLAGS (\Deleted))'
	say 8 'C: d EXPUNGE' 'S: * 1 EXPUNGE' 'S: d OK Done'
	say 9 'S: * 1 EXPUNGE' 'C: DONE' 'S: i OK Done'
	end 8
	end 9
}

# RFC 5465 s. 5.4
@test "NOTIFY: names of shared folders" {
	share Office 2770
	imap
	begin 8
	log_in 9 bob Shared/Office
	say 8 'C: a NOTIFY SET (subtree Shared (MailboxName MessageNew MessageExpunge))' \
		'S: a OK Done'
	say 9 'C: b CREATE Shared/Office/New' 'S* b OK*'
	say 8 'S: * LIST () "/" Shared/Office/New'
	say 9 'C: c RENAME Shared/Office/New Shared/Office/Old' 'S* c OK*'
	say 8 'S~ \* LIST () "/" Shared/Office/Old ("OLDNAME" (Shared/Office/New))'
	say 9 'C: d APPEND Shared/Office/Old {3+}' 'C: abc' 'S* d OK*'
	say 8 'S~ \* STATUS Shared/Office/Old (MESSAGES 1 *'
	say 9 'C: e DELETE Shared/Office/Old' 'S* e OK*'
	say 8 'S: * LIST (\NonExistent) "/" Shared/Office/Old'
	# a Maildir is moved to its place when it is whole
	share made/Sales 2770
	mv "$SHARED/made/Sales" "$SHARED/Sales"
	say 8 'S: * LIST () "/" Shared/Sales'
	end 9
	end 8
}

# The shared list gives the UIDs, whoever writes.
@test "two users write at once" {
	share Office 2770
	imap
	cat >"$T/writer" <<-'END'
	import imaplib, sys
	m = imaplib.IMAP4(sys.argv[1], 20143)
	m.login(sys.argv[2], "correct-horse")
	m.select("Shared/Office")
	for i in range(25):
	    text = f"Subject: {sys.argv[2]} {i}\r\n\r\nx\r\n".encode()
	    assert m.append("Shared/Office", None, None, text)[0] == "OK"
	    assert m.uid("STORE", "1:*", "+FLAGS", "(\\Seen)")[0] == "OK"
	m.logout()
	END
	start alice python3 "$T/writer" "$HOST" alice
	python3 "$T/writer" "$HOST" bob
	wait "$PID_alice"
	[ "$(find "$SHARED/Office/cur" -type f | wc -l)" -eq 50 ]
	[ "$(find "$SHARED/Office/cur" -name '*:2,S' | wc -l)" -eq 50 ]
	# 50 UIDs, for both the same
	for user in alice bob; do
		printf '%s\r\n' "a LOGIN $user correct-horse" \
			'b EXAMINE Shared/Office' \
			'c UID FETCH 1:* BODY[HEADER.FIELDS (SUBJECT)]' \
			'd LOGOUT' >"$T/$user.in"
		exec 8<>"/dev/tcp/$HOST/20143"
		cat "$T/$user.in" >&8
		cat <&8 >"$T/$user.sees"
		exec 8<&-
	done
	grep -A1 ' FETCH (UID' "$T/alice.sees" >"$T/one"
	grep -A1 ' FETCH (UID' "$T/bob.sees" | cmp - "$T/one"
	[ "$(grep -c '^Subject' "$T/one")" -eq 50 ]
	[ "$(grep -o 'UID [0-9]*' "$T/one" | sort -u | wc -l)" -eq 50 ]
}

@test "one who may read writes nothing there" {
	share Notices 2770
	printf 'Subject: old\n\nx\n' >"$SHARED/Notices/cur/1.a:2,"
	[ "$EUID" -ne 0 ] || chown 20911:"$GROUP" "$SHARED/Notices/cur/1.a:2,"
	chmod 644 "$SHARED/Notices/cur/1.a:2,"
	chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a LOGIN alice correct-horse
	S: a OK [CAPABILITY...
	C: b APPEND Shared/Notices (\\Flagged) {12+}
	C: Subject: x
	C: 
	S: b OK [APPENDUID...
	END
	[ "$EUID" -ne 0 ] || chown -R 0:0 "$SHARED/Notices"
	chmod -R a-w,a+rX "$SHARED/Notices"
	here Notices >"$T/before"
	chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a LOGIN bob correct-horse
	S: a OK [CAPABILITY...
	C: b LIST "" Shared/* RETURN (MYRIGHTS)
	S: * LIST (\\HasNoChildren) "/" Shared/Notices
	S: * MYRIGHTS Shared/Notices lr
	S: b OK Done
	C: c SELECT Shared/Notices
	S* * 
	S: c OK [READ-ONLY] Selected
	C: d FETCH 1:* (UID FLAGS)
	S: * 1 FETCH (UID 1 FLAGS ())
	S: * 2 FETCH (UID 2 FLAGS (\\Flagged))
	S: d OK Done
	C: e SEARCH SUBJECT old
	S: * SEARCH 1
	S: e OK Done
	C: f FETCH 1 BODY[TEXT]
	S: * 1 FETCH (BODY[TEXT] {3}
	S: x
	S: )
	S: f OK Done
	C: g STORE 1 +FLAGS (\\Seen)
	S: g NO [READ-ONLY] Mailbox is read-only
	C: h EXPUNGE
	S: h NO [READ-ONLY] Mailbox is read-only
	C: i APPEND Shared/Notices {12+}
	C: Subject: x
	C: 
	S: i NO [NOPERM] Not permitted
	C: j COPY 1 Shared/Notices
	S: j NO [NOPERM] Not permitted
	C: k CREATE Shared/Notices/x
	S: k NO [NOPERM] Not permitted
	C: l COPY 1 INBOX
	S: l OK [COPYUID...
	C: m SUBSCRIBE Shared/Notices
	S: m OK Done
	C: n CLOSE
	S: n OK Done
	END
	here Notices | diff "$T/before" -
	[ "$(files bob | wc -l)" -eq 1 ]
}

# What nobody who may write has looked at yet has no UID, and a folder that none
# of them has opened no UIDVALIDITY.
@test "mail that comes to those who may read only" {
	share Notices 2770
	status() {
		chat imap-session <<-END
		S: * OK IMAP server ready
		C: a LOGIN $1 correct-horse
		S: a OK [CAPABILITY...
		C: b STATUS Shared/Notices (MESSAGES)
		S: * STATUS Shared/Notices (MESSAGES $2)
		S: b OK Done
		END
	}
	chmod -R a-w,a+rX "$SHARED/Notices"
	chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a LOGIN bob correct-horse
	S: a OK [CAPABILITY...
	C: b SELECT Shared/Notices
	S: b NO [NOPERM] Not permitted
	END
	chmod -R u+w,g+w "$SHARED/Notices"
	status alice 0
	printf 'Subject: new\n\nx\n' >"$SHARED/Notices/new/1.a"
	chmod -R a-w,a+rX "$SHARED/Notices"
	status bob 0
	chmod -R u+w,g+w "$SHARED/Notices"
	status alice 1
	chmod -R a-w "$SHARED/Notices"
	status bob 1
}

@test "mail for the group, by an alias" {
	share Office 2770
	[ "$EUID" -ne 0 ] || config command-user "20905:$GROUP"
	echo "office: $SHARED/Office/" >"$CONFIG/aliases"
	imap
	log_in 8 alice Shared/Office
	say 8 'C: i IDLE' 'S: + Idling'
	{
		from_to a@b.test '|office#1@here.test'
		empty_mail
	} | local_peer
	say 8 'S: * 1 EXISTS'
	exec 8<&-
	[ -z "$(find "$SHARED/Office" -type f -name '*.M*' ! -perm 660)" ]
}

# Groups come from group(5), besides that of the user's line.
@test "groups of /etc/group" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	unshare -m true 2>/dev/null || skip "needs mount namespaces"
	share Office 2770
	sed -Ei 's/^(alice:[^:]*:([0-9]*)):[0-9]*/\1:\2/; s/^(bob:[^:]*:([0-9]*)):[0-9]*/\1:\2/' \
		"$CONFIG/users"
	printf 'root:x:0:\noffice:x:%s:carol,bob\n' "$GROUP" >"$T/group"
	cat >"$T/in-it" <<-END
	mount --bind "$T/group" /etc/group
	exec "$BIN/imap-session" -c "$CONFIG"
	END
	for user in alice bob; do
		text='S: b NO [NONEXISTENT] No such mailbox'
		[ "$user" = alice ] || text='S: b OK Done'
		status='S* * STATUS'
		"$TOOL/chat" unshare -m bash "$T/in-it" <<-END
		S: * OK IMAP server ready
		C: a LOGIN $user correct-horse
		S: a OK [CAPABILITY...
		C: b STATUS Shared/Office (MESSAGES)
		$status
		$text
		END
	done
}

@test "the command maildir" {
	share Office 2770
	local mail=$SHARED/Office
	member() {
		local home=HOME_$1 uid=UID_$1
		if [ "$EUID" -eq 0 ]; then
			setpriv --reuid "${!uid}" --regid "${!uid}" \
				--groups "$GROUP" env HOME="${!home}" "${@:2}"
		else
			env HOME="${!home}" "${@:2}"
		fi
	}
	printf 'Subject: one\n\nx\n' |
		member alice "$BIN/maildir" deliver -m "$mail"
	member bob "$BIN/maildir" list -m "$mail/" | grep -q one
	# by its name
	local -x MAILDIR_SHARED=$SHARED
	member bob "$BIN/maildir" list -f Shared/Office | grep -q one
	member bob "$BIN/maildir" folders create -m "$mail" Old.Er
	printf 'Subject: two\n\nx\n' |
		member bob "$BIN/maildir" deliver -f Shared/Office/Old.Er
	member bob "$BIN/maildir" list -f Shared.Office.Old.Er | grep -q two
	# drafts and copies of answers are nothing that the others read
	run member bob "$BIN/maildir" reply -e -f Shared/Office 1 <<<text
	[ "$status" -eq 64 ] && [[ $output == *'not in a shared folder'* ]]
	[ ! -e "$SHARED/Office/mailroom-drafts" ]
	run member bob "$BIN/maildir" list -f Shared/None
	[ "$status" -eq 66 ] && [[ $output == *'no folder Shared/None'* ]]
	unset MAILDIR_SHARED
	run member bob "$BIN/maildir" list -f Shared/Office
	[ "$status" -eq 66 ]
	member bob "$BIN/maildir" mark -m "$mail" flagged 1
	member alice "$BIN/maildir" list -j -m "$mail" | grep -q flagged
	[ -z "$(find "$SHARED" -name 'mailroom-index*')" ]
	[ -z "$(find "$SHARED" -type f -name '*.M*' ! -perm 660)" ]
	chat imap-session <<-'END'
	S: * OK IMAP server ready
	C: a LOGIN bob correct-horse
	S: a OK [CAPABILITY...
	C: b STATUS Shared/Office (MESSAGES UNSEEN)
	S: * STATUS Shared/Office (MESSAGES 1 UNSEEN 1)
	S: b OK Done
	END
}

@test "the command maildir: the word of mailroom.conf" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	unshare -m true 2>/dev/null || skip "needs mount namespaces"
	share Office 2770
	mkdir -p "$T/etc/mailroom"
	cp /etc/passwd /etc/group "$T/etc"
	printf '# x\n  shared-folders\t%s # here\nhostname x.example\n' \
		"$SHARED" >"$T/etc/mailroom/mailroom.conf"
	echo 'Subject: two' >"$SHARED/Office/cur/1.x:2,"
	unshare -m sh -c 'mount --bind "$1/etc" /etc &&
		HOME=$2 exec "$3/maildir" list -f Shared/Office' - \
		"$T" "$HOME_alice" "$BIN" | grep -q two
}

@test "mbsync of two users" {
	share Office 2770
	imap
	for user in alice bob; do
		mkdir "$T/near.$user"
		mbsync_rc $user "$T/near.$user" >"$T/rc.$user"
		HOME=$T mbsync -q -c "$T/rc.$user" -a
	done
	printf 'Subject: note\n\nfor all\n' \
		>"$T/near.alice/Shared/Office/new/1.near.x"
	HOME=$T mbsync -q -c "$T/rc.alice" -a
	HOME=$T mbsync -q -c "$T/rc.bob" -a
	f=$(grep -l 'for all' "$T"/near.bob/Shared/Office/*/*)
	b=${f##*/}
	mv "$f" "$T/near.bob/Shared/Office/cur/${b%%:2,*}:2,FS"
	HOME=$T mbsync -q -c "$T/rc.bob" -a
	HOME=$T mbsync -q -c "$T/rc.alice" -a
	ls "$T"/near.alice/Shared/Office/cur/*:2,FS
	rm "$T"/near.alice/Shared/Office/cur/*:2,FS
	HOME=$T mbsync -q -c "$T/rc.alice" -a
	HOME=$T mbsync -q -c "$T/rc.bob" -a
	[ -z "$(find "$SHARED/Office"/{cur,new} "$T"/near.bob/Shared/Office/{cur,new} \
		-type f)" ]
}
