#!/usr/bin/env bats
# Decisions of mailq, and what the next run makes of them.
# shellcheck disable=SC2030,SC2031,SC2154 # bats, and lib.bash

load common

mailq() { "$BIN/mailq" -c "$CONFIG" "$@"; }

listen() {
	chmod 755 "$RUN"
	start submit systemd-socket-activate --accept --inetd -l "$RUN/submit" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 20 test -S "$RUN/submit"
	chmod 666 "$RUN/submit"
}

@test "bounce: the sender gets it back once, nobody is tried" {
	remote
	listen
	entry one alice@here.test x@there.test y@there.test
	mailq bounce one
	mailq_run
	mailq_run
	[ "$(mails)" -eq 0 ]
	[ "$(messages alice)" -eq 1 ]
	[ "$(message alice | grep -c '^Action: failed')" -eq 2 ]
	message alice | grep -q 'returned by the administrator'
	[ "$(waiting)" -eq 0 ]
}

@test "hold keeps it from a run, release gives it to the next" {
	remote
	entry one a@here.test x@there.test
	mailq hold one
	mailq_run
	[ "$(mails)" -eq 0 ]
	mailq release one
	mailq_run
	[ "$(mails)" -eq 1 ]
}

@test "retry: due now, whatever the time of the next try" {
	remote -m 'first 1 rcpt 451 4.7.1 Later'
	entry one a@here.test x@there.test
	mailq_run
	mailq_run
	[ "$(mails)" -eq 0 ]
	mailq show one | grep -q '451 4.7.1 Later'
	mailq retry one
	mailq_run
	[ "$(mails)" -eq 1 ]
}

@test "edit: the next run sends it to the new address" {
	remote -m 'reject old@there.test 451 4.2.1 Full'
	entry one a@here.test old@there.test other@there.test
	mailq_run
	[ "$(mail_to other@there.test)" -eq 1 ]
	mailq edit one old@there.test new@other.test
	mailq_run
	[ "$(mail_to new@other.test)" -eq 1 ]
	[ "$(mails)" -eq 2 ]
	[ "$(waiting)" -eq 0 ]
}

@test "beside a running worker: waits for it, loses and doubles nothing" {
	remote -m 'slow 0.3'
	for id in one two three; do entry $id a@here.test $id@there.test; done
	start run "$BIN/mailq-run" -c "$CONFIG"
	wait_for 20 test -s "$T/sink/log"
	mailq >"$T/list"
	run mailq hold one two three
	wait "${PID_run:?}"
	held=$(find "$SPOOL/hold" -type f | wc -l)
	[ $((held + $(mails))) -eq 3 ]
	mailq release all || :
	mailq_run
	[ "$(mails)" -eq 3 ]
	for id in one two three; do [ "$(mail_to $id@there.test)" -eq 1 ]; done
}

@test "what is damaged is set aside, named in the log and by mailq" {
	remote
	entry good a@here.test x@there.test
	entry wrong a@here.test y@there.test
	sed -i 's/^arrival .*/arrival soon/' "$SPOOL/new/wrong"
	own 20902 "$SPOOL/new/wrong"
	mailq_run
	[ "$(mails)" -eq 1 ]
	[ -e "$SPOOL/bad/wrong" ]
	logged 'quarantined=wrong .*line 3: bad value'
	[[ $(mailq) == *"1 damaged file in $SPOOL/bad"* ]]
}
