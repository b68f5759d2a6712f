#!/usr/bin/env bats
# The IMAP clients of Debian.
# shellcheck disable=SC2154

bats_require_minimum_version 1.5.0
load ../lib
load ../pop3-session/common
load common

setup() {
	lib_setup
	three
	imap
}

@test "curl" {
	local url=imap://$HOST:20143
	curl -s -u alice:correct-horse "$url/" | grep -q INBOX
	curl -s -u alice:correct-horse "$url/INBOX;UID=2" >"$T/mail"
	sed 's/$/\r/' "$T/2" | cmp - "$T/mail"
	curl -s -u alice:correct-horse "$url/INBOX?SUBJECT%20three" |
		grep -q '^\* SEARCH 3'
	curl -s -u alice:correct-horse -T "$T/1" "$url/INBOX"
	[ "$(files | wc -l)" -eq 4 ]
	run ! curl -s -u alice:wrong "$url/"
}

@test "Python imaplib" {
	python3 - "$HOST" "$T/2" <<-'END'
	import imaplib, sys
	m = imaplib.IMAP4(sys.argv[1], 20143)
	m.login("alice", "correct-horse")
	assert m.select()[1] == [b"3"]
	want = open(sys.argv[2], "rb").read().replace(b"\n", b"\r\n")
	assert m.fetch("2", "(RFC822)")[1][0][1] == want
	assert m.search(None, "SUBJECT", '"three"')[1] == [b"3"]
	assert m.store("1", "+FLAGS", "\\Deleted")[0] == "OK"
	assert m.create('"a b/c"')[0] == "OK"
	assert m.copy("1:2", '"a b/c"')[0] == "OK"
	assert m.expunge()[1] == [b"1"]
	assert m.append("INBOX", "(\\Seen)", None, b"Subject: x\r\n\r\ny\r\n")[0] == "OK"
	assert m.noop()[0] == "OK"
	assert m.status('"a b/c"', "(MESSAGES)")[1] == [b'"a b/c" (MESSAGES 2)']
	assert m.close()[0] == "OK"
	m.logout()
	END
	[ "$(files | wc -l)" -eq 3 ]
}

@test "mbsync: both ways" {
	mbsync_rc alice "$T/near" >"$T/rc"
	mkdir "$T/near"
	HOME=$T mbsync -q -c "$T/rc" -a
	[ "$(find "$T/near/INBOX/cur" "$T/near/INBOX/new" -type f | wc -l)" -eq 3 ]
	# something happens on either side
	mkdir -p "$T/near/Work/cur" "$T/near/Work/new" "$T/near/Work/tmp"
	printf 'Subject: near\n\nhere\n' >"$T/near/Work/new/1.near.x"
	printf 'Subject: far\n\nthere\n' | put new/1000000009.z.here
	f=$(grep -l 'Subject: one' "$T"/near/INBOX/*/*)
	b=${f##*/}
	mv "$f" "$T/near/INBOX/cur/${b%%:2,*}:2,FS"
	rm "$(grep -l 'Subject: three' "$T"/near/INBOX/*/*)"
	HOME=$T mbsync -q -c "$T/rc" -a
	grep -q here "$MAILDIR_alice"/.Work/*/*
	grep -q there "$T"/near/INBOX/*/*
	ls "$MAILDIR_alice"/cur/1000000001.a.here*:2,FS
	[ -z "$(find "$MAILDIR_alice"/cur "$MAILDIR_alice"/new -name '1000000003*')" ]
	# and nothing more
	HOME=$T mbsync -c "$T/rc" -a >"$T/out" 2>&1
	[ "$(files | wc -l)" -eq 3 ]
}

@test "offlineimap: both ways" {
	command -v offlineimap >/dev/null || skip "offlineimap is not installed"
	cat >"$T/rc" <<-END
	[general]
	accounts = a
	metadata = $T/meta
	ui = quiet
	[Account a]
	localrepository = near
	remoterepository = far
	[Repository near]
	type = Maildir
	localfolders = $T/near
	[Repository far]
	type = IMAP
	remotehost = $HOST
	remoteport = 20143
	remoteuser = alice
	remotepass = correct-horse
	ssl = no
	starttls = no
	auth_mechanisms = LOGIN
	END
	mkdir "$T/near"
	HOME=$T offlineimap -o -c "$T/rc"
	[ "$(find "$T/near/INBOX/cur" "$T/near/INBOX/new" -type f | wc -l)" -eq 3 ]
	printf 'Subject: far\n\nthere\n' | put new/1000000009.z.here
	printf 'Subject: near\n\nhere\n' >"$T/near/INBOX/new/1.near.x"
	f=$(grep -l 'Subject: one' "$T"/near/INBOX/*/*)
	b=${f##*/}
	mv "$f" "$T/near/INBOX/cur/${b%%:2,*}:2,FS"
	rm "$(grep -l 'Subject: three' "$T"/near/INBOX/*/*)"
	HOME=$T offlineimap -o -c "$T/rc"
	grep -q there "$T"/near/INBOX/*/*
	grep -q here "$MAILDIR_alice"/{cur,new}/*
	ls "$MAILDIR_alice"/cur/1000000001.a.here*:2,FS
	[ -z "$(find "$MAILDIR_alice"/cur "$MAILDIR_alice"/new -name '1000000003*')" ]
	[ "$(files | wc -l)" -eq 4 ]
	# and nothing more
	HOME=$T offlineimap -o -c "$T/rc"
	[ "$(files | wc -l)" -eq 4 ]
}

# What a phone sends without waiting, in two pieces, cut at each octet.
@test "pipelining as phones do it, cut at every octet" {
	local i
	rm -rf "$MAILDIR_alice"
	for i in 1 2; do
		printf 'Subject: %s\n\nbody of %s\n' "$i" "$i" |
			put "cur/100000000$i.a.here:2,S"
	done
	"$BATS_TEST_DIRNAME/../pop3-session/cut" \
		"$BATS_TEST_DIRNAME/phone.chat" \
		"$BIN/imap-session" -c "$CONFIG"
}
