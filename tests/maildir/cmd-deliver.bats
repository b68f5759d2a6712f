#!/usr/bin/env bats
# maildir deliver.

load ../lib
load cmd-common

# The command with a sendmail beside it that keeps each message in $T/sent.
begin() {
	own_sendmail
	unset SENDER RECIPIENT ORIGINAL_RECIPIENT EMAIL
}

# mail ID FIELD...: a message on standard output.
mail() {
	printf 'From: Bob <bob@far.test>\nTo: alice@here.test\nMessage-ID: <%s>\n' "$1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@"
	printf '\nGrüße\n'
}

in_new() { find "$M${1:+/.$1}/new" -type f | wc -l; }
answers() { [ ! -d "$T/sent" ] || find "$T/sent" -name '*.mail' | wc -l; }

away() {
	printf '%s\n' "$@" '' 'I am away.' >"$M/mailroom-vacation"
}

@test "deliver: into new/, the octets as they came" {
	mail 1@x >m
	"$BIN/maildir" deliver <m
	[ "$(in_new)" -eq 1 ]
	cmp m "$M"/new/*
	[[ $(basename "$M"/new/*) == *,S=* ]]
	printf 'Subject: \0\r\n\r\nno end' >odd
	[ "$("$BIN/maildir" deliver -q <odd)" = 2 ]
	md raw 2 | cmp - odd
}

@test "deliver: the sender, as it is told" {
	mail 1@x | "$BIN/maildir" deliver -q -F '<bob@far.test>'
	[ "$(md raw 1 | head -n 1)" = 'Return-Path: <bob@far.test>' ]
	mail 2@x 'Return-Path: <a@b.test>' | SENDER=x@y.test "$BIN/maildir" deliver -q
	[ "$(md raw 2 | grep -c Return-Path)" -eq 1 ]
	{ echo 'From mbox@far.test Sat Nov 21 00:00:00 2026' && mail 3@x; } |
		"$BIN/maildir" deliver -q
	[ "$(md raw 3 | head -n 1)" = 'Return-Path: <mbox@far.test>' ]
	mail 4@x | "$BIN/maildir" deliver -q -F $'x\nBcc: y@z.test'
	[ "$(md raw 4 | head -n 1)" = 'From: Bob <bob@far.test>' ]
	mail 5@x | SENDER='<>' "$BIN/maildir" deliver -q
	[ "$(md raw 5 | head -n 1)" = 'Return-Path: <>' ]
}

@test "deliver: makes a Maildir; nothing is no message" {
	rm -r "$M"
	run "$BIN/maildir" deliver </dev/null
	[ "$status" -eq 65 ]
	mail 1@x | "$BIN/maildir" deliver
	[ "$(in_new)" -eq 1 ]
	run "$BIN/maildir" deliver -m "$T/no/where" < <(mail 2@x)
	[ "$status" -eq 75 ]
	run "$BIN/maildir" deliver argument < <(mail 2@x)
	[ "$status" -eq 64 ]
}

@test "deliver: rules choose folder and flags, in their order" {
	cat >"$M/mailroom-rules" <<-'END'
		# what is first, wins
		mark flagged,boss
		    From: BOSS@here.test
		    not To, Cc: all@
		move Lists/Dev
		    List-Id: <dev.lists.test>
		    Subject: GRÜ
		move Lists
		    List-Id:
		discard
		    X-Spam-Flag: yes
		no-answer
		    From: bob
	END
	[[ $(mail 1@x 'List-Id: D <dev.lists.test>' 'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=' |
		"$BIN/maildir" deliver -j) == '{"uid":1,"folder":"Lists.Dev",'* ]]
	mail 2@x 'List-Id: <dev.lists.test>' | "$BIN/maildir" deliver
	[ "$(in_new Lists)" -eq 1 ]
	printf 'From: boss@here.test\nSubject: x\n\n' | "$BIN/maildir" deliver
	[[ $(md list -j '$') == *'"flags":["flagged","boss"]'* ]]
	printf 'From: boss@here.test\nCc: all@here.test\n\n' | "$BIN/maildir" deliver
	[[ $(md list -j '$') == *'"flags":["new"]'* ]]
	mail 3@x 'X-Spam-Flag: YES' | "$BIN/maildir" deliver
	[ "$(in_new)" -eq 1 ]
	[ "$(md undelete | wc -l)" -eq 1 ]
	# With -f the rules are not asked.
	mail 4@x 'List-Id: x' | "$BIN/maildir" deliver -f Other
	[ "$(in_new Other)" -eq 1 ]
}

@test "deliver: a rule that cannot be followed costs no mail" {
	printf 'mvoe X\n\tTo: a\nmove ../up\n\tTo: alice\n' >"$M/mailroom-rules"
	run "$BIN/maildir" deliver < <(mail 1@x)
	[ "$status" -eq 0 ]
	[[ $output == *mailroom-rules:1:* ]]
	[ "$(in_new)" -eq 1 ]
	printf '\tTo: alice\n' >"$M/mailroom-rules"
	run "$BIN/maildir" deliver < <(mail 2@x)
	[ "$status" -eq 0 ]
	printf 'mark (\n' >"$M/mailroom-rules"
	run "$BIN/maildir" deliver < <(mail 3@x)
	[ "$status" -eq 0 ]
	rm "$M/mailroom-rules"
	mkdir "$M/mailroom-rules"
	run "$BIN/maildir" deliver < <(mail 4@x)
	[ "$status" -eq 0 ]
	[ "$(in_new)" -eq 4 ]
}

@test "deliver: the same message comes once" {
	mail 1@x >m
	"$BIN/maildir" deliver <m
	sed 's/^To:/X-Came: again\nTo:/' m | "$BIN/maildir" deliver
	[[ $("$BIN/maildir" deliver -j <m) == *'"duplicate":true'* ]]
	[ "$(in_new)" -eq 1 ]
	{ cat m && echo more; } | "$BIN/maildir" deliver
	"$BIN/maildir" deliver -k <m
	sed 's/^To:/Resent-Message-ID: <r@x>\nTo:/' m | "$BIN/maildir" deliver
	[ "$(in_new)" -eq 4 ]
	# Many at once: one of them.
	mail 2@x >m
	pids=()
	for _ in 1 2 3 4 5 6 7 8; do
		"$BIN/maildir" deliver <m &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	[ "$(in_new)" -eq 5 ]
	# A week later it is a new one.
	sed -i 's/^[0-9]*/1000000000/' "$M/mailroom-deliver"
	"$BIN/maildir" deliver <m
	[ "$(in_new)" -eq 6 ]
}

