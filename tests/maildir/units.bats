#!/usr/bin/env bats
# The unit tests of maildir/: one program per file, tests/unit/maildir-*.c.

load ../lib

unit() {
	"$BUILD/unit/maildir-$1"
}

@test "maildir: names" { unit names; }
@test "maildir: scan" { unit scan; }
@test "maildir: dotlock" { unit dotlock; }
@test "maildir: uidlist" { unit uidlist; }
@test "maildir: delivery" { unit delivery; }
@test "maildir: maildrop" { unit maildrop; }
@test "maildir: store" { unit store; }

# A unit test that no line above runs would pass unnoticed.
@test "maildir: no unit test is forgotten" {
	local f name

	for f in "$ROOT"/tests/unit/maildir-*.c; do
		name=${f##*/maildir-}
		[ "$name" != drive.c ] || continue
		grep -q "{ unit ${name%.c}; }" "$BATS_TEST_FILENAME" || {
			echo "not run: $f"
			return 1
		}
	done
}
