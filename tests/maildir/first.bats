#!/usr/bin/env bats
# maildir/rebuild.c: the first list of a folder, which a session writes behind its
# answer.  RFC 9051 s. 2.3.1.1: what was told holds, or UIDVALIDITY is higher.

# shellcheck disable=SC2016 # for eval

load ../lib
load common

teardown() { lib_teardown; }

# begin: a hundred of them, kept in $T/origin, too, and "UID NAME" in $T/want.
begin() {
	local i
	fill 100
	for ((i = 0; i < 100; i++)); do
		echo "$((i + 1)) $i.x"
	done >"$T/want"
	cp -a "$M" "$T/origin"
}

# first LINE...: a view whose list may follow.
first() { printf '%s\n' "$@" | "${FAULT[@]}" "$ACT" -l "$M" INBOX; }

# told <OUTPUT: UIDVALIDITY.
told() { sed -n 's/^told \([0-9]*\) .*/\1/p'; }

# as_told VALIDITY: what another sees now.
as_told() {
	local FAULT=() now
	diff <(uids) "$T/want" || return 1
	now=$(uidvalidity)
	[ "$now" -ge "$1" ] || { echo "$now after $1"; return 1; }
	[ "$now" -eq "$1" ]
}

@test "first: the list follows, and holds what was told" {
	begin
	first told late >"$T/out"
	grep -q ' 101$' "$T/out"
	as_told "$(told <"$T/out")"
	rm -rf "$M" && cp -a "$T/origin" "$M"
	first told >"$T/out"
	as_told "$(told <"$T/out")"
}

@test "first: none that was told is given again" {
	local a b
	begin
	a=$(first told die | told)
	[ ! -e "$M/dovecot-uidlist" ]
	b=$(first told die | told)
	[ "$b" -gt "$a" ]
	not as_told "$b"
	[ "$(uidvalidity)" -gt "$b" ]
	as_told "$(uidvalidity)"
}

@test "first: whatever needs it on disk writes it" {
	begin
	first 'flag 1 + 1' told die >"$T/out"
	as_told "$(told <"$T/out")"
	rm -rf "$M" && cp -a "$T/origin" "$M"
	first told info die >"$T/out"
	as_told "$(told <"$T/out")"
}

@test "first: others wait for it" {
	local to
	begin
	exec {to}> >("$ACT" -l "$M" INBOX >"$T/out" 3>&-)
	echo told >&"$to"
	wait_for 20 grep -q ^told "$T/out"
	[ ! -e "$M/dovecot-uidlist" ]
	start other "$DRIVE" view "$M" INBOX
	wait_for 20 eval 'ls -l "/proc/$PID_other/fd" | grep -q mailroom-index'
	echo late >&"$to"
	wait_for 20 grep -q 'messages 100' "$T/other.out" || { cat "$T/other.out"; return 1; }
	exec {to}>&-
	[ "$(sed '1s/ .*//;q' "$T/other.out")" = "$(told <"$T/out")" ]
	as_told "$(told <"$T/out")"
}

again() {
	rm -rf "$M"
	cp -a "$T/origin" "$M"
	first told late >"$T/out" 2>/dev/null || :
}

# What was told holds, or is nobody's.
kept() {
	local told
	told=$(told <"$T/out")
	as_told "${told:-0}" || [ "$(uidvalidity)" -gt "${told:-0}" ]
}

# SOAK=1: at each call.
@test "first: killed" {
	begin
	each_kill again kept "$(times 7 1)"
}

@test "first: a disk that is full" {
	begin
	each_fault fdatasync ENOSPC again kept
	each_fault renameat ENOSPC again kept
	each_fault write ENOSPC again kept
}

@test "first: SELECT waits for no disk" {
	begin
	fault fdatasync ENOSPC
	printf '%s\r\n' 'a SELECT INBOX' 'b NOOP' 'c LOGOUT' |
		HOME=$T "${FAULT[@]}" "$BIN/imap-session" -c "$CONFIG" >"$T/out"
	grep -q '^a OK' "$T/out"
	grep -q '^\* BYE' "$T/out"
	not grep -q '^c OK' "$T/out"
	told=$(tr -d '\r' <"$T/out" | sed -n 's/.*UIDVALIDITY \([0-9]*\)].*/\1/p')
	not as_told "$told"
	[ "$(uidvalidity)" -gt "$told" ]
}
