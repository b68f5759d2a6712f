#!/usr/bin/env bats
# What a large queue must not cost.
# shellcheck disable=SC2154 # lib.bash

load ../lib

setup() {
	lib_setup
	chmod 755 "$RUN"
	"$BUILD/tool/spool" "$T/fill" fill 100
	rmdir "$SPOOL"
	mv "$T/fill" "$SPOOL"
	[ "$EUID" -ne 0 ] || chown -R 20902:20902 "$SPOOL"
}

# kicked OCTET: run mailq-run as inetd does; $T/trace has what it looked at.
kicked() {
	python3 - "$RUN/kick" "$1" strace -f -o "$T/trace" \
		-e trace=newfstatat,openat \
		"$BIN/mailq-run" -c "$CONFIG" <<-'END'
	import os, socket, subprocess, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	if sys.argv[2]:
	    s.sendto(sys.argv[2].encode(), sys.argv[1])
	subprocess.run(sys.argv[3:], stdin=s, check=True)
	END
	rm "$RUN/kick"
}
looked_at_due() { grep -q '"due/..", .*O_DIRECTORY' "$T/trace"; }

@test "a kick for new mail reads new/ only" {
	kicked '!'
	grep -q '"new", .*O_DIRECTORY' "$T/trace"
	if looked_at_due; then return 1; fi
}

@test "the other kick, and a start without any, read all" {
	kicked '*'
	looked_at_due
	kicked ''
	looked_at_due
}

@test "an idle run opens nothing that is not due" {
	strace -f -o "$T/trace" -e trace=openat "$BIN/mailq-run" -c "$CONFIG"
	looked_at_due
	if grep -q 'Fill' "$T/trace"; then return 1; fi
}

# It counts in several processes.
@test "a summary has all of them, whatever part they were in" {
	local id sum
	id=$("$BIN/mailq" -c "$CONFIG" -j | sed -n '7s/.*"id":"\([^"]*\)".*/\1/p')
	"$BIN/mailq" -c "$CONFIG" hold "$id"
	"$BIN/mailq" -c "$CONFIG" -a summary >"$T/summary"
	grep -q '^100 messages, 100 recipients; 0 due now, 1 held' "$T/summary"
	for sum in destination reason; do
		sed -n "/^recipients by $sum/,/^\$/p" "$T/summary" |
			awk '$1 ~ /^[0-9]/ { n += $1 } END { exit n != 100 }'
	done
	# One that cannot be read is named, and counts for nothing.
	echo rubbish >"$(find "$SPOOL/due" -type f | head -n 1)"
	run "$BIN/mailq" -c "$CONFIG" summary
	[ "$status" -eq 74 ]
	[[ $output == *'99 messages, '* ]]
}
