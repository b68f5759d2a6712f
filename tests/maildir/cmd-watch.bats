#!/usr/bin/env bats
# shellcheck disable=SC2154 # PID_watch is of start
# maildir watch.

load ../lib
load cmd-common
export BIN

@test "watch: new messages as they come, not those that are there" {
	local i
	three
	md list -q >/dev/null
	start watch "$BIN/maildir" watch -q -n 2
	# It says nothing when it has begun, so mail comes until it has ended.
	for ((i = 10; i < 400; i++)); do
		kill -0 "$PID_watch" 2>/dev/null || break
		printf 'Subject: s%s\n\nx\n' "$i" >"$M/tmp/$i"
		mv "$M/tmp/$i" "$M/new/2000000$i.x.h"
		sleep 0.1
	done
	stop watch
	awk '$1 < 4 || NR > 1 && $1 != before + 1 { exit 1 }
		{ before = $1 } END { exit NR < 2 }' "$T/watch.out"
}

@test "watch: a command for each, which the sender has no say in" {
	local i
	three
	# shellcheck disable=SC2016 # for the shell that watch runs
	start watch "$BIN/maildir" watch -n 2 \
		--exec 'echo "$1 $MESSAGE $FOLDER"; "$BIN/maildir" list -q "$1"'
	for ((i = 10; i < 400; i++)); do
		kill -0 "$PID_watch" 2>/dev/null || break
		# shellcheck disable=SC2016 # hostile
		printf 'Subject: $(touch %s/bad) `touch %s/bad`\n\nx\n' "$T" "$T" \
			>"$M/tmp/$i"
		mv "$M/tmp/$i" "$M/new/2000000$i.x.h"
		sleep 0.1
	done
	stop watch
	[ "$(awk 'NF == 3 && $1 == $2 && $3 == "INBOX"' "$T/watch.out" | wc -l)" -ge 2 ]
	[ ! -e "$T/bad" ]
}
