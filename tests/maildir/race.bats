#!/usr/bin/env bats
# maildir/scan.c, and a view that follows it, beside a program that renames flags
# as mutt does: no message ever lacks, none is there twice, none is expunged.
# SOAK=1: 2,500 listings of each kind at each speed, of 1,000 and 10,000 files.

load ../lib
load common

# race RATE FILES TIMES
race() {
	local i
	rm -rf "$M"
	mkdir -p "$M"/{cur,new,tmp}
	for ((i = 0; i < $2; i++)); do
		: >"$M/cur/$i.x:2,"
	done
	start churn "$DRIVE" churn "$M" "$1"
	run "$DRIVE" scans "$M" "$3" "$2"
	stop churn
	echo "$output"
	[ "$output" = \
		"scans $3 lacking 0 twice 0 vague 0 gone 0 wrong 0" ]
}

# races RATE
races() {
	[ -z "${SOAK:-}" ] || race "$1" 10000 2500
	race "$1" 1000 "$(times 700 2500)"
}

teardown() { lib_teardown; }

@test "race: full speed" { races 0; }
@test "race: 200 renames a second" { races 200; }
@test "race: 20 renames a second" { races 20; }

@test "race: a POP3 snapshot while all flags change" {
	local i
	mkdir -p "$M"/{cur,new,tmp}
	for ((i = 0; i < 500; i++)); do
		echo x >"$M/cur/$i.x:2,"
	done
	uids | sort >"$T/before"
	start churn "$DRIVE" churn "$M" 0
	for i in 1 2 3 4 5; do
		uids | sort >"$T/after"
		cmp "$T/before" "$T/after"
		[ "$("$DRIVE" cat "$M" 250)" = x ]
	done
	stop churn
	[ "$(wc -l <"$M/dovecot-uidlist")" -eq 501 ]
}
