#!/usr/bin/env bats
# What mailq-run -v shows.
# shellcheck disable=SC2154 # bats, and lib.bash

load common

@test "outcomes and totals, without a terminal" {
	remote -m 'reject no@there.test 550 5.1.1 Nobody'
	entry one '' x@there.test no@there.test
	run mailq_run -v
	echo "$output"
	[[ $output == *"one sent <x@there.test> mx.there.test"*"250 2.0.0"* ]]
	[[ $output == *"one failed <no@there.test> mx.there.test"*"550 5.1.1"* ]]
	[[ ${lines[-1]} == "1 sent, 0 deferred, 1 failed" ]]
	if [[ $output == *$'\e'* ]]; then return 1; fi
}

@test "progress on a terminal: done, left, where to" {
	remote -m 'slow 0.4'
	for id in one two three; do entry $id a@here.test $id@there.test; done
	script -qec "$BIN/mailq-run -v -c $CONFIG" /dev/null >"$T/seen" \
		</dev/null 3>&-
	tr '\r' '\n' <"$T/seen" | cat -v
	grep -qE '[0-3] done, [1-3] left: [0-3] sent, 0 deferred, 0 failed; mx.there.test [1-3]' \
		"$T/seen"
	tr -d '\r' <"$T/seen" | grep -q '3 sent, 0 deferred, 0 failed'
}

@test "nothing of a reply reaches the terminal as more than text" {
	remote -m $'rcpt 550 5.1.1 \e[31mred'
	entry one '' x@there.test
	run mailq_run -v
	[[ $output == *'5.1.1 ?[31mred'* || $output != *$'\e'* ]]
	if [[ $output == *$'\e'* ]]; then return 1; fi
}

@test "without -v it is silent" {
	remote
	entry one a@here.test x@there.test
	run mailq_run
	[ -z "$output" ]
}
