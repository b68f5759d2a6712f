#!/usr/bin/env bats
# tests/tool/house finds each kind of breach, and nothing else.

load lib

# code FILE TEXT: a file of a small tree below $T.
code() {
	mkdir -p "$T/${1%/*}"
	printf '%b' "$2" >"$T/$1"
}

house() {
	cd "$T" && run "$TOOL/house" message session maildir pop3-session
}

@test "house: a clean tree" {
	code message/a.h ''
	code message/a.c '#include "message/a.h"\n#include <stdio.h>\n'
	code session/b.c '#include "message/a.h"\n#include "session/b.h"\n'
	code pop3-session/c.c '#include "session/b.h"\n'
	code pop3-session/d.c '#include "mailq-run/spool.h"\n'
	house
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "house: layers" {
	local include
	for include in 'message/a.c session/b.h' 'session/a.c maildir/b.h' \
		'maildir/a.c session/b.h' 'pop3-session/a.c mailq-run/b.h' \
		'pop3-session/a.c smtp-session/b.h' 'message/a.c b.h' \
		'maildir/a.c mailq-run/spool.h'; do
		rm -rf "$T/message" "$T/session" "$T/maildir" "$T/pop3-session"
		code "${include% *}" "\n#include \"${include#* }\"\n"
		house
		[ "$status" -eq 1 ]
		[[ $output == "${include% *}:2:"*"may not include"* ]]
	done
}

@test "house: own header first" {
	code message/a.h ''
	code message/a.c '#include <stdio.h>\n#include "message/a.h"\n'
	house
	[ "$status" -eq 1 ]
	[[ $output == message/a.c:1:*first* ]]
}

@test "house: extern in a .c file" {
	code message/a.c 'extern int x;\n'
	house
	[ "$status" -eq 1 ]
	[[ $output == message/a.c:1:*extern* ]]
}

@test "house: sizes" {
	code message/a.c "int\nf(void)\n{\n$(printf '\tx;\\n%.0s' {1..51})}\n"
	code message/b.c "$(printf '//\\n%.0s' {1..501})"
	house
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == message/a.c:3:*"51 lines"* ]]
	[[ ${lines[1]} == message/b.c:*"501 lines"* ]]
}