@test "deliver: a disk that fails: 75, and nothing is left or remembered" {
	local n
	command -v strace >/dev/null || skip "strace is missing"
	mail 1@x >m
	for call in openat:EIO write:ENOSPC fsync:EIO renameat2:EDQUOT; do
		for ((n = 1; n < 60; n++)); do
			rm -rf "$M"
			mkdir -p "$M/cur" "$M/new" "$M/tmp"
			"$TOOL/fault" -o "$T/fault.log" "${call%:*}" "${call#*:}" \
				"$n" -- "$BIN/maildir" deliver <m >out 2>&1 && r=0 || r=$?
			faulted || break
			if [ "$(in_new)" -eq 1 ]; then
				[ "$r" -eq 0 ]
			else
				[ "$r" -ne 0 ]
				"$BIN/maildir" deliver <m
				[ "$(in_new)" -eq 1 ]
			fi
			[ -z "$(find "$M/tmp" -type f)" ]
		done
		[ "$n" -gt 1 ]
	done
}

@test "vacation: an answer as RFC 3834 has it, once a week" {
	begin
	away 'From: Älice <alice@here.test>' 'Days: 3'
	mail 1@x 'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=' |
		cmd deliver -F bob@far.test
	[ "$(answers)" -eq 1 ]
	grep -qx -- '-i -oem -f <> -- bob@far.test' "$T/sent/1.arguments"
	python3 - "$T/sent/1.mail" <<-'END'
		import email, email.policy, sys
		m = email.message_from_bytes(open(sys.argv[1], "rb").read(),
		    policy=email.policy.default)
		assert m["subject"] == "Auto: Grüße", m["subject"]
		assert m["auto-submitted"] == "auto-replied"
		assert m["to"] == "bob@far.test" and "alice" in m["from"]
		assert m["in-reply-to"] == "<1@x>" == m["references"]
		assert m["date"] and m["message-id"]
		assert m.get_content().strip() == "I am away."
	END
	mail 2@x | cmd deliver -F Bob@far.test
	[ "$(answers)" -eq 1 ]
	mail 3@x | cmd deliver -F carol@far.test
	[ "$(answers)" -eq 2 ]
	# Four days later.
	sed -i "s/^[0-9]*/$(($(date +%s) - 4 * 86400))/" "$M/mailroom-vacation.sent"
	mail 4@x | cmd deliver -F bob@far.test
	[ "$(answers)" -eq 3 ]
	[ "$(in_new)" -eq 4 ]
}

