#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # variables of lib.bash
# The blocks of mailroom-migrate(7), run as they stand there, on trees that the
# other programs have written.

load lib
load maildir/common

bats_require_minimum_version 1.5.0

setup() {
	lib_setup
	open_way
	M=$T/Maildir
	HOME=$T
	rm -f "$CONFIG/domains" "$CONFIG/users"
	ANN=("env" "HOME=$T" "USER=ann" "PATH=$BIN:$PATH")
	if [ "$EUID" -eq 0 ]; then
		ANN=(setpriv --reuid=60123 --regid=60123 --clear-groups
			"${ANN[@]}")
		chown 60123:60123 "$T"
	fi
}
teardown() { lib_teardown; }

# block HEADING [N]: the N-th (1st) block of that section, with the places of
# this test.
block() {
	awk -v heading=".Ss $1" -v want="${2:-1}" '
	/^\.S[sh] / { on = $0 == heading }
	on && /^\.Bd -literal/ { n++; next }
	/^\.Ed/ { if (on && n == want) exit; next }
	on && n == want { print }
	' "$ROOT/man/mailroom-migrate.7" |
		sed "s/\\\\(aq/'/g; s/\\\\e/\\\\/g
			s,/etc/\(postfix\|courier\|dovecot\|aliases\),$T/\1,g
			s,/etc/mailroom,$CONFIG,g
			s,/var/qmail,$T/qmail,g; s,/var/mail,$T/spool-mail,g"
}

# root BLOCK, ann BLOCK: run it.
as_root() {
	block "$@" >"$T/block"
	[ -s "$T/block" ]
	HOME=$T bash -eu "$T/block"
}
as_ann() {
	block "$@" >"$T/block"
	chmod 644 "$T/block"
	[ -s "$T/block" ]
	"${ANN[@]}" bash -eu "$T/block"
}

# our_list [FOLDER]: UID, flags and subject as the command sees them.
our_list() {
	"${ANN[@]}" maildir list -j -f "${1:-INBOX}" "${@:2}" |
		python3 -c '
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    print(m["uid"], m["subject"])'
}

letter() { printf 'From: x@far.test\nSubject: %s\n\nbody\n' "$1"; }

courier_ready() {
	local r=$BUILD/peers p
	for p in courier-imap courier-pop courier-base courier-authlib \
		courier-authlib-userdb libcourier-unicode4 libgamin0; do
		[ -d "$r/$p" ] ||
			skip "$p is not here: it conflicts with what is installed"
		COURIER_LIBS+=:$(find "$r/$p" -name '*.so*' -printf '%h\n' |
			sort -u | paste -sd :)
	done
	COURIER=("${ANN[@]}" LD_LIBRARY_PATH="$COURIER_LIBS" AUTHENTICATED=ann
		AUTHADDR=ann AUTHACCOUNT=ann PROTOCOL=IMAP IMAP_KEYWORDS=1
		IMAP_CAPABILITY=IMAP4rev1)
}

# courier COMMAND...: one IMAP session.
courier() {
	local n=0 c
	for c; do
		n=$((n + 1))
		printf 'a%s %s\r\n' "$n" "$c"
	done | (cd "$T" && "${COURIER[@]}" \
		"$BUILD/peers/courier-imap/usr/bin/imapd" Maildir 2>/dev/null) |
		tr -d '\r'
}

@test "migrate: from Postfix" {
	local p=$BUILD/peers/postfix
	[ -x "$p/usr/sbin/postconf" ] || p=$ROOT/build/peers/postfix
	[ -x "$p/usr/sbin/postconf" ] ||
		skip "Postfix is not here: it conflicts with what is installed"
	export MAIL_CONFIG=$T/postfix LD_LIBRARY_PATH=$p/usr/lib/postfix
	PATH=$p/usr/sbin:$PATH
	mkdir "$T/postfix"
	touch "$T/postfix/master.cf"
	cat >"$T/postfix/main.cf" <<-'END'
	compatibility_level = 3.6
	mydomain = here.test
	myhostname = mx.here.test
	mydestination = $myhostname, $mydomain, localhost
	virtual_alias_domains = other.test
	relayhost = [smart.far.test]:587
	END
	cat >"$T/postfix/virtual" <<-'END'
	# ours
	other.test	anything
	sales@other.test	alice, bob
	@other.test	alice
	END
	echo 'postmaster: alice' >"$T/aliases"
	printf 'alice:x:20911:20911::%s::\nbob:x:20912:20912::%s::\n' \
		"$HOME_alice" "$HOME_bob" >"$CONFIG/users"
	as_root 'From Postfix'
	printf '%s\n' here.test mx.here.test other.test |
		diff - "$CONFIG/domains"
	diff - "$CONFIG/aliases" <<-'END'
	postmaster: alice
	sales@other.test: alice, bob
	@other.test: alice
	END
	echo '* smart.far.test:587' | diff - "$CONFIG/routes"
	unset LD_LIBRARY_PATH
	chmod 600 "$CONFIG/users"
	"$BIN/smtp-session" -c "$CONFIG" -explain 192.0.2.1 far.test x@far.test \
		sales@other.test | tee "$T/explained"
	grep -q alice "$T/explained" && grep -q bob "$T/explained"
	# And back.
	rm "$T/aliases"
	export LD_LIBRARY_PATH=$p/usr/lib/postfix
	as_root 'Back to Postfix or qmail'
	[ "$(postconf -h mydestination)" = here.test,mx.here.test,other.test ]
	cmp "$T/aliases" "$CONFIG/aliases"
}

