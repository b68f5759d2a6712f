#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# The whole road of a message, end to end: in by SMTP, into a Maildir, through
# the spool to another host found by DNS, back as a report, out by POP3; under
# each superserver, in each form, as root and as an ordinary user.

load lib

declare -gA here there

# Instances lie in a directory that their user may change.
setup() {
	lib_setup
	WHO=()
	P=$T/of
	mkdir "$P"
}

teardown() {
	local d
	for d in here there; do
		[ ! -d "$P/$d/etc" ] || {
			[ -n "$BATS_TEST_COMPLETED" ] || tail -n 30 "$P/$d/log"
			"$ROOT/tests/instance" stop "$P/$d"
		}
	done
	lib_teardown
}

# ordinary: from now on instances run as an ordinary user (nobody if root).
ordinary() {
	[ "$EUID" -eq 0 ] || return 0
	WHO=(setpriv --reuid nobody --regid nogroup --clear-groups --)
	chown nobody "$P"
}

needs_root() { [ "$EUID" -eq 0 ] || skip "needs root"; }

# begin NAME OPTION...: an instance; its variables in the array NAME.
begin() {
	local name=$1 vars line
	shift
	vars=$("${WHO[@]}" "$ROOT/tests/instance" start "$P/$name" "$@" 3>&-)
	while IFS= read -r line; do
		eval "${name}[${line%%=*}]=${line#*=}"
	done <<<"$vars"
}

in_new() { find "$1/new" -type f | wc -l; }
has() { [ "$(in_new "$1")" -eq "$2" ]; }
empty_spool() { [ -z "$(find "$1"/{new,due,tmp,hold,bad} -type f)" ]; }

