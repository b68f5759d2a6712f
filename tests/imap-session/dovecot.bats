#!/usr/bin/env bats
# The same questions to us and to Dovecot, about messages that are odd.
# shellcheck disable=SC2154 # what add_user declares

load ../lib

# ask_both TOOL: write the mail of that script, ask its questions, compare.
ask_both() {
	local tool=$BATS_TEST_DIRNAME/$1
	cat >"$T/dovecot.conf" <<-END
	protocols = imap
	ssl = no
	log_path = /dev/stderr
	base_dir = $T/dv
	state_dir = $T/dv
	mail_location = maildir:~/Maildir
	mail_uid = $UID_alice
	mail_gid = $UID_alice
	first_valid_uid = 1
	END
	[ "$EUID" -eq 0 ] || sed -i "/^mail_gid/s/=.*/= $(id -g)/" \
		"$T/dovecot.conf"
	"$tool" write "$T/ours/Maildir" "$T/theirs/Maildir"
	mkdir "$T/dv"
	[ "$EUID" -ne 0 ] || chown -R "$UID_alice:$UID_alice" "$T/theirs" "$T/dv"
	"$tool" ask >"$T/questions"
	env HOME="$T/ours" "$BIN/imap-session" -c "$CONFIG" \
		<"$T/questions" >"$T/ours.out"
	# its event loop takes pipes only
	# shellcheck disable=SC2002
	cat "$T/questions" | as alice env HOME="$T/theirs" USER=alice \
		/usr/lib/dovecot/imap -c "$T/dovecot.conf" |
		cat >"$T/theirs.out"
	"$tool" compare "$T/ours.out" "$T/theirs.out"
}

@test "ENVELOPE, BODYSTRUCTURE, BODY[...] as in Dovecot, or explained" {
	ask_both differ
}

@test "SEARCH, SORT and THREAD as in Dovecot" {
	ask_both asker
}