@test "migrate: from Dovecot, and back" {
	dovecot_ready
	local i
	for i in one two three; do
		letter "$i" | "${ANN[@]}" maildir deliver -k
	done
	our_list | diff - <(printf '1 one\n2 two\n3 three\n')
	imap 'SELECT INBOX' 'STORE 2 +FLAGS (\Flagged work)' 'CREATE Work' \
		'SUBSCRIBE Work' 'COPY 1:2 Work' 'STORE 1 +FLAGS (\Deleted)' \
		LOGOUT >/dev/null
	# Commands may overtake each other within a session.
	imap 'SELECT INBOX' EXPUNGE LOGOUT >"$T/before"
	mkdir "$T/dovecot"
	echo "ann:{PLAIN}x:60123:60123::$T::" >"$T/dovecot/users"
	as_root 'From Dovecot'
	cmp "$T/dovecot/users" "$CONFIG/users"
	as_ann 'From Dovecot' 2
	printf '2 two\n3 three\n' | diff - <(our_list)
	printf '1 one\n2 two\n' | diff - <(our_list Work)
	"${ANN[@]}" maildir search -q kw:work | grep -qx 2
	letter four | "${ANN[@]}" maildir deliver
	as_ann 'Back to Dovecot'
	[ -z "$(find "$M" -name 'mailroom-*')" ]
	imap 'SELECT INBOX' 'UID FETCH 1:* FLAGS' 'LSUB "" *' LOGOUT >"$T/after"
	cat "$T/after"
	[ "$(grep -o 'UIDVALIDITY [0-9]*' "$T/after")" = \
		"$(grep -o 'UIDVALIDITY [0-9]*' "$T/before" | tail -n 1)" ]
	grep -q 'UID 2 FLAGS.*work' "$T/after"
	grep -q 'UID 4 ' "$T/after"
	grep -q 'LSUB .*Work' "$T/after"
}

@test "migrate: from sdbox of Dovecot" {
	dovecot_ready
	command -v doveadm >/dev/null || skip "doveadm: this one already is imap only"
	mkdir "$T/bin"
	cat >"$T/sdbox.conf" <<-END
	base_dir = $T/run
	state_dir = $T/state
	mail_location = sdbox:$T/sdbox
	ssl = no
	first_valid_uid = 0
	log_path = $T/doveadm.log
	namespace inbox {
	  inbox = yes
	}
	END
	cat >"$T/bin/doveadm" <<-END
	#!/bin/sh
	exec $(command -v doveadm) -c $T/sdbox.conf "\$@"
	END
	chmod 755 "$T/bin" "$T/bin/doveadm"
	ANN+=("PATH=$T/bin:$BIN:$PATH")
	for i in one two three; do
		letter "$i" | "${ANN[@]}" doveadm save
	done
	"${ANN[@]}" doveadm expunge mailbox INBOX subject one
	"${ANN[@]}" doveadm flags add '\Flagged work' mailbox INBOX subject two
	[ ! -d "$M" ]
	as_ann 'From Dovecot with another kind of mailbox'
	printf '2 two\n3 three\n' | diff - <(our_list)
	"${ANN[@]}" maildir search -q kw:work is:flagged | grep -qx 2
}

