#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# The tools of the tests are tested first: a chat that finds nothing wrong, or
# a fault that never happens, would make every other test worthless.

load lib

# A server of shell: greets, echoes, says bye at QUIT.
server() {
	cat >"$T/server" <<-'END'
	#!/bin/bash
	printf '220 hi\r\n'
	while IFS= read -r line; do
		case $line in
		QUIT*) printf '221 bye\r\n'; exit ;;
		LIST*) printf '250-a\r\n250-b\r\n250 c\r\n' ;;
		BARE*) printf 'no CR\n' ;;
		DIE*) kill -SEGV $$ ;;
		EXIT*) exit 7 ;;
		*) printf '250 %s\r\n' "${line%$'\r'}" ;;
		esac
	done
	END
	chmod +x "$T/server"
}

@test "chat: over TCP, a Unix socket, pipes" {
	local how
	server
	for how in "" -u -p "-r 192.0.2.1"; do
		# shellcheck disable=SC2086
		chat $how "$T/server" <<-'END'
		S: 220 hi
		C: a\tb
		C< c
		C: d
		S: 250 a	b
		S: 250 c...
		C: LIST
		S* 250-
		S: 250 c
		C: LIST
		S| 250 c
		C: id=17
		S~ 250 id=(?P<id>\d+)
		C: again ${id}
		S: 250 again 17
		C: QUIT
		S< 221 bye\r\n
		S! eof
		END
	done
}

# wrong TRANSCRIPT TEXT: chat must fail and say so.
wrong() {
	run chat -t 1 "$T/server" <<<"$1"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"$2"* ]]
}

@test "chat: finds what is wrong" {
	server
	wrong $'S: 220 ho' 'want S: 220 ho'
	wrong $'S: 220 hi\nC: x\nS: 250' 'got  250 x'
	wrong $'S: 220 hi\nC: BARE\nS: no CR' 'line end without CR'
	wrong $'S: 220 hi\nC: QUIT' 'after the last line'
	wrong $'S: 220 hi\nS: more' 'nothing came in time'
	wrong $'S: 220 hi\nC: DIE\nS! eof' 'died of SIGSEGV'
	wrong $'S: 220 hi\nC: EXIT\nS! eof' 'exit status 7'
	wrong $'S: 220 hi\nC: x\nS! eof' '250 x'
	chat -x 7 "$T/server" <<<$'S: 220 hi\nC: EXIT\nS! eof'
}

@test "fault: the second write fails, and only that" {
	cat >"$T/three" <<-'END'
	#!/bin/sh
	echo one; echo two; echo three
	END
	chmod +x "$T/three"
	run "$TOOL/fault" -o "$T/log" write EIO 2 -- "$T/three"
	echo "$output"
	[[ $output == *one* && $output != *two$'\n'* && $output == *three* ]]
	[ "$(grep -c INJECTED "$T/log")" -eq 1 ]
}

@test "killat: death at each call in turn" {
	local n out last=
	for ((n = 1; n < 500; n++)); do
		out=$("$BUILD/tool/killat" -o "$T/calls" "$n" \
			sh -c 'echo a; (echo b); echo c' || :)
		case $out in "$last"*) ;; *) echo "$n: $out"; false ;; esac
		last=$out
		read -r -a calls <"$T/calls"
		[ "${#calls[@]}" -eq 2 ] || break
		[ "${calls[0]}" -eq "$n" ]
	done
	[ "$n" -gt 5 ]
	[ "$out" = $'a\nb\nc' ]
}

@test "sink: takes mail, refuses as told" {
	sink -m 'reject nobody@far.test 550 5.1.1 No' -m 'first 1 dot 451 4.3.0 Later'
	chat "$HOST:$SINK_PORT" <<-'END'
	S: 220 sink ESMTP
	C: EHLO x
	S* 250-
	S: 250 ...
	C: MAIL FROM:<a@here.test>
	C: RCPT TO:<nobody@far.test>
	C: RCPT TO:<b@far.test>
	C: DATA
	S: 250...
	S: 550 5.1.1 No
	S: 250...
	S: 354...
	C: ..x
	C: .
	S: 451 4.3.0 Later
	C: MAIL FROM:<a@here.test>
	C: RCPT TO:<b@far.test>
	C: DATA
	S: 250...
	S: 250...
	S: 354...
	C: ..x
	C: .
	S: 250...
	C: QUIT
	S: 221...
	END
	[ "$(tail -n 1 "$T/sink/1.mail")" = $'.x\r' ]
	[ ! -e "$T/sink/2.mail" ]
}

@test "dnsd: answers for its zones" {
	dns far.test=192.0.2.7
	# far.test MX, by hand: the answer names mx.far.test.
	exec 8<>"/dev/tcp/$HOST/20053"
	printf '\0\032\0\1\0\0\0\1\0\0\0\0\0\0\3far\4test\0\0\017\0\1' >&8
	timeout 5 head -c 46 <&8 | tr -d '\0' | grep -q mx
	exec 8>&-
}
