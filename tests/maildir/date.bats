#!/usr/bin/env bats
# maildir/date.c: a first listing looks at no file; size and date come when
# somebody asks.

load ../lib
load common

teardown() { lib_teardown; }

# fill N: so many messages of several sizes, with the time of delivery in their
# names and another one as INTERNALDATE; what a view must show, in $T/want.
fill() {
	local i name
	rm -rf "$M" "$T/want"
	mkdir -p "$M"/{cur,new,tmp}
	for ((i = 1; i <= $1; i++)); do
		name=$M/cur/$((1600000000 + i)).M${i}P1.host:2,
		printf 'Subject: %*s\n\nx\n' "$((i % 7))" '' >"$name"
		printf '%u %u %u %u\n' "$i" "$((13 + i % 7))" \
			"$((16 + i % 7))" "$((1500000000 + i % 10))" >>"$T/want"
	done
	for ((i = 0; i < 10; i++)); do
		touch -d "@$((1500000000 + i))" "$M"/cur/*"$i"P1.host:2,
	done
}

# open: by somebody who does not ask.
open() { echo die | "$ACT" "$M" INBOX; }

view() { "${FAULT[@]}" "$DRIVE" view "$M" "${1:-INBOX}" | sed 1d | cut -d ' ' -f 1,4-; }

asked() { diff <(view) "$T/want"; }

@test "date: known when asked" {
	fill 200
	open
	asked
	asked
	[ "$("$DRIVE" view "$M" INBOX | sed -n '1s/.*octets \([0-9]*\).*/\1/p')" \
		-eq "$(awk '{ n += $3 } END { print n }' "$T/want")" ]
}

# looked_at COMMAND...: at how many files of cur/.
looked_at() {
	strace -f -e trace=file -o "$T/calls" "$@" >"$T/out"
	sed -n 's/.*"[^"]*\.\(M[0-9]*P1\.host\):2,[A-Z]*".*/\1/p' "$T/calls" | sort -u | wc -l
}

# imap LINE...: how many by a session that says so.
imap() {
	printf '%s\r\n' "$@" 'b LOGOUT' |
		HOME=$T looked_at "$BIN/imap-session" -c "$T"
}

status() { imap "a STATUS INBOX ($1)"; }

@test "date: no file is looked at before" {
	command -v strace >/dev/null || skip "strace is missing"
	fill 100
	[ "$(status 'MESSAGES UNSEEN')" -eq 0 ]
	[ "$(echo die | looked_at "$ACT" "$M" INBOX)" -eq 0 ]
	[ "$(imap 'a SELECT INBOX' 'a FETCH 1:* FLAGS' 'a UID FETCH 2:* FLAGS' \
		'a UID SEARCH SEEN' 'a UID STORE 7 +FLAGS (\Seen)' \
		'a SEARCH UNDELETED MODSEQ 7')" -eq 1 ]
	[ "$(status SIZE)" -eq 100 ]
	grep -q "(SIZE $(awk '{ n += $3 } END { print n }' "$T/want"))" "$T/out"
	[ "$(status SIZE)" -eq 0 ]
}

@test "date: files that were renamed before somebody asked" {
	fill 200
	open
	mv "$M/cur/1600000050.M50P1.host:2," "$M/cur/1600000050.M50P1.host:2,S"
	rm "$M/cur/1600000051.M51P1.host:2,"
	sed -i 51d "$T/want"
	asked
	fill 100
	open
	start churn "$DRIVE" churn "$M" 0
	asked
	stop churn
}

@test "date: one of the future, and none" {
	fill 100
	touch -d '@4000000000' "$M/cur/1600000007.M7P1.host:2,"
	touch -d '@0' "$M/cur/1600000008.M8P1.host:2,"
	sed -i 's/^\([78] .*\) 150000000/\1 160000000/' "$T/want"
	open
	asked
}

# looks: how often the files of messages are asked for sizes and dates.
looks() {
	command -v strace >/dev/null || skip "strace is missing"
	echo die | strace -qq -e trace=newfstatat -o "$T/calls" "$ACT" "$M" INBOX
	grep -c host: "$T/calls" || :
}

@test "date: names without a time, or with one of the future" {
	local i
	fill 100
	for ((i = 1; i <= 50; i++)); do
		mv "$M/cur/$((1600000000 + i)).M${i}P1.host:2," \
			"$M/cur/x$((100 + i)).host:2,"
	done
	for ((; i <= 100; i++)); do
		mv "$M/cur/$((1600000000 + i)).M${i}P1.host:2," \
			"$M/cur/4$((1600000000 + i)).M${i}P1.host:2,"
	done
	[ "$(looks)" -eq 0 ]
	asked
}

@test "date: what is copied, moved and expunged before somebody asked" {
	fill 200
	printf '100000S\n7000 200\n' >"$M/maildirsize"
	printf '%s\n' 'create Work' 'copy 7 Work' 'move 13 Work' 'expunge 20' die |
		"$ACT" "$M" INBOX
	[ "$(find "$M/.Work/cur" -name '*,S=13*' | wc -l)" -eq 1 ]
	[ "$(find "$M/.Work/cur" -name '*,S=19*' | wc -l)" -eq 1 ]
	view Work >"$T/out"
	grep -qx '1 13 16 1500000007' "$T/out"
	grep -qx '2 19 22 1500000003' "$T/out"
	# 13 for the copy, and without 19 of the expunged one
	[ "$(sed 1d "$M/maildirsize" | awk '{ n += $1 } END { print n }')" \
		-eq $((7000 + 13 - 19)) ]
}

@test "date: a list that knows the sizes on the wire" {
	fill 100
	asked
	"$DRIVE" view "$M" INBOX >/dev/null
	rm "$M"/mailroom-index*
	sed -i 's/^\([0-9]*\) :/\1 W22 :/' "$M/dovecot-uidlist"
	sed -i 's/^\([0-9]* [0-9]*\) [0-9]*/\1 22/' "$T/want"
	open
	asked
}

@test "date: no message, though it has the name of one" {
	fill 100
	mkdir "$M/cur/1600000101.M101P1.host:2,"
	ln -s ../dovecot-uidlist "$M/cur/1600000102.M102P1.host:2,"
	open
	asked
}

ask() {
	rm -rf "$M"
	cp -a "$T/origin" "$M"
	view >/dev/null 2>&1 || :
}

as_wanted() { local FAULT=() && asked; }

# SOAK=1: at each call.
@test "date: killed" {
	fill 100
	mv "$M" "$T/origin"
	each_kill ask as_wanted "$(times 29 1)"
}
