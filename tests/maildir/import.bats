#!/usr/bin/env bats
# maildir/import.c: what Courier and qmail kept is still true with us.

load ../lib
load common

courier() {
	mkdir -p "$M"/{cur,new,tmp,courierimapkeywords}
	echo a >"$M/cur/100.a:2,S"
	echo b >"$M/cur/200.b:2,"
	echo c >"$M/new/300.c"
	printf '1 777 12\n5 100.a:2,S\n9 200.b:2,\n' >"$M/courierimapuiddb"
	printf '/2 12 555\n100.a:2,S 3 5:555\n200.b:2, 3 6:0\n300.c 3 0\n' \
		>"$M/courierpop3dsizelist"
	printf 'work\nhome\n\n100.a:0 1\n200.b:1\n' \
		>"$M/courierimapkeywords/:list"
	printf 'INBOX\nINBOX.Work\n' >"$M/courierimapsubscribed"
}

@test "import: UIDs and UIDLs of Courier by themselves" {
	courier
	drive list "$M" >"$T/out"
	diff - "$T/out" <<-END
		777 13
		5 2 3 UID5-555 100.a:2,S
		9 2 3 UID6 200.b:2,
		12 2 3 300.c 300.c
	END
	drive list "$M" | diff "$T/out" -
	drive view "$M" INBOX | sed -n 1p | grep -q '^777 13 '
}

@test "import: the store reads Courier's list, too" {
	courier
	drive view "$M" INBOX w | cut -d ' ' -f 1 | diff - <(printf '777\n5\n9\n12\n')
	drive list "$M" | grep -q '^5 2 3 UID5-555 '
}

@test "import: keywords and subscriptions of Courier" {
	courier
	echo import courier | act INBOX >"$T/out"
	grep -q '^imported 3$' "$T/out"
	find "$M/cur" -type f -printf '%f\n' | sort |
		diff - <(printf '%s\n' 100.a:2,Sfg 200.b:2,g 300.c:2,)
	grep -q '^5 work$' "$M/dovecot-keywords"
	grep -q '^6 home$' "$M/dovecot-keywords"
	printf 'V\t2\n\nWork\nINBOX\n' | diff - "$M/subscriptions"
}

@test "import: qmail's UIDLs are names" {
	mkdir -p "$M"/{cur,new,tmp}
	echo a >"$M/cur/100.a:2,S"
	echo b >"$M/new/200.b"
	echo import qmail | act INBOX >"$T/out"
	grep -q '^imported 2$' "$T/out"
	echo c >"$M/new/300.c"
	drive list "$M" | sed 1d | cut -d ' ' -f 4 |
		diff - <(printf '100.a\n200.b\n-\n')
}

@test "import: damaged files of Courier" {
	local f
	courier
	for f in courierimapuiddb courierpop3dsizelist; do
		head -c 3000 /dev/urandom >"$M/$f"
	done
	[ "$(drive list "$M" | wc -l)" -eq 4 ]
}
