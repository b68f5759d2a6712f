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
	printf 'UIDL\r\nQUIT\r\n' | dovecot pop3 >"$T/pop3"
	grep -q abc "$T/pop3"
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

# One of everything that may happen to a message, by Dovecot.
theirs() {
	case $((RANDOM % 5)) in
	0) imap 'SELECT INBOX' 'STORE 1:* +FLAGS (\Seen)' ;;
	1) imap 'SELECT INBOX' 'STORE * +FLAGS (\Flagged work)' \
		'STORE 1 -FLAGS (\Seen)' ;;
	2) imap 'SELECT INBOX' 'STORE 1 +FLAGS (\Deleted)' 'EXPUNGE' ;;
	3) printf 'RETR 1\r\nUIDL\r\nQUIT\r\n' | dovecot pop3 | cat ;;
	4) imap 'APPEND INBOX {4+}' $'x\r\n' 'SELECT INBOX' ;;
	esac
}

# The same by us, as the owner that Dovecot has.
ours() {
	case $((RANDOM % 6)) in
	0 | 1) deliver x ;;
	2) session 'flag 1 + 1' 'flag 2 = 4' ;;
	3) session 'word 2 home' 'append INBOX two' ;;
	4) session 'expunge 1' ;;
	5) session 'append INBOX one' 'copy 1 INBOX' ;;
	esac
}

@test "dovecot: at the same time" {
	dovecot_ready
	owned
	local i pid
	for i in 1 2 3; do deliver "$i" >/dev/null; done
	session 'word 1 work' >/dev/null # f, home g
	v=$(uidvalidity)
	(
		for ((i = 0; i < $(times 40 500); i++)); do
			theirs
		done >"$T/sessions"
	) 3>&- &
	pid=$!
	for ((i = 0; i < $(times 60 800); i++)); do
		ours >/dev/null
		uids
	done | sort -u >"$T/all"
	wait "$pid" || { grep -v Info: "$T/dovecot.err"; return 1; }
	[ "$(uidvalidity)" = "$v" ]
	unique 1 "$T/all"
	unique 2 "$T/all"
	both_agree
	not grep -i -e broken -e corrupt -e invalid -e duplicate "$T/dovecot.err"
}

# ---- the store

session() { printf '%s\n' "$@" | act INBOX; }

@test "dovecot: flags and keywords, either way" {
	dovecot_ready
	local i
	for i in 1 2 3; do deliver "$i"; done
	session 'flag 1 + 1' 'word 2 work' 'flag 3 + 9' >/dev/null
	imap 'SELECT INBOX' 'UID FETCH 1:* (FLAGS)' 'STORE 3 +FLAGS (home)' \
		'STORE 2 -FLAGS (work)' 'STORE 1 +FLAGS (work \Flagged)' \
		LOGOUT >"$T/imap"
	grep -q '1 FETCH (UID 1 FLAGS (\\Seen))' "$T/imap"
	grep -q '2 FETCH (UID 2 FLAGS (work))' "$T/imap"
	grep -q '3 FETCH (UID 3 FLAGS (\\Deleted \\Seen))' "$T/imap"
	"$DRIVE" view "$M" INBOX | sed 1d | cut -d ' ' -f 1-3 |
		diff - <(printf '1 5 20\n2 0 0\n3 9 40\n')
	grep -q '^6 home$' "$M/dovecot-keywords"
	[ "$(find "$M/cur" -name '*:2,FSf' -o -name '*:2,' -o \
		-name '*:2,STg' | wc -l)" -eq 3 ]
}

@test "dovecot: folders and subscriptions, either way" {
	dovecot_ready
	session 'create Work.2026' 'subscribe 0 Work.2026' >/dev/null
	imap 'CREATE Play' 'SUBSCRIBE Play' 'LSUB "" *' 'LIST "" *' LOGOUT \
		>"$T/imap"
	grep -q 'LSUB .* Work.2026$' "$T/imap"
	grep -q 'LSUB .* Play$' "$T/imap"
	grep -q 'LIST .* Work.2026$' "$T/imap"
	session folders >"$T/ours"
	grep -q '^folder Play 1 1$' "$T/ours"
	grep -q '^folder Work.2026 1 1$' "$T/ours"
}

@test "dovecot: UIDVALIDITY of new folders grows, whoever makes them" {
	dovecot_ready
	local n last=0 v
	for n in 1 2 3; do
		session "create Ours$n" >/dev/null
		v=$(sed -n '1s/.* V\([0-9]*\) .*/\1/p' \
			"$M/.Ours$n/dovecot-uidlist")
		[ "$v" -gt "$last" ]
		imap "CREATE Theirs$n" "SELECT Theirs$n" LOGOUT >"$T/imap"
		last=$(sed -n 's/.*UIDVALIDITY \([0-9]*\).*/\1/p' "$T/imap")
		[ "$last" -gt "$v" ]
	done
}

# One round: somebody does something, then both are asked.
both_agree() {
	"$DRIVE" view "$M" INBOX | sed 1d | awk '{ print $1, $5 }' >"$T/ours"
	dovecot_uids | diff "$T/ours" - || { tail "$T/imap"; return 1; }
	imap 'SELECT INBOX' 'UID SEARCH SEEN' 'UID SEARCH FLAGGED' \
		'UID SEARCH KEYWORD work' LOGOUT |
		sed -n 's/^\* SEARCH *//p' >"$T/theirs"
	"$DRIVE" list "$M" | sed 1d | awk '{ sub(/.*:2,/, "", $5) }
		$5 ~ /S/ { s = s " " $1 } $5 ~ /F/ { f = f " " $1 }
		$5 ~ /f/ { w = w " " $1 }
		END { print substr(s, 2); print substr(f, 2)
			print substr(w, 2) }' >"$T/ours"
	diff "$T/ours" "$T/theirs"
}

@test "dovecot: store and Dovecot in turn" {
	dovecot_ready
	local i n
	for i in 1 2 3 4; do deliver "$i" >/dev/null; done
	session 'word 1 work' >/dev/null
	v=$(uidvalidity)
	for ((i = 0; i < $(times 20 500); i++)); do
		n=$(("$(find "$M/cur" "$M/new" -type f | wc -l)"))
		n=$((RANDOM % (n > 0 ? n : 1) + 1))
		case $((RANDOM % 9)) in
		0) deliver "$i" >/dev/null ;;
		1) session "flag $n + 1" ;;
		2) session "flag $n - 5" ;;
		3) session "word $n work" ;;
		4) session "expunge $n" ;;
		5) session 'append INBOX new one' ;;
		6) imap 'SELECT INBOX' "STORE $n +FLAGS (work \\Flagged)" \
			LOGOUT ;;
		7) imap 'SELECT INBOX' "STORE $n -FLAGS (work \\Seen)" \
			LOGOUT ;;
		8) session "copy $n INBOX" ;;
		esac >"$T/did"
		both_agree || { cat "$T/did"; return 1; }
	done
	[ "$(uidvalidity)" = "$v" ]
	not grep -i -e broken -e corrupt -e invalid "$T/dovecot.err"
}
