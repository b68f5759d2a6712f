#!/usr/bin/env bats
# The demo shows what it says, and leaves nothing behind.

load lib

demo() {
	mkdir "$T/demo"
	if [ "${2:-}" = ordinary ] && [ "$EUID" -eq 0 ]; then
		chown nobody "$T/demo"
		set -- "$1" setpriv --reuid nobody --regid nogroup --clear-groups --
	else
		set -- "$1"
	fi
	run "${@:2}" env DEMO_ONCE=1 DEMO_SUPER="$1" DEMO_DIR="$T/demo" \
		"$ROOT/tests/demo"
	echo "$output"
	[ "$status" -eq 0 ]
	[ ! -e "$T/demo" ] || [ -z "$(ls -A "$T/demo")" ]
	# Its dialogues and what they led to.
	[[ $output == *"rcpt to: jsmith@mindspring.com"* ]]
	[[ $output == *"S: 250 2.0.0 "* ]]
	[[ $output == *"550 5.7.1"* && $output == *"550 5.1.1"* ]]
	[[ $output == *"At noon, as always?"* ]]
	[[ $output == *"Final-Recipient: rfc822;"*"nobody@there.test"*"Status: 5.1.1"* ]]
	# No process of it lives.
	not grep -lzs "$T/demo" /proc/[0-9]*/cmdline
}

@test "demo: openbsd-inetd" { demo inetd; }
@test "demo: systemd" { demo systemd; }
@test "demo: openbsd-inetd, ordinary user" { demo inetd ordinary; }
@test "demo: systemd, ordinary user" { demo systemd ordinary; }
