#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2034 # variables of lib.bash
# Commands, files and Maildirs that aliases and .forward name.

load ../lib
load smtp

setup() {
	lib_setup
	[ "$EUID" -ne 0 ] || config command-user 20905:20905
	mkdir "$T/out"
	chmod 777 "$T/out"
}

# script NAME <TEXT: a program of that name in $T.
script() {
	cat >"$T/$1"
	chmod 755 "$T/$1"
}

# outlet NAME [ORCPT]: what mailq-run does with mail for that name; the
# transcript's last lines come from stdin.
outlet() {
	{
		hello
		cat <<-END
		$(from_to a@b.test)
		C: RCPT TO:<$1>${2:+ ORCPT=$2}
		S: 250 2.1.5 Recipient ok
		C: DATA
		S: 354...
		C: Subject: test
		C:
		C: text
		C: .
		END
		cat
	} | chat -p smtp-session
}

done_by() { outlet "$@" <<<'S: 250 2.0.0 Ok, id ...'; }

@test "an alias's command and file wait in the spool under a name" {
	printf '%s\n' 'prog: bob, "|/bin/cat >/dev/null", /var/mail/x' \
		>"$CONFIG/aliases"
	send a@b.test PROG@here.test
	[ "$(count bob)" -eq 1 ]
	rcpts >"$T/rcpts"
	grep -q $'^T |prog#1@here.test\torcpt=rfc822;PROG@here.test$' "$T/rcpts"
	grep -q '^T |prog#2@here.test' "$T/rcpts"
	[ "$(wc -l <"$T/rcpts")" -eq 2 ]
}

@test "a command gets the message, who it is for, and nothing else" {
	script prog <<-END
	#!/bin/sh
	{ id -u; id -G; pwd; env | sort; } >"$T/out/env"
	cat >"$T/out/mail"
	ls -l /proc/self/fd >"$T/out/fd"
	END
	echo "prog: |$T/prog" >"$CONFIG/aliases"
	done_by '|prog+x#1@here.test' 'rfc822;list+40here.test'
	user=20905
	[ "$EUID" -eq 0 ] || user=$EUID
	[ "$(sed -n 1p "$T/out/env")" = "$user" ]
	[ "$EUID" -ne 0 ] || [ "$(sed -n 2p "$T/out/env")" = 20905 ]
	[ "$(sed -n 3p "$T/out/env")" = / ]
	for line in SENDER=a@b.test RECIPIENT=prog+x@here.test LOCAL=prog \
		EXTENSION=x DOMAIN=here.test HOME=/ \
		ORIGINAL_RECIPIENT=list@here.test; do
		grep -qx "$line" "$T/out/env"
	done
	grep -q '^From a@b.test  ' "$T/out/mail"
	[ "$(sed -n 2p "$T/out/mail")" = 'Return-Path: <a@b.test>' ]
	grep -qx 'Delivered-To: prog+x@here.test' "$T/out/mail"
	[ "$(tail -n 1 "$T/out/mail")" = text ]
	# total, 0, 1, 2 and the directory that ls reads
	[ "$(wc -l <"$T/out/fd")" -eq 5 ]
	logged ' delivered id=.* to=<|prog+x#1@here.test>'
}

