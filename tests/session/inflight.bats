#!/usr/bin/env bats
# session/monitor.c hands descriptors on; how many of its uid are on their way
# elsewhere on the machine must not matter.

load ../lib

# in_flight N: a process of our uid in which N descriptors are on their way.
in_flight() {
	start in_flight /usr/bin/python3 -c '
import socket, sys, time
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[1])):
    socket.send_fds(a, [b"x"], [0])
print("ready", flush=True)
time.sleep(100)' "$1"
	wait_for 10 grep -q ready "$T/in_flight.out"
}

@test "descriptors in flight elsewhere do not end a session" {
	in_flight 10
	in_flight 10
	chat smtp-session <<-'END'
	S: 220...
	C: HELO x
	S: 250...
	C: MAIL FROM:<a@far.test>
	S: 250...
	C: RCPT TO:<alice@here.test>
	S: 250 2.1.5...
	C: QUIT
	S: 221...
	END
}
