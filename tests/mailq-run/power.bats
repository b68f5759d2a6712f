#!/usr/bin/env bats
# The power fails (tests/tool/powercut): of whatever the disk had by then, the
# next run makes what was promised.  SOAK=1: each state, not one in some.

load common

# cut_power COMMAND...: $T/out/N/dir is what the spool may be then, said what had
# been said.
cut_power() {
	states=$("$TOOL/powercut" -r "${ROUND:=1}" "$SPOOL" "$T/out" -- "$@")
	echo "$states states"
	[ "$states" -gt 10 ]
}

# each_state MOST CHECK: of so many of them and the last; $S is it.
each_state() {
	local n step=$((states / $1 + 1))
	[ -z "$SOAK" ] || step=1
	for ((n = 1 + RANDOM % step; n <= states; n += step)); do
		state "$n" "$2"
	done
	state "$states" "$2"
}
state() {
	S=$T/out/$1
	chmod -R go= "$S/dir"
	[ "$EUID" -ne 0 ] || chown -R 20902:20902 "$S/dir"
	"$2" || {
		echo "wrong in state $1, where this had been said:"
		cat "$S/said"
		ls -lR "$S/dir"
		return 1
	}
}

# What was accepted is there, and whatever has its name is all of it.
written() {
	if [ -s "$S/said" ] || [ -e "$S/dir/new/One" ]; then
		cmp "$S/dir/new/One" "$SPOOL/new/One"
	fi
}

@test "a message that is accepted" {
	own 0 "$SPOOL"
	"$BUILD/tool/spool" "$SPOOL" scan # makes its directories
	printf 'Subject: one\n\nbody\n' >"$T/text"
	cut_power "$BUILD/tool/spool" "$SPOOL" write One a@here.test \
		b@there.test <"$T/text"
	each_state 1000 written
}

# Nothing is lost, a report is made once, and a message comes once more at most
# (RFC 1047).
done_at_last() {
	local had
	had=$(mail_to yes@there.test)
	config spool "$S/dir"
	mailq_run -T 1000
	[ "$(find "$S"/dir/{new,due} -name 'one-*' | wc -l)" -eq 1 ] &&
		[ -z "$(find "$S"/dir/{new,due} -name one)" ] &&
		[ -z "$(find "$S"/dir/{bad,hold} -type f)" ] &&
		[ $(($(mail_to yes@there.test) - had)) -le 1 ]
}

@test "a run: one recipient taken, one refused and reported" {
	remote -m 'reject no@there.test 550 5.1.1 Nobody'
	entry one alice@here.test yes@there.test no@there.test
	cut_power "$BIN/mailq-run" -c "$CONFIG"
	each_state 10 done_at_last
	[ "$(mail_to yes@there.test)" -gt 1 ] # some came before the verdict
	had=$(mail_to yes@there.test)
	state "$states" done_at_last
	[ "$(mail_to yes@there.test)" -eq "$had" ]
}
