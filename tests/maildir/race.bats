#!/usr/bin/env bats
# maildir/scan.c beside a program that renames flags as mutt does: no message
# ever lacks, none is there twice.  SOAK=1: 60 s per speed.

load ../lib
load common

race() {
	local i
	mkdir -p "$M"/{cur,new,tmp}
	for ((i = 0; i < $2; i++)); do
		: >"$M/cur/$i.x:2,"
	done
	start churn "$DRIVE" churn "$M" "$1"
	run "$DRIVE" scans "$M" "$(times 2 60)" "$2"
	stop churn
	echo "$output"
	[[ $output == *'lacking 0 twice 0 vague 0' ]]
	[[ $output != 'scans 0 '* ]]
}

teardown() { lib_teardown; }

@test "race: full speed" { race 0 5000; }
@test "race: 200 renames a second" { race 200 5000; }
@test "race: 20 renames a second" { race 20 5000; }

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