@test "migrate: from Courier, and back" {
	courier_ready
	"${ANN[@]}" mkdir -p "$M"/{cur,new,tmp}
	local i v
	for i in one two three; do
		letter "$i" | "${ANN[@]}" tee "$M/new/10$((++n)).$i" >/dev/null
		courier 'SELECT INBOX' LOGOUT >/dev/null
	done
	courier 'SELECT INBOX' 'STORE 2 +FLAGS (\Flagged work)' \
		'CREATE INBOX.Work' 'SUBSCRIBE INBOX.Work' 'COPY 1:2 INBOX.Work' \
		'STORE 1 +FLAGS (\Deleted)' EXPUNGE LOGOUT >"$T/before"
	v=$(sed -n '1s/.* \([0-9]*\) .*/\1/p' "$M/courierimapuiddb")
	mkdir -p "$T/courier"/{hosteddomains,aliases}
	printf 'localhost\nhere.test\n' >"$T/courier/locals"
	printf 'other.test\there.test\n' >"$T/courier/hosteddomains/one"
	echo 'postmaster: ann' >"$T/courier/aliases/system"
	perl "$BUILD/peers/courier-authlib-userdb/usr/sbin/userdb" \
		-f "$T/courier/userdb" ann set uid=60123 gid=60123 home="$T" \
		imappw=secret
	as_root 'From Courier'
	printf 'here.test\nother.test\n' | diff - "$CONFIG/domains"
	echo "ann:secret:60123:60123::$T::" | diff - "$CONFIG/users"
	as_ann 'From Courier' 2
	printf '2 two\n3 three\n' | diff - <(our_list)
	printf '1 one\n2 two\n' | diff - <(our_list Work)
	[ "$(uidvalidity)" -eq "$v" ]
	"${ANN[@]}" maildir search -q kw:work is:flagged | grep -qx 2
	letter four | "${ANN[@]}" maildir deliver
	our_list | cut -d ' ' -f 1 >"$T/uids"
	[ "$(wc -l <"$T/uids")" -eq 3 ]
	rm -rf "$M"/courier* "$M"/.Work/courier*
	as_ann 'Back to Courier'
	courier 'SELECT INBOX' 'UID FETCH 1:* (FLAGS)' 'LSUB "" "*"' LOGOUT \
		>"$T/after"
	cat "$T/after"
	grep -q "UIDVALIDITY $v" "$T/after"
	grep -q 'UID 2 FLAGS.*Flagged' "$T/after"
	sed -n 's/.*(UID \([0-9]*\) .*/\1/p' "$T/after" | diff "$T/uids" -
	grep -q 'LSUB .*"INBOX.Work"' "$T/after"
}

# s-nail writes its records and its inbox as mbox.
@test "migrate: from mbox, and back" {
	command -v s-nail >/dev/null || skip "s-nail is not here"
	"${ANN[@]}" mkdir "$T/mail"
	mkdir "$T/spool-mail"
	chmod 777 "$T/spool-mail"
	for i in one two; do
		printf 'From the start\n' | s-nail -n -s "$i" \
			-S "record=$T/mail/Sent" -S mta=/bin/true \
			-S "from=ann@here.test" bob@here.test
		printf 'From the start\n' | s-nail -n -s "$i" \
			-S "record=$T/spool-mail/ann" -S mta=/bin/true \
			-S "from=ann@here.test" bob@here.test
	done
	chmod -R a+rX "$T/mail" "$T/spool-mail"
	letter zero | "${ANN[@]}" maildir deliver
	as_ann 'From mbox spools'
	[ "$(our_list | cut -d ' ' -f 2 | xargs)" = 'zero one two' ]
	[ "$(our_list Sent | cut -d ' ' -f 2 | xargs)" = 'one two' ]
	rm -r "$T/mail"
	as_ann 'Back to mbox'
	[ "$(s-nail -n -H -f "$T/mail/Sent" | grep -c .)" -eq 2 ]
	grep -q '^Subject: zero' "$T/mail/INBOX"
}

@test "migrate: from qmail" {
	mkdir -p "$T/qmail"/{control,alias}
	printf 'localhost\nhere.test\n' >"$T/qmail/control/locals"
	printf 'here.test\nother.test\n' >"$T/qmail/control/rcpthosts"
	echo 'other.test:alice' >"$T/qmail/control/virtualdomains"
	printf ':smart.far.test:587\nbank.test:mx.bank.test\n' \
		>"$T/qmail/control/smtproutes"
	printf '&alice\nbob\n' >"$T/qmail/alias/.qmail-sales"
	printf '# me\nalice\n' >"$T/qmail/alias/.qmail-first:last"
	as_root 'From qmail'
	printf 'here.test\nother.test\n' | diff - "$CONFIG/domains"
	diff - "$CONFIG/aliases" <<-'END'
	first.last: alice
	sales: alice,bob
	@other.test: alice
	END
	printf '* smart.far.test:587\nbank.test mx.bank.test\n' |
		diff - "$CONFIG/routes"
	"${ANN[@]}" mkdir -p "$M"/{cur,new,tmp}
	letter one | "${ANN[@]}" tee "$M/new/1000000001.77.mx" >/dev/null
	printf '&bob@far.test\n./Maildir/\n' | "${ANN[@]}" tee "$T/.qmail" \
		>/dev/null
	as_ann 'From qmail' 2
	printf 'bob@far.test\n\\ann\n' | diff - "$T/.forward"
	our_list | grep -qx '1 one'
}
