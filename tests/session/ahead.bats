#!/usr/bin/env bats
# Accept mode: processes that are ready for a client before he comes.

load ../lib

setup() {
	lib_setup
	start listener systemd-socket-activate -l "$HOST:2525" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 10 listens "$HOST" 2525
	greeted # who comes first starts the listener
}

# greeted [LINE]: a session with that greeting, or any.
greeted() {
	"$TOOL/chat" -q "$HOST:2525" <<-END
	S: ${1:-220...}
	C: HELO me.test
	S: 250...
	C: QUIT
	S: 221...
	END
}

# The processes right below the listener, of which four wait for clients.
# shellcheck disable=SC2154 # of start
children() { pgrep -P "$PID_listener"; }
all_wait() { [ "$(children | wc -l)" -eq 4 ]; }

@test "a client is served by a process that was there before him" {
	wait_for 5 all_wait
	before=$(children)
	exec 8<>"/dev/tcp/$HOST/2525"
	IFS= read -r -u 8 line
	[[ $line = 220* ]]
	printf 'HELO me.test\r\n' >&8
	IFS= read -r -u 8 line
	[[ $line = 250* ]]
	all_wait_again() { [ "$(children | wc -l)" -eq 5 ]; }
	wait_for 5 all_wait_again
	for pid in $before; do
		kill -0 "$pid"
	done
	printf 'QUIT\r\n' >&8
	wait_for 5 all_wait
	gone=0
	for pid in $before; do
		kill -0 "$pid" 2>/dev/null || gone=$((gone + 1))
	done
	[ "$gone" -eq 1 ]
	exec 8>&-
}

@test "who is ready knows a configuration that changed since" {
	wait_for 5 all_wait
	config hostname other.here.test
	greeted '220 other.here.test ESMTP'
	echo 'no such word' >>"$CONFIG/mailroom.conf"
	"$TOOL/chat" "$HOST:2525" <<-'END'
	S: 421 4.3.0 Local trouble, try again later
	S! eof
	END
	grep -q 'config-error reason=.*unknown word .no' "$LOG"
	sed -i '/no such word/d' "$CONFIG/mailroom.conf"
	wait_for 5 greeted '220 other.here.test ESMTP'
}

@test "those who wait may die, clients are served" {
	wait_for 5 all_wait
	# shellcheck disable=SC2046 # several
	kill -9 $(children)
	for _ in 1 2 3 4 5 6; do
		greeted
	done
}

@test "a crowd that comes at once is served" {
	wait_for 5 all_wait
	pids=()
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		greeted &
		pids+=("$!")
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
}

@test "they leave with the listener, however it ends" {
	family() {
		local pid
		for pid in $(children); do
			echo "$pid"
			pgrep -P "$pid" || :
		done
	}
	left() {
		local pid
		for pid in $all; do
			not kill -0 "$pid" 2>/dev/null || return 1
		done
	}
	wait_for 5 all_wait
	locked() { [ "$(family | wc -l)" -eq 8 ]; }
	wait_for 5 locked
	all=$(family)
	kill -9 "$PID_listener"
	wait_for 5 left
}
