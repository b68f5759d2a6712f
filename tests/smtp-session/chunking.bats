#!/usr/bin/env bats
# BDAT (RFC 3030).

load ../lib
load smtp

# chunks <TRANSCRIPT: after MAIL and RCPT for alice.
chunks() {
	{
		cat <<-END
		$(from_to a@b.test alice@here.test)
		END
		cat
	} | talk
}

body() { message | sed '1,/^$/d'; }

@test "one chunk, with its octets in the same write" {
	chunks <<-'END'
	C< BDAT 26 LAST\r\nSubject: x\r\n\r\n.\r\n..\r\nend\r\n
	S: 250 2.0.0 Ok, id ...
	C: QUIT
	S: 221 2.0.0 Bye
	END
	[ "$(body)" = ".
..
end" ]
}

@test "chunks divide lines anywhere; an empty one may be last" {
	chunks <<-'END'
	C< BDAT 12\r\nSubject: x\r\n
	S: 250 2.0.0 12 octets received
	C< BDAT 6\r\n\r\none\r
	S: 250 2.0.0 6 octets received
	C< BDAT 4\r\n\ntwo
	S: 250 2.0.0 4 octets received
	C: BDAT 0 LAST
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(body)" = "one
two" ]
}

@test "dots and lookalikes of the end are content" {
	chunks <<-'END'
	C< BDAT 20 LAST\r\na: b\r\n\r\n\r\n.\r\nQUIT\r\n\n
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(body)" = "
.
QUIT" ]
}

@test "between chunks: no MAIL, RCPT, DATA; NOOP and RSET" {
	chunks <<-'END'
	C< BDAT 4\r\nabc\n
	S: 250 2.0.0 4 octets received
	C: DATA
	S: 503 5.5.1 Send BDAT or RSET
	C: RCPT TO:<bob@here.test>
	S: 503 5.5.1 Send BDAT or RSET
	C: NOOP
	S: 250 2.0.0 Ok
	C: RSET
	S: 250 2.0.0 Ok
	C< BDAT 6 LAST\r\nQUIT\r\n
	S: 503 5.5.1 Send MAIL and RCPT first
	END
	[ "$(count alice)" -eq 0 ]
	nothing_left
}

@test "out of place: the octets are swallowed, not obeyed" {
	talk <<-'END'
	C< BDAT 6 LAST\r\nQUIT\r\n
	S: 503 5.5.1 Send MAIL and RCPT first
	C: MAIL FROM:<a@b.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<nobody@here.test>
	S: 550 5.1.1 No such user here
	C< BDAT 6 LAST\r\nQUIT\r\n
	S: 554 5.5.1 No valid recipients
	C: NOOP
	S: 250 2.0.0 Ok
	END
}

@test "bad sizes end the connection: who knows where the next command is" {
	for size in x -1 "1 FIRST" "1 LAST 2" 99999999999999999999; do
		chunks <<-END
		C: BDAT $size
		S: 501 5.5.4 Not a size, and perhaps LAST, closing
		S! eof
		END
	done
	chunks <<-'END'
	C: BDAT 999999999999
	S: 421 4.3.0 Message far too big, closing
	S! eof
	END
}

@test "too big, over several chunks" {
	config size 65536
	local x
	x=$(printf '%040000d' 0)
	chunks <<-END
	C< BDAT 40000\r\n$x
	S: 250 2.0.0 40000 octets received
	C< BDAT 40000 LAST\r\n$x
	S: 552 5.3.4 Message too big
	C: NOOP
	S: 250 2.0.0 Ok
	END
	[ "$(count alice)" -eq 0 ]
}

@test "strict-newlines holds here too" {
	config strict-newlines yes
	chunks <<-'END'
	C< BDAT 8 LAST\r\na: b\n\r\n\n
	S: 550 5.5.2 Bare LF or CR in the message
	END
}
