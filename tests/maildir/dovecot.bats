#!/usr/bin/env bats
# A Maildir that Dovecot 2.3 and mailroom serve in turn: no UID ever changes,
# for either.

load ../lib
load common

deliver() { printf 'Subject: %s\n\nbody\n' "$1" | "$DRIVE" deliver "$M"; }

# dovecot_uids: UID and base name as Dovecot has them after a session.
dovecot_uids() {
	imap 'SELECT INBOX' 'UID FETCH 1:* (RFC822.SIZE)' 'LOGOUT' >"$T/imap"
	sed -n 's/^[0-9]* FETCH (UID \([0-9]*\) RFC822.SIZE \([0-9]*\))/\1 \2/p' \
		<(sed 's/^\* //' "$T/imap")
}

# our_uids: the same by us, after the owner has been set right.
our_uids() { "$DRIVE" list "$M" | sed 1d | awk '{ print $1, $3 }'; }

@test "dovecot: our list is accepted" {
	dovecot_ready
	local i
	for i in 1 2 3; do deliver "$i"; done
	printf 'a\nb\n' >"$M/cur/plain:2,S"
	our_uids >"$T/ours"
	v=$(uidvalidity)
	dovecot_uids >"$T/theirs"
	diff "$T/ours" "$T/theirs"
	[ "$(wc -l <"$T/theirs")" -eq 4 ]
	grep -q "UIDVALIDITY $v" "$T/imap"
	[ "$(uidvalidity)" = "$v" ]
	not grep -i -e broken -e corrupt -e invalid -e duplicate "$T/dovecot.err"
}

@test "dovecot: its list is accepted" {
	dovecot_ready
	local i
	for i in 1 2 3; do deliver "$i"; done
	imap 'SELECT INBOX' 'STORE 2 +FLAGS (\Flagged work)' 'LOGOUT' >/dev/null
	deliver 4
	dovecot_uids >"$T/theirs"
	cp "$M/dovecot-uidlist" "$T/list"
	our_uids >"$T/ours"
	diff "$T/theirs" "$T/ours"
	cmp "$T/list" "$M/dovecot-uidlist"
}

@test "dovecot: hand-made lines" {
	dovecot_ready
	mkdir -p "$M"/{cur,new,tmp}
	echo x >"$M/cur/1.a:2,"
	echo x >"$M/cur/1.b:2,S"
	printf '3 V1234 N90 G%032d\n7 :1.a\n80 W4 Pabc :1.b\n' 7 \
		>"$M/dovecot-uidlist"
	our_uids >"$T/ours"
	dovecot_uids >"$T/theirs"
	printf '7 3\n80 4\n' | diff - "$T/theirs"
	printf '7 3\n80 4\n' | diff - "$T/ours"
	[ "$("$DRIVE" list "$M" | head -n 1)" = '1234 90' ]
	[ "$(printf 'UIDL\r\nQUIT\r\n' | dovecot pop3 | grep -c abc)" -eq 1 ]
	"$DRIVE" list "$M" | grep -q '^80 2 4 abc 1.b:2,S$'
}

# unique FIELD FILE: of lines "UID NAME" no FIELD is there twice.
unique() {
	local again
	again=$(cut -d ' ' -f "$1" "$2" | sort | uniq -d)
	[ -z "$again" ] || {
		echo "twice: $again"
		return 1
	}
}

# turns N: N rounds of something by one of the two, each time compared.
turns() {
	local i
	: >"$T/all"
	for ((i = 0; i < $1; i++)); do
		case $((RANDOM % 6)) in
		0 | 1) deliver "$i" ;;
		2) imap 'SELECT INBOX' 'STORE 1 +FLAGS (\Seen \Answered)' \
			'LOGOUT' >/dev/null ;;
		3) imap 'SELECT INBOX' 'STORE * +FLAGS (\Deleted)' 'EXPUNGE' \
			'LOGOUT' >/dev/null ;;
		4) "$DRIVE" remove "$M" "$(our_uids | sed -n '1s/ .*//p')" \
			2>/dev/null || : ;;
		5) imap 'SELECT INBOX' 'COPY 1 INBOX' 'LOGOUT' >/dev/null ;;
		esac
		uids >"$T/ours"
		our_uids >"$T/sizes"
		dovecot_uids | diff "$T/sizes" - || { tail "$T/imap"; return 1; }
		# once given, a UID is that message for ever (a copy of a
		# copy gets the first one's name back from Dovecot)
		sort -u "$T/ours" "$T/all" -o "$T/all"
		unique 1 "$T/all" || return 1
	done
	not grep -i -e broken -e corrupt -e invalid "$T/dovecot.err"
}

@test "dovecot: in turn" {
	dovecot_ready
	deliver first
	"$DRIVE" list "$M" >/dev/null
	v=$(uidvalidity)
	turns "$(times 30 1000)"
	[ "$(uidvalidity)" = "$v" ]
}

@test "dovecot: at the same time" {
	dovecot_ready
	local i pid
	deliver first
	"$DRIVE" list "$M" >/dev/null
	v=$(uidvalidity)
	(
		for ((i = 0; i < $(times 20 500); i++)); do
			imap 'SELECT INBOX' 'STORE 1:* +FLAGS (\Seen)' \
				'UID FETCH 1:* (FLAGS)' 'LOGOUT'
		done >"$T/sessions"
	) 3>&- &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		deliver x >/dev/null
		[ "$EUID" -ne 0 ] || chown -R 60123:60123 "$M"
		uids
	done | sort -u >"$T/all"
	wait "$pid"
	[ "$(uidvalidity)" = "$v" ]
	unique 1 "$T/all"
	unique 2 "$T/all"
	our_uids >"$T/ours"
	dovecot_uids | diff "$T/ours" -
	not grep -i -e broken -e corrupt -e invalid -e duplicate "$T/dovecot.err"
}
