#!/usr/bin/env bats
# imap-session: what belongs to the account: limits, annotations, rights.
# shellcheck disable=SC2154

bats_require_minimum_version 1.5.0
load ../lib
load ../pop3-session/common

play() {
	chat imap-session <"$BATS_TEST_DIRNAME/$1.chat"
}

@test "QUOTA: without limits" {
	three
	play quota-none
}

@test "QUOTA: the limits of maildirsize" {
	three
	printf '2048000S,500C\n  1500 3\n' |
		as alice tee "$MAILDIR_alice/maildirsize" >/dev/null
	play quota
}

@test "METADATA" {
	three
	play metadata
	# Only what was not removed is there, and the next session has it.
	grep -q '^/private/comment 5$' "$MAILDIR_alice/mailroom-metadata"
	run ! grep -q vendor "$MAILDIR_alice/mailroom-metadata"
	play metadata-again
}

@test "ACL" {
	three
	play acl
}
