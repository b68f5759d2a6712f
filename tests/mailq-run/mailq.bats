#!/usr/bin/env bats
# mailq, beside a spool made by tests/tool/spool.
# shellcheck disable=SC2030,SC2031,SC2154 # bats, and lib.bash

load ../lib

setup() {
	lib_setup
	STEP=$BUILD/tool/spool
}

# As the owner of the spool, as mailq-run has it.
spool() {
	if [ "$EUID" -eq 0 ]; then
		setpriv --reuid 20902 --regid 20902 --clear-groups \
			"$STEP" "$SPOOL" "$@"
	else
		"$STEP" "$SPOOL" "$@"
	fi
}
mailq() { "$BIN/mailq" -c "$CONFIG" "$@"; }
# One that waits: id A, b@there.test was deferred, c@other.test is delivered.
deferred() {
	echo $'Subject: x\n\ntext' | spool write A a@here.test b@there.test \
		c@other.test
	spool verdict A 0 T 4.7.1 '451 4.7.1 Later <id 123>'
	spool verdict A 1 D 2.0.0 '250 ok'
	spool defer A 720
}

@test "an empty queue" {
	[ "$(mailq)" = "the mail queue is empty" ]
	[ -z "$(mailq -j)" ]
	[[ $(mailq summary) == "0 messages, 0 recipients"* ]]
}

@test "the list" {
	deferred
	run mailq
	echo "$output"
	[[ ${lines[0]} =~ ^A\ +17\ \ [0-9]+s\ old\ \ in\ 1[12]m\ \ '<a@here.test>'$ ]]
	[ "${lines[1]}" = "    b@there.test" ]
	[[ ${lines[2]} == *"mx.example.org: 451 4.7.1 Later <id 123>" ]]
	[ "${lines[3]}" = "-- 1 message, 17 octets" ]
	# The clock may go on between the two.
	ages='s/ +[0-9]+[sm]( old|  <a@| ago)/ N\1/g'
	[ "$(mailq list | sed -E "$ages")" = "$(sed -E "$ages" <<<"$output")" ]
}

@test "the list as JSON" {
	deferred
	echo 'Subject: y' | spool write B '' "\"a\\\\\"\"@there.test"
	mailq --json | python3 -c '
import json, sys
a, b = sorted(map(json.loads, sys.stdin), key=lambda m: m["id"])
assert a["queue"] == "deferred" and b["queue"] == "new"
assert a["sender"] == "a@here.test" and b["sender"] == ""
assert a["next_try"] - a["arrival"] in range(715, 730)
r = a["recipients"]
assert [x["state"] for x in r] == ["waiting", "delivered"]
assert r[0]["reply"] == "451 4.7.1 Later <id 123>" and r[0]["tries"] == 1
assert r[0]["remote"] == "mx.example.org" and r[0]["status"] == "4.7.1"
assert b["recipients"][0]["address"] == "\"a\\\\\"\"@there.test"
'
}

@test "show one, with its log" {
	deferred
	mailq hold A
	run mailq show A
	echo "$output"
	[[ $output == *"id        A (held)"* ]]
	[[ $output == *"451 4.7.1 Later"* ]]
	[[ $output == *": hold"* ]]
	mailq -j show A | python3 -c '
import json, sys
log = json.load(sys.stdin)["log"]
assert [x.get("state", x.get("did")) for x in log] == ["waiting", "delivered",
	"hold"], log
assert log[0]["reply"] == "451 4.7.1 Later <id 123>"'
	run mailq show Nope
	[ "$status" -eq 66 ]
	[[ $output == *"Nope: no such message"* ]]
	run mailq show ../../etc/passwd
	[ "$status" -eq 66 ]
}

@test "what strangers said cannot play with the terminal" {
	echo 'Subject: x' | spool write A a@here.test $'b\342\200\256@there.test'
	spool verdict A 0 T 4.7.1 $'451 \e[31mred\a \302\233'
	run mailq
	[[ $output == *'451 ?[31mred? ?'* ]]
	[[ $output == *'b?@there.test'* ]]
	if mailq show A | grep -q $'\e'; then return 1; fi
}

@test "hold and release" {
	deferred
	mailq hold A
	[ "$(spool scan 9999)" = "4 A" ]
	run mailq hold A
	[ "$status" -eq 65 ]
	run mailq retry A
	[ "$status" -eq 65 ]
	[[ $output == *"held, release it first"* ]]
	mailq release A
	spool scan | grep -qx '2 A'
	run mailq release A
	[ "$status" -eq 65 ]
	grep -q 'do=hold by=' "$LOG"
}

@test "retry makes it due and kicks" {
	deferred
	[ -z "$(spool scan)" ]
	start kick python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(s.recv(10))' "$RUN/kick"
	wait_for 20 test -S "$RUN/kick"
	chmod 666 "$RUN/kick"
	mailq retry A
	spool scan | grep -qx '2 A'
	wait_for 20 grep -qF '*' "$T/kick.out"
}

