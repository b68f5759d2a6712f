#!/usr/bin/env bats
# maildir/late.c: names that follow when the client has its answer.

# shellcheck disable=SC2016 # for eval and other shells

load ../lib
load common

teardown() { lib_teardown; }

# late LINE...: a view whose names may follow.
late() { printf '%s\n' "$@" | "${FAULT[@]}" "$ACT" -l "$M" INBOX; }

# named PATTERN: how many names in cur/ are so.
named() { find "$M/cur" -type f -name "$1" | wc -l; }

# flagged FLAGS: how many messages have these in the index.
flagged() { "$DRIVE" view "$M" INBOX | sed 1d | grep -c "^[0-9]* $1 " || :; }

held() { find "$M/expunged" -path '*/INBOX/*' | wc -l; }

@test "late: the first at once, a share at a time, the rest at the end" {
	fill 200
	late 'all + 4' die
	[ "$(flagged 4)" -eq 200 ]
	[ "$(named '*:2,F')" -eq 32 ]
	late late die
	[ "$(named '*:2,F')" -eq 96 ]
	late
	[ "$(named '*:2,F')" -eq 200 ]
	[ "$(flagged 4)" -eq 200 ]
}

@test "late: what is taken back before it followed" {
	fill 200
	late 'all + 4' 'all - 4' 'all + 1' sync die
	[ "$(flagged 1)" -eq 200 ]
	late late late late late
	[ "$(named '*:2,S')" -eq 200 ]
	[ "$(flagged 1)" -eq 200 ]
}

@test "late: a few are not" {
	fill 20
	late 'all + 4' die
	[ "$(named '*:2,F')" -eq 20 ]
	late 'all + 8' erase die
	[ "$(named '*')" -eq 0 ]
}

@test "late: keywords of the name are not" {
	fill 100
	late 'word 1 work' 'all + 4' 'word 99 work' die
	[ "$(named '*:2,F[a-z]')" -eq 2 ]
	late
	[ "$(named '*:2,F')" -eq 98 ]
}

@test "late: what another program does meanwhile stays" {
	fill 200
	late 'all + 4' die
	[ -e "$M/cur/150.x:2," ]
	mv "$M/cur/150.x:2," "$M/cur/150.x:2,RS"
	mv "$M/cur/151.x:2," "$M/cur/151.x:2,F"
	rm "$M/cur/152.x:2,"
	mv "$M/cur/153.x:2," "$M/cur/153.x:2,Z"
	mv "$M/cur/0.x:2,F" "$M/cur/0.x:2,"
	[ "$(flagged 7)" -eq 1 ]
	[ "$(flagged 4)" -eq 197 ]
	late
	[ "$(named '*')" -eq 199 ]
	[ "$(named '*:2,F')" -eq 196 ]
	[ -e "$M/cur/150.x:2,FRS" ]
	[ -e "$M/cur/153.x:2,FZ" ]
	[ -e "$M/cur/0.x:2," ]
	[ "$(flagged 4)" -eq 197 ]
}

@test "late: an expunged message is read until it is told" {
	fill 100
	late erase 'cat 99' die >"$T/out"
	grep -qx x "$T/out"
}

@test "late: an expunged file is no new message" {
	fill 200
	uids >"$T/before"
	late 'flag 1 + 8' erase die
	[ "$(named '*')" -eq 136 ]
	[ "$(flagged '.*')" -eq 0 ]
	mv "$M/cur/150.x:2," "$M/cur/150.x:2,S"
	rm "$M/cur/151.x:2,"
	echo new >"$M/cur/new.x:2,"
	[ "$(uids)" = '201 new.x' ]
	late
	[ "$(named '*')" -eq 1 ]
	[ "$(held)" -eq 199 ]
	[ "$(uids)" = '201 new.x' ]
	[ "$(find "$M/expunged" -name '150.x,U=*:2,S' | wc -l)" -eq 1 ]
}

@test "late: a new generation knows" {
	fill 200
	late 'all + 4' die
	mv "$M/cur/150.x:2," "$M/cur/150.x:2,S"
	# the machine stopped meanwhile
	printf '\1' | dd of="$M/mailroom-index" bs=1 seek=24 conv=notrunc status=none
	[ "$(flagged 4)" -eq 199 ]
	[ "$(flagged 5)" -eq 1 ]
	late erase die
	printf '\1' | dd of="$M/mailroom-index" bs=1 seek=24 conv=notrunc status=none
	[ "$(flagged '.*')" -eq 0 ]
	late
	[ "$(named '*')" -eq 0 ]
	[ "$(held)" -eq 200 ]
}

@test "late: without an index the names are true" {
	fill 100
	late 'all + 4' die
	rm "$M"/mailroom-index*
	[ "$(flagged 4)" -eq 32 ]
	late
	[ "$(named '*:2,F')" -eq 32 ]
}

