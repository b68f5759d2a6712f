#!/usr/bin/env bats
# The unit tests of maildir/: one program per file, tests/unit/maildir-*.c.

load ../lib

@test "maildir: names" { unit names; }
@test "maildir: scan" { unit scan; }
@test "maildir: dotlock" { unit dotlock; }
@test "maildir: uidlist" { unit uidlist; }
@test "maildir: delivery" { unit delivery; }
@test "maildir: maildrop" { unit maildrop; }
@test "maildir: store" { unit store; }
@test "maildir: change" { unit change; }
@test "maildir: news" { unit news; }
@test "maildir: index" { unit index; }
@test "maildir: foreign" { unit foreign; }
@test "maildir: damage" { unit damage; }
@test "maildir: lost" { unit lost; }
@test "maildir: search" { unit search; }
@test "maildir: summary" { unit summary; }
@test "maildir: annotations" { unit annotations; }
@test "maildir: terms" { unit terms; }
@test "maildir: part" { unit part; }
@test "maildir: settle" { unit settle; }
@test "maildir: no unit test is forgotten" { all_units drive act worker time; }