@test "drop leaves nothing" {
	deferred
	mailq drop A
	[ -z "$(find "$SPOOL" -name A)" ]
	grep -q 'queue id=A do=drop by=' "$LOG"
}

@test "bounce leaves it to the next run" {
	deferred
	mailq hold A
	mailq bounce A
	[ "$(spool take A)" = "A d FD" ]
	spool scan | grep -qx '2 A'
	grep -q 'try 0 2 F 5.0.0 - returned by the administrator' \
		"$SPOOL"/log/*/A
	run mailq bounce A
	[ "$status" -eq 65 ]
}

@test "all, and several" {
	for id in A B C; do
		echo 'Subject: x' | spool write $id a@here.test b@there.test
	done
	mailq hold A B
	[ "$(find "$SPOOL/hold" -type f | wc -l)" -eq 2 ]
	mailq release all
	[ "$(spool scan | wc -l)" -eq 3 ]
	run mailq drop A Nope C
	[ "$status" -eq 66 ]
	[ "$(spool scan | wc -l)" -eq 1 ]
	mailq drop all
	[ -z "$(spool scan)" ]
}

@test "a message in work is waited for, then left alone" {
	deferred
	if [ "$EUID" -eq 0 ]; then
		start holder setpriv --reuid 20902 --regid 20902 \
			--clear-groups "$STEP" "$SPOOL" take A 60
	else
		start holder "$STEP" "$SPOOL" take A 60
	fi
	wait_for 20 grep -q A "$T/holder.out"
	run mailq drop A
	[ "$status" -eq 75 ]
	[[ $output == *"being delivered"* ]]
	mailq | grep -q '^A '
	(sleep 1; kill -9 "${PID_holder:?}") 3>&- &
	killer=$!
	mailq drop A
	wait "$killer"
}

@test "edit a recipient" {
	deferred
	mailq edit A b@there.test new@else.test
	[ "$(spool take A)" = "A d TD" ]
	[ "$(tail -n 1 "$SPOOL"/due/*/A)" = text ]
	grep -qP '^T new@else.test\torcpt=rfc822;b@there.test$' "$SPOOL"/due/*/A
	spool scan | grep -qx '2 A'
	mailq show A | grep -q ': edit b@there.test new@else.test'
	[ -z "$(ls "$SPOOL/tmp")" ]
	run mailq edit A c@other.test d@x.test # delivered: too late
	[ "$status" -eq 65 ]
	run mailq edit A new@else.test nonsense
	[ "$status" -eq 65 ]
	run mailq edit A new@else.test 'x@y.test> SIZE=1'
	[ "$status" -eq 65 ]
}

edit_run() {
	rm -rf "${SPOOL:?}"/*
	deferred >/dev/null
	"${FAULT[@]}" "$BIN/mailq" -c "$CONFIG" edit A b@there.test \
		new@else.test || :
}
edit_hit() {
	case $(spool take A) in
	"A d TD") ;;
	*) return 1 ;;
	esac
	[ "$(tail -n 1 "$SPOOL"/due/*/A)" = text ]
	[ "$(grep -c '^T ' "$SPOOL"/due/*/A)" -eq 1 ]
}

@test "edit: killed at each system call, it is the old or the new" {
	each_kill edit_run edit_hit
}

@test "counts by destination and reason" {
	deferred
	for id in B C; do
		echo 'Subject: x' | spool write $id a@here.test "$id@There.test"
		spool verdict $id 0 T 4.7.1 "451 4.7.1 Later <id $id>"
	done
	run mailq summary
	echo "$output"
	[[ ${lines[0]} == "3 messages, 3 recipients; 2 due now, 0 held, next try in 1"* ]]
	[ "${lines[2]}" = "        3  there.test" ]
	[ "${lines[4]}" = "        3  451 4.7.1 Later" ]
	mailq -j summary | python3 -c '
import json, sys
c = json.load(sys.stdin)
assert c["destinations"] == {"there.test": 3}, c
assert c["reasons"] == {"451 4.7.1 Later": 3}, c'
}

@test "somebody without rights is told so" {
	[ "$EUID" -eq 0 ] || skip "needs root to be somebody else"
	deferred
	run as alice "$BIN/mailq" -c "$CONFIG"
	[ "$status" -eq 77 ]
	[[ $output == *"the queue is for root and for 20902:20902 only"* ]]
}

@test "usage" {
	run mailq frobnicate A
	[ "$status" -eq 64 ]
	run mailq hold
	[ "$status" -eq 64 ]
	run mailq edit A b@x
	[ "$status" -eq 64 ]
	run mailq -Z
	[ "$status" -eq 64 ]
}
