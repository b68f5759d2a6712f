#!/usr/bin/env bats
# Manual pages: a page for each program and file format, free of lint.

load lib

@test "man: mandoc -Tlint -Wwarning says nothing" {
	run mandoc -Tlint -Wwarning "$ROOT"/man/*.[1-8]
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "man: each page has the sections of its kind" {
	"$TOOL/pages" "$ROOT"/man/*.[1-8]
	sed '/^\.Sh FILES/,/^\.Sh EXIT/d' "$ROOT/man/mailq.1" >"$T/mailq.1"
	printf '.Sh EXIT STATUS\n.Sh FILES\nx\n' >>"$T/mailq.1"
	run "$TOOL/pages" "$T/mailq.1"
	[ "$status" -eq 1 ]
	[ "$output" = "$T/mailq.1: no EXIT STATUS" ]
}

@test "man: the picture is what its script draws" {
	"$TOOL/road" | cmp - "$ROOT/man/road.svg"
}

@test "man: a page for every program" {
	local p
	for p in "$BIN"/*; do
		p=${p##*/}
		case $p in auth-pam | find-user | mta-sts | tls-relay | to-utf8) continue ;; esac # helpers
		compgen -G "$ROOT/man/$p.[1-8]" ||
			{ echo "no page for $p"; return 1; }
	done
}

@test "man: every page that is referred to is there, or Debian's" {
	local f name
	grep -hoP '^\.Xr (mailroom|spool|users|aliases|smtp|pop3|mailq|sendmail)\S* \d' \
		"$ROOT"/man/*.[1-8] | sort -u | while read -r _ name f; do
		compgen -G "$ROOT/man/$name.$f" >/dev/null ||
			[ "$name" = aliases ] ||
			{ echo "$name($f) is not there"; return 1; }
	done
}

# The first words of all log lines in the code, and those that functions which
# log put in front, against the events of the page.
@test "man: every event of the log is in mailroom-log(5), and no other" {
	local events
	events=$(perl -0777 -ne '
		print "$1\n" while /log_line\([^"]*"([a-z][a-z-]*)[ "]/g;
		print "$1\n" while /\btrouble\("([a-z-]+)"/g;
		print "$1\n" while /(?:front_|\b)trouble\("([a-z]+-error)"/g;
		' "$ROOT"/*/*.c | sort -u)
	comm -3 <(printf '%s\n' "$events" delivered queued | sort -u) <(
		sed -n '/^\.Ss/,/^\.Sh FILES/s/^\.It Cm //p' \
			"$ROOT/man/mailroom-log.5" |
			sed 's/ , /\n/g' | sort -u) >"$T/differ"
	cat "$T/differ"
	[ ! -s "$T/differ" ]
}