a_stranger_writes() {
	"$TOOL/chat" "${here[SMTP_HOST]}:${here[SMTP_PORT]}" <<-'END'
	S~ 220 mx\.here\.test .*
	C: EHLO far.test
	S* 250-
	S: 250 ...
	C: MAIL FROM:<x@far.test>
	C: RCPT TO:<bob@here.test>
	C: RCPT TO:<carol@there.test>
	C: DATA
	S: 250 2.1.0...
	S: 250 2.1.5...
	S: 550 5.7.1...
	S: 354...
	C: Subject: from outside
	C:
	C: ..a dot
	C: .
	S: 250 2.0.0...
	C: QUIT
	S: 221 2.0.0...
	END
	has "${here[MAILDIR2]}" 1
	grep -qx '\.a dot' "${here[MAILDIR2]}"/new/*
}

alice_writes() {
	"${WHO[@]}" "$TOOL/chat" "$P/here/run/submit" <<-'END'
	S~ 220 .*
	C: EHLO localhost
	S* 250-
	S: 250 ...
	C: MAIL FROM:<alice@here.test>
	C: RCPT TO:<bob@here.test>
	C: RCPT TO:<carol@there.test>
	C: RCPT TO:<nobody-there@there.test>
	C: DATA
	S: 250 2.1.0...
	S: 250 2.1.5...
	S: 250 2.1.5...
	S: 250 2.1.5...
	S: 354...
	C: From: alice@here.test
	C: Subject: both ways
	C:
	C: .. twice .
	C: .
	S: 250 2.0.0...
	C: QUIT
	S: 221 2.0.0...
	END
	has "${here[MAILDIR2]}" 2
	wait_for 20 has "${there[MAILDIR1]}" 1
	grep -qx '\. twice \.' "${there[MAILDIR1]}"/new/*
	grep -q '^Return-Path: <alice@here.test>' "${there[MAILDIR1]}"/new/*
	# The report about the one who is not there, to its end.
	wait_for 20 has "${here[MAILDIR1]}" 1
	grep -q '^Return-Path: <>' "${here[MAILDIR1]}"/new/*
	grep -q '^Final-Recipient: rfc822; *nobody-there@there.test' \
		"${here[MAILDIR1]}"/new/*
	grep -q '^Status: 5\.1\.1' "${here[MAILDIR1]}"/new/*
	wait_for 20 empty_spool "${here[SPOOL]}"
}

alice_reads() {
	ALICE=${here[USER1]} PASS=${here[PASS1]} \
		"$TOOL/chat" "${here[SMTP_HOST]}:${here[POP3_PORT]}" <<-'END'
	S~ \+OK.*
	C: USER ${ALICE}
	S~ \+OK.*
	C: PASS ${PASS}
	S~ \+OK.*
	C: STAT
	S~ \+OK 1 \d+
	C: RETR 1
	S~ \+OK.*
	S| .
	C: DELE 1
	S~ \+OK.*
	C: QUIT
	S~ \+OK.*
	END
	has "${here[MAILDIR1]}" 0
}

# road OPTION...: all of it.
road() {
	local dns=$HOST@20053 far
	sleep 1000 3>&- &
	STARTED+=("$!")
	far=$(address_of "$!")
	begin here --dns "$dns" --address "$HOST" "$@"
	dns here.test="$HOST" there.test="$far"
	begin there --dns "$dns" --address "$far" --domain there.test \
		--user carol --user dave "$@"
	a_stranger_writes
	alice_writes
	alice_reads
	# Nothing twice, now that everything has come to rest.
	has "${here[MAILDIR2]}" 2
	has "${there[MAILDIR1]}" 1
	empty_spool "${there[SPOOL]}"
}

@test "the road: openbsd-inetd, nowait, root" {
	needs_root
	road --super inetd
}

@test "the road: openbsd-inetd, wait, root" {
	needs_root
	road --super inetd --form wait
}

@test "the road: systemd, Accept=yes, root" {
	needs_root
	road --super systemd
}

@test "the road: systemd, Accept=no, root" {
	needs_root
	road --super systemd --form wait
}

@test "the road: openbsd-inetd, nowait, ordinary user" {
	ordinary
	road --super inetd
}

@test "the road: openbsd-inetd, wait, ordinary user" {
	ordinary
	road --super inetd --form wait
}

@test "the road: systemd, Accept=yes, ordinary user" {
	ordinary
	road --super systemd
}

@test "the road: systemd, Accept=no, ordinary user" {
	ordinary
	road --super systemd --form wait
}

# As syslog writes it, the log of "here".
syslog() { sed 's/^\([^ ]*\)Z /\1000+00:00 mx /' "$P/here/log"; }

@test "the log: grep shows the life of a mail; logcheck is silent about it" {
	local id line
	road --super inetd
	# The id that alice was told at the end of DATA.
	id=$(sed -n 's/.* delivered id=\([^-]*\)-[0-9]* from=<alice@.*/\1/p' \
		"$P/here/log")
	[ -n "$id" ]
	grep "$id" "$P/here/log" >"$T/life"
	cat "$T/life"
	for line in "delivered id=$id-[0-9]* .*to=<bob@here.test>" \
		"queued id=$id-[0-9]* .*to=<carol@there.test>" \
		"out id=$id-[0-9]* .*to=<carol@there.test>.* state=sent" \
		"out id=$id-[0-9]* .*to=<nobody-there@.* state=failed reply=\"550" \
		"report id=$id-[0-9]* .*child=.*to=<alice@here.test>" \
		"out id=$id-[0-9-]* from=<> to=<alice@here.test> .* state=sent"; do
		grep -q "$line" "$T/life"
	done
	# The last line names the id that the report came in with.
	id=$(sed -n 's/.* from=<> .*reply=.*id \([^-"]*\).*/\1/p' "$T/life")
	grep -q "delivered id=$id-[0-9]* from=<> to=<alice@here.test>" \
		"$P/here/log"
	# As the far host saw it: its id is in our log.
	id=$(sed -n 's/.*to=<carol@.*reply="250.* id \([^-"]*\).*/\1/p' "$T/life")
	grep -q "delivered id=$id-[0-9]* .*to=<carol@there.test>" "$P/there/log"
	# With grep as logcheck calls it: what is left needs somebody.
	grep -Ev '^[[:space:]]*$|^#' "$ROOT/session/logcheck.conf" >"$T/rules"
	syslog | grep -E --text -v -f "$T/rules" >"$T/left" || :
	cat "$T/left"
	[ "$(wc -l <"$T/left")" -eq 1 ]
	grep -q ' out .* state=failed ' "$T/left"
	printf '%s mx smtp-session[1]: 41szy01O1SY login-refused user=x ip=::1\n' \
		2026-11-21T07:04:50.516730+00:00 |
		grep -E --text -v -f "$T/rules"
}

@test "instance: everything that was promised is printed" {
	local v
	begin here
	for v in SMTP_HOST SMTP_PORT SUBMISSION_PORT SMTPS_PORT IMAP_PORT \
		POP3_PORT USER1 PASS1 MAILDIR1 ADDR1 USER2 PASS2 MAILDIR2 ADDR2 \
		MAIL_DOMAIN CA_FILE TLS_NAME SPOOL CONFIG SENDMAIL MAILQ \
		MAILQ_RUN; do
		[ -n "${here[$v]}" ] || { echo "$v is empty"; return 1; }
	done
	for v in IMAPS_PORT POP3S_PORT; do
		[ -n "${here[$v]+set}" ] || { echo "$v is missing"; return 1; }
	done
	"${here[MAILQ]}"
	"$ROOT/tests/instance" stop "$P/here"
	[ ! -e "$P/here" ]
	not listens "${here[SMTP_HOST]}" "${here[SMTP_PORT]}"
}
