#!/usr/bin/env bats
# maildir/uidlist.c: a UID that was shown is never another message's.

load ../lib
load common

# fill N: messages 1.x ... N.x in new/.
fill() {
	local i
	mkdir -p "$M"/{cur,new,tmp}
	for ((i = 1; i <= $1; i++)); do
		printf 'Subject: %s\n\n' "$i" >"$M/new/$i.x"
	done
}

list_killed() {
	"${FAULT[@]}" "$DRIVE" list "$M" >"$T/said" 2>/dev/null || :
}

# What was ever shown still holds; UIDs and UIDNEXT never go back.
consistent() {
	local validity next
	cat "$T/said" >>"$T/shown"
	"$DRIVE" list "$M" >"$T/now" || return 1
	read -r validity next <"$T/now"
	sort -u "$T/ever" <(sed '1d' "$T/shown") <(sed '1d' "$T/now") |
		awk '{ if ($5 in u && u[$5] != $1) { print; bad = 1 }
			if ($1 in n && n[$1] != $5) { print; bad = 1 }
			u[$5] = $1; n[$1] = $5 } END { exit bad }' || return 1
	awk -v v="$validity" -v n="$next" 'NF == 2 && ($1 != v || $2 > n) {
		print "was", $0; exit 1 }' "$T/shown" || return 1
	cp "$T/now" "$T/ever"
	: >"$T/shown"
}

@test "uidlist: kill -9 at each call of the first listing" {
	list_once() { rm -rf "$M"; fill 5; : >"$T/ever"; list_killed; }
	: >"$T/shown"
	each_kill list_once consistent
}

@test "uidlist: kill -9 at each call of an append" {
	fill 5
	"$DRIVE" list "$M" >"$T/ever"
	: >"$T/shown"
	k=100
	append_once() { k=$((k + 1)); echo x >"$M/new/$k.y"; list_killed; }
	each_kill append_once consistent
}

@test "uidlist: kill -9 at each call of a replacement" {
	fill 80
	"$DRIVE" list "$M" >"$T/ever"
	: >"$T/shown"
	k=100
	replace_once() {
		k=$((k + 1))
		rm -f "$M"/new/*
		echo x >"$M/new/$k.y"
		list_killed
	}
	each_kill replace_once consistent
	[ "$(wc -l <"$M/dovecot-uidlist")" -lt 80 ]
}

@test "uidlist: each failing call of an append" {
	local call
	fill 3
	"$DRIVE" list "$M" >"$T/ever"
	: >"$T/shown"
	k=100
	for call in 'write ENOSPC' 'fdatasync EIO'; do
		append_once() { k=$((k + 1)); echo x >"$M/new/$k.y"; list_killed; }
		each_fault "${call% *}" "${call#* }" append_once consistent
	done
}

@test "uidlist: a full disk still shows what has a UID" {
	fill 3
	"$DRIVE" list "$M" >"$T/before"
	echo x >"$M/new/9.y"
	# two that are alike
	cp -a "$M" "$T/copy"
	cp -a "$M" "$T/other"
	n=$(strace -e trace=openat "$DRIVE" list "$T/copy" 2>&1 >/dev/null |
		grep -n 'uidlist.lock"' | cut -d : -f 1)
	fault openat ENOSPC "$n"
	drive list "$T/other" >"$T/full"
	faulted
	cmp "$T/before" "$T/full"
}

@test "uidlist: four listings at once give each message one UID" {
	local i k pids=()
	mkdir -p "$M"/{cur,new,tmp}
	for i in 1 2 3 4; do
		(
			for ((k = 0; k < 15; k++)); do
				echo x >"$M/new/$k.from$i"
				"$DRIVE" list "$M"
			done >"$T/said.$i"
		) 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	sed '/^[0-9]* [0-9]*$/d' "$T"/said.* | awk '{ print $1, $5 }' | sort -u \
		>"$T/pairs"
	[ "$(wc -l <"$T/pairs")" -eq 60 ]
	[ "$(cut -d ' ' -f 1 "$T/pairs" | sort -u | wc -l)" -eq 60 ]
	[ ! -e "$M/dovecot-uidlist.lock" ]
}

@test "uidlist: damage costs UIDs of the damaged lines only" {
	fill 4
	uids >"$T/before"
	sed -i '3s/.*/@@@/' "$M/dovecot-uidlist"
	uids >"$T/after"
	diff "$T/before" "$T/after" >"$T/diff" || :
	[ "$(grep -c '^[<>]' "$T/diff")" -eq 2 ]
	[[ $(tail -n 1 "$T/after") == '5 '* ]]
}
