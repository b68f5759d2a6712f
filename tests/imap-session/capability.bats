#!/usr/bin/env bats
# imap-session/capability.c: what is announced, and what was switched off.
# shellcheck disable=SC2154

load ../lib
load ../pop3-session/common

@test "-x and the user's own file switch capabilities off" {
	three
	printf 'IDLE\n' | as alice tee "$MAILDIR_alice/mailroom-imap-off" \
		>/dev/null
	chat imap-session -x CONDSTORE -x move -x LIST-EXTENDED -x UIDPLUS \
		-x LITERAL+ -x CHILDREN -x SPECIAL-USE \
		<"$BATS_TEST_DIRNAME/off.chat"
}

@test "-x: what does not exist or must stay" {
	chat -x 64 -p imap-session -x IMAP4rev1 </dev/null
	chat -x 64 -p imap-session -x NOTHING </dev/null
}
