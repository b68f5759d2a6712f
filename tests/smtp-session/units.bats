#!/usr/bin/env bats
# The unit tests of smtp-session/: one program per file,
# tests/unit/smtp-session-*.c.

load ../lib

@test "smtp-session: content of messages" { "$BUILD/unit/smtp-session-data"; }
@test "smtp-session: policy" { "$BUILD/unit/smtp-session-policy"; }
@test "smtp-session: aliases" { "$BUILD/unit/smtp-session-alias"; }
@test "smtp-session: the count of a day" { "$BUILD/unit/smtp-session-sends"; }
@test "smtp-session: grey lists" { "$BUILD/unit/smtp-session-grey"; }
@test "smtp-session: packets of mail filters" { "$BUILD/unit/smtp-session-milter"; }