@test "vacation: what is never answered" {
	local field sender n=0
	begin
	away 'Address: alice@here.test'
	for field in 'List-Id: <x>' 'List-Unsubscribe: <mailto:x@y.test>' \
		'Precedence: bulk' 'precedence: List' 'Auto-Submitted: auto-replied' \
		'Auto-Submitted: auto-generated; x=y' 'X-Spam-Flag: YES' \
		'X-Auto-Response-Suppress: DR, OOF' 'Mailing-List: x' \
		'Content-Type: multipart/report; boundary=x'; do
		n=$((n + 1))
		mail "$n@x" "$field" | cmd deliver -F "b$n@far.test"
	done
	for sender in '<>' '' owner-list@far.test list-request@far.test \
		MAILER-DAEMON@far.test noreply@far.test no-reply+7@far.test \
		bounces-12=x@far.test bounces+12=x@far.test alice@here.test 'a b@far.test' -x@far.test \
		nobody 'a"b@far.test'; do
		n=$((n + 1))
		mail "$n@x" | cmd deliver -F "$sender"
	done
	# Nobody knows who sent it; it is for others; it says not to.
	mail 100@x | cmd deliver
	mail 101@x | sed 's/^To: .*/To: all@here.test/' | cmd deliver -F c@far.test
	printf 'no-answer\n\tFrom: bob\n' >"$M/mailroom-rules"
	mail 102@x | cmd deliver -F d@far.test
	rm "$M/mailroom-rules"
	mail 103@x | cmd deliver -F e@far.test
	mail 103@x | cmd deliver -F f@far.test
	[ "$(answers)" -eq 1 ]
	grep -q e@far.test "$T/sent/1.arguments"
	[ "$(in_new)" -eq $((n + 4)) ]
	mail 104@x 'Auto-Submitted: no' | cmd deliver -F g@far.test
	[ "$(answers)" -eq 2 ]
}

@test "vacation: its days, its addresses, its faults" {
	begin
	away 'Since: 2999-01-01'
	mail 1@x | cmd deliver -F a@far.test
	away 'Until: 2020-01-01'
	mail 2@x | cmd deliver -F a@far.test
	away 'Sicne: 2020-01-01'
	run cmd deliver -F a@far.test < <(mail 3@x)
	[ "$status" -eq 0 ]
	[[ $output == *Sicne* ]]
	[ "$(answers)" -eq 0 ]
	away 'Since: 2020-01-01' 'Until: 2999-01-01' 'Subject: Weg' \
		'Address: sales@here.test'
	mail 4@x | sed 's/^To: .*/To: x@y.test\nCc: Sales <SALES@here.test>/' |
		cmd deliver -F a@far.test
	grep -qx 'Subject: Weg' "$T/sent/1.mail"
	grep -qx 'From: sales@here.test' "$T/sent/1.mail"
	# The message is here whatever becomes of the answer.
	echo 75 >"$T/exit"
	run cmd deliver -F b@far.test < <(mail 5@x)
	[ "$status" -eq 0 ]
	[ "$(in_new)" -eq 5 ]
}
