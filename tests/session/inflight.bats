#!/usr/bin/env bats
# Descriptors are handed from process to process; how many of the same uid are
# on their way elsewhere on the machine must not matter.

load ../lib
load clients

# in_flight NAME N [SETPRIV...]: a process in which N descriptors are on their
# way.
in_flight() {
	local name=$1 n=$2
	shift 2
	start "$name" "$@" /usr/bin/python3 -c '
import socket, sys, time
kept = []
for i in range(int(sys.argv[1])):
    kept.append(socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM))
    socket.send_fds(kept[-1][0], [b"x"], [0])
print("ready", flush=True)
time.sleep(100)' "$n"
	wait_for 10 grep -q ready "$T/$name.out"
}

@test "descriptors in flight elsewhere do not end a session" {
	in_flight ours 60
	# Those of the parser's uid, too.
	[ "$EUID" -ne 0 ] || in_flight net 60 setpriv --reuid 20901 \
		--regid 20901 --clear-groups
	{
		echo 'S: 220...'
		a_mail
	} | chat smtp-session
}
