#!/usr/bin/env bats
# shellcheck disable=SC2154 # of lib.bash
# The maildir command among the other programs: mail comes by them and goes by
# them.

load ../lib

setup() {
	lib_setup
	unset MAILDIR EMAIL SENDER RECIPIENT ORIGINAL_RECIPIENT
}

# maildir_of USER: an empty one.
maildir_of() {
	local dir=MAILDIR_$1
	as "$1" mkdir -p -m 700 "${!dir}"{,/cur,/new,/tmp}
}

@test "deliver: for fetchmail, and nothing is lost when it fails" {
	local i
	command -v fetchmail >/dev/null || skip "fetchmail is missing"
	maildir_of alice
	for i in 1 2 3 4; do
		printf 'Return-Path: <%s@far.test>\nFrom: x@far.test\nList-Id: <l%s.test>\nSubject: %s\n\n.dot\nFrom me\n' \
			"$i" $((i % 2)) "$i" |
			as alice tee "$MAILDIR_alice/new/100000000$i.a.h" >/dev/null
	done
	start pop systemd-socket-activate --inetd --accept -l "$HOST:20110" \
		"$BIN/pop3-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 20110
	mkdir -p "$T/got/Maildir"
	printf 'move Odd\n\tList-Id: l1.test\n' >"$T/got/Maildir/mailroom-rules"
	cat >"$T/rc" <<-END
	poll "$HOST" proto POP3 port 20110 auth password uidl
	user alice password $PASSWORD nokeep no rewrite
	mda "$T/agent -F %F"
	END
	chmod 700 "$T/rc"
	fetch() {
		HOME=$T FETCHMAILHOME=$T fetchmail -f "$T/rc" --sslproto '' \
			--pidfile "$T/pid" --nosyslog
	}
	# Its disk is full: the mail stays where it is.
	printf '#!/bin/sh\nexec %s -o %s/fault.log fsync ENOSPC 1 -- %s deliver -m %s/got/Maildir "$@"\n' \
		"$TOOL/fault" "$T" "$BIN/maildir" "$T" >"$T/agent"
	chmod +x "$T/agent"
	run fetch; echo "$output"
	[ "$(find "$MAILDIR_alice/cur" "$MAILDIR_alice/new" -type f | wc -l)" -eq 4 ]
	[ "$(find "$T/got/Maildir/new" "$T/got/Maildir/tmp" -type f | wc -l)" -eq 0 ]
	printf '#!/bin/sh\nexec %s deliver -m %s/got/Maildir "$@"\n' \
		"$BIN/maildir" "$T" >"$T/agent"
	fetch
	[ -z "$(find "$MAILDIR_alice/cur" "$MAILDIR_alice/new" -type f)" ]
	[ "$(find "$T/got/Maildir/new" -type f | wc -l)" -eq 2 ]
	[ "$(find "$T/got/Maildir/.Odd/new" -type f | wc -l)" -eq 2 ]
	grep -qx '.dot' "$T"/got/Maildir/new/*
	not grep -qx '>From me' "$T"/got/Maildir/new/*
}
