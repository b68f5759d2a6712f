#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Messages too large for memory: mailboxes copy them while they come.

load ../lib
load smtp

setup() {
	lib_setup
	{
		printf 'Subject: large\r\n\r\n'
		# Lines of all lengths, and some that begin with a dot.
		awk 'BEGIN { for (i = 0; i < 60000; i++)
			printf("%s%0*d\r\n", i % 7 ? "" : "..", i % 150 + 1, i) }'
	} >"$T/large"
	tr -d '\r' <"$T/large" | sed '1,/^$/d; s/^\.\././' >"$T/body"
}

# large FROM TO...: the lines of a dialogue with that mail, up to its end.
large() {
	local to
	echo "C: MAIL FROM:<$1>"
	echo 'S: 250 2.1.0 Sender ok'
	shift
	for to; do
		echo "C: RCPT TO:<$to>"
		echo 'S: 250 2.1.5 Recipient ok'
	done
	printf '%s\n' 'C: DATA' 'S: 354...' "C@ $T/large"
}

# whole USER: his newest mail is what was sent.
whole() { message "$1" | sed '1,/^$/d' | cmp - "$T/body"; }

@test "large: one mailbox, twice in a session" {
	{
		large a@b.test alice@here.test
		printf '%s\n' 'C: .' 'S: 250 2.0.0 Ok, id ...'
		large a@b.test alice@here.test
		printf '%s\n' 'C: .' 'S: 250 2.0.0 Ok, id ...'
	} | talk
	[ "$(count alice)" -eq 2 ]
	whole alice
	has '^Delivered-To: alice@here.test'
	nothing_left
}

@test "large: two mailboxes and one elsewhere" {
	{
		large alice@here.test alice@here.test bob@here.test \
			carol@far.test
		printf '%s\n' 'C: .' 'S: 250 2.0.0 Ok, id ...'
	} >"$T/chat"
	{ hello; cat "$T/chat"; } | chat -q -p smtp-session
	whole alice
	whole bob
	has '^Delivered-To: bob@here.test' bob
	[ "$(waiting)" -eq 1 ]
	nothing_left
}

@test "large: a client that leaves in the middle leaves nothing" {
	{
		large a@b.test alice@here.test
		echo 'C! reset'
	} | talk -x any
	[ "$(count alice)" -eq 0 ]
	wait_for 10 nothing_left
}

@test "large: too large after all, and then one that is not" {
	config size 3M
	{
		large a@b.test alice@here.test
		printf '%s\n' 'C: .' 'S: 552 5.3.4 Message too big' \
			'C: MAIL FROM:<a@b.test>' 'S: 250 2.1.0 Sender ok' \
			'C: RCPT TO:<alice@here.test>' 'S: 250 2.1.5 Recipient ok' \
			'C: DATA' 'S: 354...' 'C: Subject: small' 'C: ' 'C: .' \
			'S: 250 2.0.0 Ok, id ...' 'C: QUIT' 'S: 221 2.0.0 Bye'
	} | talk
	[ "$(count alice)" -eq 1 ]
	has '^Subject: small'
	nothing_left
}

@test "large: a disk that fails leaves nothing" {
	failing() {
		{
			large a@b.test alice@here.test
			printf '%s\n' 'C: .' 'S: 45...' 'C: QUIT' \
				'S: 221 2.0.0 Bye'
		} | talk
	}
	send a@b.test alice@here.test
	fault fsync EIO 1
	failing
	faulted
	[ "$(count alice)" -eq 1 ]
	nothing_left
}

@test "large: a mailbox that has no room" {
	[ "$EUID" -eq 0 ] || skip "needs root: a small file system"
	mkdir -p "$T/home/alice/Maildir"
	mount -t tmpfs -o size=1500k,mode=755,uid="$UID_alice" none \
		"$T/home/alice/Maildir" || skip "no mounts here"
	{
		large a@b.test alice@here.test
		printf '%s\n' 'C: .' 'S: 452 4.3.1...' 'C: QUIT' \
			'S: 221 2.0.0 Bye'
	} | talk || bad=1
	[ "$(count alice)" -eq 0 ] || bad=1
	nothing_left || bad=1
	umount "$T/home/alice/Maildir"
	[ -z "${bad:-}" ]
}
