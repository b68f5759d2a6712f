#!/usr/bin/env bats
# The power fails: what was said stays true, of whatever the disk had by then
# (tests/tool/powercut).  SOAK=1: twenty times as many chances.

load ../lib
load common

# cut_power COMMAND...: $T/out/N/dir and said are what may be found.
cut_power() {
	rm -rf "$T/out"
	states=$("$TOOL/powercut" -r "$round" "$M" "$T/out" -- "$@")
	echo "$states states"
	[ "$states" -gt 20 ]
}

# each_state CHECK: of each; $S is it.
each_state() {
	local n
	for ((n = 1; n <= states; n++)); do
		S=$T/out/$n
		"$DRIVE" list "$S/dir" >"$S/list" || return 1
		"$1" || {
			echo "wrong in state $n, where this had been said:"
			cat "$S/said"
			cat "$S/list"
			return 1
		}
	done
}

# Files are whole; what was accepted is there; a UID that was told is that
# message for ever, and no other.
true_still() {
	local f name
	for f in "$S"/dir/{new,cur}/*; do
		[ ! -e "$f" ] || cmp "$f" "$T/mail" || return 1
	done
	while read -r name; do
		grep -q " $name\(:2,.*\)\?\$" "$S/list" || return 1
	done < <(sed -n 's/^250 new\///p' "$S/said")
	sed 1d "$S/list" | awk '{ sub(/:2,.*/, "", $5); print $1, $5 }' |
		sort >"$S/uids"
	grep '^[0-9]* [0-9]* [0-9]* ' "$S/said" |
		awk '{ sub(/:2,.*/, "", $5); print $1, $5 }' | sort -u >"$S/told"
	[ -z "$(comm -13 "$S/uids" "$S/told")" ] &&
		[ -z "$(cut -d ' ' -f 1 "$S/uids" "$S/told" | sort | uniq -c |
			awk '$1 > 2')" ]
}

# rounds FUNCTION
rounds() {
	for ((round = 1; round <= $(times 1 20); round++)); do
		rm -rf "$M"
		"$1" || return 1
	done
}

write_all() {
	cat >"$T/run" <<-'END'
		"$1" deliver "$2" 2 <"$3"
		"$1" list "$2"
		"$1" deliver "$2" <"$3"
		"$1" list "$2"
	END
	mkdir -p "$M"/{cur,new,tmp}
	cut_power sh "$T/run" "$DRIVE" "$M" "$T/mail"
	each_state true_still
}

@test "power: deliveries and their UIDs" {
	printf 'Subject: x\n\nbody\n' >"$T/mail"
	rounds write_all
}

# The five that are left have the UIDs that they had.
same_still() {
	true_still && awk 'FNR > 1 { sub(/:2,.*/, "", $5) }
		FNR == NR { uid[$5] = $1; next }
		FNR > 1 { n += uid[$5] == $1 } END { exit n != 5 }' \
		"$T/before" "$S/list"
}

# A list of which most lines are of messages that are gone is written anew.
prune_all() {
	local i
	"$DRIVE" deliver "$M" 20 <"$T/mail" >/dev/null
	"$DRIVE" list "$M" >"$T/before"
	for ((i = 0; i < 15; i++)); do
		rm "$(find "$M/new" -type f -print -quit)"
	done
	rm -f "$M"/mailroom-*
	"$DRIVE" deliver "$M" <"$T/mail" >/dev/null
	cut_power "$DRIVE" list "$M"
	each_state same_still
}

@test "power: a list that is written anew" {
	printf 'Subject: x\n\nbody\n' >"$T/mail"
	rounds prune_all
}

# What was appended or copied and has its UID told is there.
told_still() {
	local uid
	while read -r uid; do
		grep -q "^$uid " "$S/list" || return 1
	done < <(sed -n 's/^copied .* to //p' "$S/said")
	[ -z "$(cut -d ' ' -f 1 "$S/list" | sed 1d | sort | uniq -d)" ]
}

change_all() {
	printf '%s\n' 'append INBOX a' 'copy 1 INBOX' 'flag 1 + 1' \
		'append INBOX b' >"$T/lines"
	"$DRIVE" deliver "$M" <"$T/mail" >/dev/null
	"$DRIVE" list "$M" >/dev/null
	# shellcheck disable=SC2016
	cut_power sh -c '"$1" "$2" INBOX <"$3"' - "$ACT" "$M" "$T/lines"
	each_state told_still
}

@test "power: appended and copied messages" {
	printf 'Subject: x\n\nbody\n' >"$T/mail"
	rounds change_all
}

# Set before the file is synced: INTERNALDATE is what was asked for.
@test "power: the date of an appended message" {
	mkdir -p "$M"/{cur,new,tmp}
	"$DRIVE" list "$M" >/dev/null
	strace -o "$T/calls" -e 'trace=utimensat,fsync' "$ACT" "$M" INBOX \
		<<<'append INBOX a'
	head -n 1 "$T/calls" | grep utimensat
}
