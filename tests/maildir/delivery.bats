#!/usr/bin/env bats
# maildir/delivery.c: a name in new/ is a whole message, whatever fails.

load ../lib
load common

deliver() {
	"${FAULT[@]}" "$DRIVE" deliver "$M" <"$T/mail" >"$T/said" 2>"$T/why" ||
		:
}

whole() {
	local f
	while read -r f; do
		cmp "$f" "$T/mail" || return 1
	done < <(find "$M/new" "$M/cur" -type f 2>/dev/null)
}

# What failed said so, and left nothing.
refused() {
	[ ! -s "$T/said" ] && [ -s "$T/why" ] && whole &&
		[ -z "$(find "$M" -type f 2>/dev/null)" ]
}

@test "delivery: each failing call is told and leaves nothing" {
	local call
	printf 'Subject: x\n\nbody\n' >"$T/mail"
	for call in 'mkdir EDQUOT' 'mkdirat EDQUOT' 'openat EMFILE' \
		'write ENOSPC' 'fsync EIO' 'renameat2 EDQUOT'; do
		fault "${call% *}" "${call#* }" 1
		rm -rf "$M"
		deliver
		faulted
		# an openat that fails first is one of the program's own start
		[ "$call" = 'openat EMFILE' ] || refused ||
			{ echo "after $call"; cat "$T/why"; return 1; }
	done
}

@test "delivery: every fsync, one after the other" {
	local n
	printf 'Subject: x\n\nbody\n' >"$T/mail"
	no_fault
	"$DRIVE" list "$M"
	rm -r "$M"/{dovecot,mailroom}* "$M/expunged"
	for n in 1 2; do
		fault fsync EIO "$n"
		deliver
		faulted
		refused
	done
	fault fsync EIO 3
	deliver
	not faulted
	grep -q '^250 new/' "$T/said"
}

@test "delivery: without renameat2" {
	printf 'Subject: x\n\nbody\n' >"$T/mail"
	fault renameat2 EINVAL
	deliver
	faulted
	grep -q '^250 new/' "$T/said"
	whole
	[ "$(find "$M" -type f | wc -l)" -eq 1 ]
}

run_killed() {
	rm -rf "$M" "$T/said"
	deliver
}

# Said 250: exactly once and whole.  Else: whole or not at all.
after_death() {
	local n
	n=$(find "$M/new" -type f 2>/dev/null | wc -l)
	whole && if grep -q '^250' "$T/said" 2>/dev/null; then
		[ "$n" -eq 1 ]
	else
		[ "$n" -le 1 ]
	fi
}

@test "delivery: kill -9 at each system call" {
	printf 'Subject: x\n\nbody\n' >"$T/mail"
	each_kill run_killed after_death
}