@test "a user's command runs as he, in his home" {
	script prog <<-END
	#!/bin/sh
	{ id -u; pwd; echo "\$USER \$RECIPIENT"; } >"$T/out/who"
	END
	forward alice '# mine' '\alice' "\"|$T/prog with arguments\""
	send a@b.test alice+lists@here.test
	[ "$(count alice)" -eq 1 ]
	rcpts | grep -q '^T |~alice+lists#1@here.test'
	done_by '|~alice+lists#1@here.test'
	[ "$(cat "$T/out/who")" = "$UID_alice
$HOME_alice
alice alice+lists@here.test" ]
	# No longer there: it is his mail.
	forward alice alice
	done_by '|~alice#1@here.test'
	[ "$(count alice)" -eq 2 ]
}

@test "exit codes: done, later, never" {
	local status
	script prog <<-END
	#!/bin/sh
	cat >/dev/null
	exit \$(cat "$T/status")
	END
	echo "prog: |$T/prog" >"$CONFIG/aliases"
	for status in 0 99; do
		echo "$status" >"$T/status"
		done_by '|prog#1@here.test'
	done
	for status in 75 111 126 127; do
		echo "$status" >"$T/status"
		outlet '|prog#1@here.test' <<-END
		S: 451 4.3.0 the command ended with status $status
		END
	done
	while read -r status code; do
		echo "$status" >"$T/status"
		outlet '|prog#1@here.test' <<-END
		S: 554 $code the command ended with status $status
		END
	done <<-'END'
	1 5.3.0
	64 5.3.0
	65 5.6.0
	67 5.1.1
	68 5.1.2
	69 5.3.0
	73 5.2.0
	77 5.7.0
	78 5.3.5
	100 5.3.0
	END
	logged 'code=554 status=5.7.0 .*reason="the command ended with status 77"'
	echo "prog: |$T/none" >"$CONFIG/aliases"
	outlet '|prog#1@here.test' <<-'END'
	S: 451-4.3.0 the command ended with status 127; it said:
	S: 451 4.3.0 sh: ...
	END
	echo 'prog: "|kill -9 \$\$"' >"$CONFIG/aliases"
	outlet '|prog#1@here.test' <<-'END'
	S: 451 4.3.0 the command was ended by signal 9
	END
}

@test "what it says is told to the sender, in part and in print" {
	script prog <<-'END'
	#!/bin/sh
	echo no
	printf 'such \007 \303\244\n' >&2
	yes | head -n 9999
	exit 67
	END
	echo "prog: |$T/prog" >"$CONFIG/aliases"
	outlet '|prog#1@here.test' <<-'END'
	S: 554-5.1.1 the command ended with status 67; it said:
	S: 554-5.1.1 no
	S: 554-5.1.1 such ? ??
	S* 554-
	S: 554 5.1.1 y
	END
}

@test "it need not read its mail, nor end its children" {
	yes 'a line of some words that nobody reads' | head -n 9000 |
		sed 's/$/\r/' >"$T/big"
	printf '%s\n' 'deaf: |true' \
		"daemon: \"|(sleep 300; echo late >$T/out/late) & echo x\"" \
		>"$CONFIG/aliases"
	{
		hello
		cat <<-END
		$(from_to a@b.test '|deaf#1@here.test')
		C: DATA
		S: 354...
		C@ $T/big
		C: .
		S: 250 2.0.0 Ok, id ...
		END
	} | chat -p smtp-session
	done_by '|daemon#1@here.test'
	not pgrep -f "echo late >$T/out/late"
}

@test "files: appended whole, locked, quoted; /dev/null takes all" {
	printf '%s\n' "file: $T/out/box" 'null: /dev/null' >"$CONFIG/aliases"
	done_by '|null#1@here.test'
	{
		hello
		cat <<-END
		$(from_to '' '|file#1@here.test')
		C: DATA
		S: 354...
		C: Subject: one
		C:
		C: From here on
		C: >From there
		C: Fro
		C: .
		S: 250 2.0.0 Ok, id ...
		END
	} | chat -p smtp-session
	done_by '|file#1@here.test'
	sed -i 's/^\(From [^ ]*\)  .*/\1/' "$T/out/box"
	cat >"$T/want" <<-'END'
	From MAILER-DAEMON
	Return-Path: <>
	Delivered-To: file@here.test
	Received: x
	Subject: one

	>From here on
	>>From there
	Fro

	From a@b.test
	Return-Path: <a@b.test>
	Delivered-To: file@here.test
	Received: x
	Subject: test

	text

	END
	sed '/^Received/s/ .*/ x/; /^\t/d' "$T/out/box" | diff "$T/want" -
	[ ! -e "$T/out/box.lock" ]
	[ "$(stat -c %a "$T/out/box")" = 600 ]
}

@test "files: nothing half is left, nothing but a file is written" {
	echo "file: $T/out/box" >"$CONFIG/aliases"
	done_by '|file#1@here.test'
	cp "$T/out/box" "$T/before"
	strace -qq true 2>/dev/null || skip "strace cannot trace here"
	fault fsync EIO 1
	outlet '|file#1@here.test' <<<'S: 451 4.3.0 fsync ...'
	faulted
	no_fault
	cmp "$T/out/box" "$T/before"
	rm "$T/out/box"
	mkfifo "$T/out/box"
	outlet '|file#1@here.test' <<<'S: 451 4.3.0 ...'
	rm "$T/out/box"
	ln -s /dev/tty "$T/out/box"
	outlet '|file#1@here.test' <<<'S: 451 4.3.0 ...'
}

@test "a path that ends with a slash is a Maildir" {
	echo "dir: $T/out/mail/" >"$CONFIG/aliases"
	done_by '|dir#1@here.test'
	[ "$(find "$T/out/mail/new" -type f | wc -l)" -eq 1 ]
	grep -qx 'Delivered-To: dir@here.test' "$T"/out/mail/new/*
	forward alice "$HOME_alice/other/"
	send a@b.test alice@here.test
	done_by '|~alice#1@here.test'
	[ "$(find "$HOME_alice/other/new" -type f | wc -l)" -eq 1 ]
}

@test "99 ends a .forward: what stands behind the command gets nothing" {
	script prog <<-END
	#!/bin/sh
	cat >/dev/null
	exit \$(cat "$T/status")
	END
	forward alice 'bob, far@remote.test' "|$T/prog" '\alice, bob' \
		"$T/out/box" 'last@remote.test'
	send a@b.test alice@here.test
	[ "$(count bob)" -eq 1 ]
	[ "$(count alice)" -eq 0 ]
	rcpts | grep -q '^T far@remote.test'
	rcpts | grep -q '^T |~alice#1@here.test'
	[ "$(rcpts | wc -l)" -eq 2 ]
	for status in 99 75; do
		echo "$status" >"$T/status"
		outlet '|~alice#1@here.test' <<-'END'
		S: ...
		END
		[ "$(count alice)" -eq 0 ]
		[ "$(rcpts | wc -l)" -eq 2 ]
	done
	echo 0 >"$T/status"
	done_by '|~alice#1@here.test' 'rfc822;list@here.test'
	[ "$(rcpts | wc -l)" -eq 3 ]
	rcpts | grep -q $'^T |~alice#1+@here.test\torcpt=rfc822;list@here.test'
	done_by '|~alice#1+@here.test' 'rfc822;list@here.test'
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 1 ]
	has 'X-Original-To: list@here.test'
	rcpts | grep -q $'^T |~alice#2@here.test\torcpt=rfc822;list@here.test'
	rcpts | grep -q '^T last@remote.test'
	[ "$(rcpts | wc -l)" -eq 5 ]
	grep -rqx 'Delivered-To: alice@here.test' "$SPOOL/new"
	"$BIN/smtp-session" -c "$CONFIG" -explain 192.0.2.1 x a@b.test \
		alice@here.test >"$T/told"
	[ "$(grep -c '^command .*~/.forward' "$T/told")" -eq 2 ]
	[ "$(sed -n '/^send to/p' "$T/told" | tail -n 1)" = \
		'send to    last@remote.test' ]
}

@test "a command that fails takes nothing from those behind it" {
	printf '%s\n' 'exit 67' >"$T/prog"
	forward alice "|/bin/sh $T/prog" '|exit 99' '\alice'
	submit_socket
	send bob@here.test alice@here.test
	"$BIN/mailq-run" -c "$CONFIG"
	[ "$(waiting)" -eq 0 ]
	[ "$(count bob)" -eq 1 ]
	[ "$(count alice)" -eq 0 ]
	logged 'queued id=.* to=<\|~alice#1\+@here.test>'
	forward alice "|/bin/sh $T/prog" '|exit 0' '\alice'
	send bob@here.test alice@here.test
	"$BIN/mailq-run" -c "$CONFIG"
	[ "$(waiting)" -eq 0 ]
	[ "$(count bob)" -eq 2 ]
	[ "$(count alice)" -eq 1 ]
}

@test "who stands before and behind a command gets it once" {
	forward alice bob '|true' bob
	send a@b.test alice@here.test
	done_by '|~alice#1@here.test'
	[ "$(rcpts | wc -l)" -eq 1 ]
	# What the file no longer says is the user's own.
	forward alice '|true' bob
	done_by '|~alice#1@here.test'
	forward alice ''
	done_by '|~alice#1+@here.test'
	[ "$(count alice)" -eq 1 ]
}

@test "one command, one mail: the others come in their turn" {
	echo 'prog: |true, |false' >"$CONFIG/aliases"
	local_peer <<-END
	$(from_to a@b.test alice@here.test)
	C: RCPT TO:<|prog#1@here.test>
	S: 452 4.5.3 A command is for one mail alone
	C: RSET
	S: 250 2.0.0 Ok
	$(from_to a@b.test '|prog#2@here.test')
	C: RCPT TO:<alice@here.test>
	S: 452 4.5.3 A command is for one mail alone
	$(empty_mail '554 5.3.0 the command ended with status 1')
	END
}

@test "strangers cannot call one by its name, EXPN does not tell" {
	printf '%s\n' 'prog: |true, bob' '"odd|": |true' >"$CONFIG/aliases"
	talk <<-END
	$(from_to a@b.test)
	C: RCPT TO:<|prog#1@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<|~alice#1@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<~alice@here.test>
	S: 550 5.1.1 No such user here
	END
	local_peer <<-END
	C: EXPN prog
	S: 250-2.1.5 <prog@mx.here.test>
	S: 250 2.1.5 <bob@mx.here.test>
	$(from_to '')
	C: RCPT TO:<|prog#2@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<|bob#1@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<|#1@here.test>
	S: 550 5.1.1 No such user here
	C: RCPT TO:<|prog@here.test>
	S: 550 5.1.1 No such user here
	END
}

@test "a .forward of the postmaster without an alias runs nothing" {
	printf '|true\n' >"$SPOOL/.forward"
	own 20902 "$SPOOL/.forward"
	chmod 644 "$SPOOL/.forward"
	refused postmaster \
		'451 4.3.0 Cannot look that up now, try later'
	logged 'spool/.forward:1: no commands and files here'
}

@test "from the wire through spool, socket and command, and back" {
	script prog <<-END
	#!/bin/sh
	case \$(cat) in
	*please*) echo "you are welcome" ; exit 0 ;;
	*later*) exit 75 ;;
	esac
	echo "say please"
	exit 67
	END
	echo "prog: |$T/prog" >"$CONFIG/aliases"
	submit_socket
	send bob@here.test prog@here.test
	"$BIN/mailq-run" -c "$CONFIG"
	[ "$(waiting)" -eq 0 ]
	has '^Subject: .*[Uu]ndeliver\|^Subject: .*[Nn]ot deliver' bob
	has 'say please' bob
	has '^Status: 5.1.1' bob
	has '^Original-Recipient: rfc822;prog@here.test' bob
}

@test "without a word of it commands are nobody's" {
	[ "$EUID" -eq 0 ] || skip "needs root to be somebody else"
	getent passwd nobody >/dev/null || skip "needs the account nobody"
	sed -i '/^command-user /d' "$CONFIG/mailroom.conf"
	script prog <<-END
	#!/bin/sh
	id -un >"$T/out/who"
	END
	echo "prog: |$T/prog" >"$CONFIG/aliases"
	done_by '|prog#1@here.test'
	[ "$(cat "$T/out/who")" = nobody ]
}
