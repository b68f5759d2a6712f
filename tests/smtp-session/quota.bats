#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Mailboxes with a limit (maildirsize): said at RCPT, or when the size is
# known; after a day for good.

load ../lib
load smtp

full='452 4.2.2 Mailbox is full'
for_good='552 5.2.2 Mailbox is full'

# quota LIMIT [USED]: of alice.
quota() {
	as alice mkdir -p -m 700 "$MAILDIR_alice"
	printf '%s\n' "$1" "${2:-0 0}" |
		as alice tee "$MAILDIR_alice/maildirsize" >/dev/null
}

# since DAYS: how long it has been full.
since() {
	local now
	now=$(date +%s)
	echo "$((now - $1 * 86400 - 60)) $((now - ${2:-3600}))" |
		as alice tee "$MAILDIR_alice/mailroom-full" >/dev/null
}

# big REPLY TO...: 3000 octets of content.
big() {
	local x
	x=$(printf '%03000d' 0)
	talk <<-END
	$(from_to a@b.test "${@:2}")
	C: DATA
	S: 354...
	C: $x
	C: .
	S: $1
	END
}

@test "quota: what comes in counts" {
	quota 100000S,3C
	send a@b.test alice@here.test
	big '250 2.0.0 Ok, id ...' alice@here.test
	run "$BIN/maildir" -c "$CONFIG" -d "$MAILDIR_alice" quota
	awk 'NR > 1 { o += $1; n += $2 }
		END { exit !(n == 2 && o > 3300 && o < 4500) }' \
		"$MAILDIR_alice/maildirsize"
	send a@b.test alice@here.test
	refused alice@here.test "$full"
	[ "$(count alice)" -eq 3 ]
}

@test "quota: 452 at RCPT for a day, then 552, and room again" {
	quota 1000S '1000 1'
	refused alice@here.test "$full"
	logged 'code=452 status=4.2.2 .*reason="quota: quota of the Maildir is full"'
	since 0
	refused alice@here.test "$full"
	since 1
	refused alice@here.test "$for_good"
	logged 'code=552 status=5.2.2 .*reason="quota-for-a-day'
	# long ago, and nobody was refused since: it begins anew
	since 9 $((3 * 86400))
	refused alice@here.test "$full"
	since 1
	quota 1000000S '1000 1'
	send a@b.test alice@here.test
	[ ! -e "$MAILDIR_alice/mailroom-full" ]
	nothing_left
}

@test "quota: no room for this one" {
	quota 4000S '3000 1'
	big "$full" alice@here.test
	send a@b.test alice@here.test
	since 1
	big "$for_good" alice@here.test
	rm "$MAILDIR_alice/mailroom-full"
	quota 2000S
	big "$for_good" alice@here.test
	[ "$(count alice)" -eq 1 ]
	nothing_left
}

@test "quota: of two mailboxes one is full: its copy waits" {
	quota 4000S '3000 1'
	big '250 2.0.0 Ok, id ...' alice@here.test bob@here.test
	[ "$(count bob)" -eq 1 ]
	[ "$(rcpts)" = "$(rcpts | grep '^T .*alice@here.test')" ]
	quota 1000S '1000 1'
	echo 'team: alice, bob' >"$CONFIG/aliases"
	send a@b.test team@here.test
	[ "$(count bob)" -eq 2 ]
	rcpts | grep -q '^T .*~alice'
}

@test "quota: who is elsewhere, and the others, do not wait for one who is full" {
	quota 4000S '3000 1'
	local_peer <<-END
	$(from_to a@b.test far@remote.test alice@here.test bob@here.test)
	C: DATA
	S: 354...
	C: $(printf '%03000d' 0)
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(count bob)" -eq 1 ]
	[ "$(rcpts)" = "T far@remote.test
T alice@here.test" ]
	[ "$(waiting)" -eq 1 ]
	nothing_left
}

@test "quota: a folder counts with the rest" {
	quota 4000S '4000 1'
	as alice mkdir "$MAILDIR_alice/.Lists"
	refused alice+lists@here.test "$full"
	quota 100000S '4000 1'
	send a@b.test alice+lists@here.test
	[ "$(find "$MAILDIR_alice/.Lists/new" -type f | wc -l)" -eq 1 ]
	[ "$(wc -l <"$MAILDIR_alice/maildirsize")" -eq 3 ]
}
