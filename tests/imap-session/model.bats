#!/usr/bin/env bats
# Several sessions, deliveries and renames by other programs at random: all
# know in the end what is true (tests/imap-session/model).

load ../lib

# walk SEED STEPS
walk() {
	rm -rf "$T/home/model"
	mkdir "$T/home/model"
	HOME=$T/home/model "$BATS_TEST_DIRNAME/model" -s "$1" -n "$2" \
		"$T/home/model/Maildir" "$BIN/imap-session" -c "$CONFIG"
}

@test "three sessions, QRESYNC, NOTIFY, and others in the Maildir" {
	local seed
	if [ -z "${SOAK:-}" ]; then
		walk 1 400
		walk 2 400
	else
		for seed in {1..20} $RANDOM $RANDOM $RANDOM; do
			walk "$seed" 1500
		done
	fi
}