@test "late: a full disk" {
	fill 100
	late 'all + 4' die
	fault renameat2 ENOSPC
	late late die >"$T/out"
	grep -qx 'late 1' "$T/out"
	no_fault
	late
	[ "$(named '*:2,F')" -eq 100 ]
}

change_and_erase() {
	rm -rf "$M"
	fill 100
	(FAULT=() && uids) >"$T/before"
	late 'all + 4' late sync erase late >"$T/out" 2>/dev/null || :
}

promised() {
	local FAULT=()
	uids >"$T/after" || return 1
	if grep -qx 'erase 0' "$T/out"; then
		[ ! -s "$T/after" ] || return 1
	elif grep -qx 'all 0' "$T/out"; then
		[ "$(flagged 4)" -eq "$(wc -l <"$T/after")" ] || return 1
	fi
	# nobody got another UID
	[ -z "$(comm -13 <(sort "$T/before") <(sort "$T/after"))" ] || return 1
	late || return 1
	[ "$(named '*')" -eq "$(wc -l <"$T/after")" ] || return 1
	[ "$(named '*:2,F')" -eq "$(flagged 4)" ] || return 1
	[ "$(($(named '*') + $(held)))" -eq 100 ]
}

# SOAK=1: at each.
@test "late: killed" {
	each_kill change_and_erase promised "$(times 23 1)"
}

@test "late: Dovecot comes before the names" {
	dovecot_ready
	fill 200
	owned
	late 'all + 4' die
	imap 'SELECT INBOX' 'STORE 1:* +FLAGS (\Seen)' 'STORE 180 +FLAGS (\Deleted)' \
		EXPUNGE LOGOUT >/dev/null
	[ "$(flagged 5)" -eq 199 ]
	late
	[ "$(named '*:2,FS')" -eq 199 ]
	late erase die
	imap 'SELECT INBOX' 'STORE 1:* +FLAGS (\Answered)' LOGOUT >/dev/null
	[ "$(flagged '.*')" -eq 0 ]
	late
	[ "$(named '*')" -eq 0 ]
	[ "$(held)" -eq 199 ]
	not grep -i -e broken -e corrupt -e invalid -e duplicate "$T/dovecot.err"
}

# session: imap-session on a pipe, selected, at descriptors TO and FROM.
session() {
	mkfifo "$T/to" "$T/from"
	open_way
	start session sh -c 'to=$1 from=$2 && shift 2 && exec "$@" <"$to" >"$from"' \
		sh "$T/to" "$T/from" env HOME="$T" "$BIN/imap-session" -c "$T"
	exec {TO}>"$T/to" {FROM}<"$T/from"
	read -r -t 20 -u "$FROM"
	say 'a SELECT INBOX' a
}

# say LINE TAG: and read on to the line of that tag.
say() {
	printf '%s\r\n' "$1" >&"$TO"
	while read -r -t 20 -u "$FROM"; do
		[[ $REPLY != "$2 "* ]] || break
	done
	[[ $REPLY == "$2 "* ]]
}

@test "late: a session goes on by itself" {
	fill 500
	session
	say 'b STORE 1:* +FLAGS.SILENT (\Flagged)' b
	wait_for 20 eval '[ "$(named "*:2,F")" -eq 500 ]'
	say 'c STORE 1:* -FLAGS.SILENT (\Flagged)' c
	say 'd IDLE' +
	wait_for 20 eval '[ "$(named "*:2,")" -eq 500 ]'
	say DONE d
	say 'e STORE 1:* +FLAGS.SILENT (\Deleted)' e
	say 'f EXPUNGE' f
	wait_for 20 eval '[ "$(held)" -eq 500 ]'
	[ "$(named '*')" -eq 0 ]
}

# Names that follow are not what the next commands wait for, nor is a listing
# because of them: one read of a first block is none.
@test "late: a client that goes on comes first" {
	fill 500
	{
		printf 'a SELECT INBOX\r\nb STORE 1:* +FLAGS.SILENT (\\Flagged)\r\n'
		for _ in {1..9}; do printf 'c NOOP\r\n'; done
		printf 'd LOGOUT\r\n'
	} >"$T/commands"
	# shellcheck disable=SC2002 # a file is no client
	cat "$T/commands" | HOME=${M%/*} strace -o "$T/calls" -s 9999 \
		-e trace=renameat2,getdents64,write,sendto "$BIN/imap-session" -c "$T" |
		grep '^d OK'
	[ "$(named '*:2,F')" -eq 500 ]
	awk '/renameat2/ { n++ } /c OK/ { before = n; more = read }
		/getdents64/ && !/, 1024\)/ && n > 0 { read++ }
		END { print before, more
			exit before == 0 || before > 200 || more > 0 }' \
		"$T/calls"
}

# RFC 9051 s. 7.5.1: a second session sees what the first was promised.
@test "late: another session sees what is wanted" {
	fill 500
	session
	say 'b STORE 1:* +FLAGS.SILENT (\Flagged)' b
	[ "$(flagged 4)" -eq 500 ]
}
