#!/usr/bin/env bats
# Manual pages: a page for each program and file format, free of lint.

load lib

@test "man: mandoc -Tlint -Wwarning says nothing" {
	run mandoc -Tlint -Wwarning "$ROOT"/man/*.[1-8]
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "man: a page for every program" {
	local p
	for p in "$BIN"/*; do
		p=${p##*/}
		case $p in auth-pam | find-user | mta-sts | tls-relay) continue ;; esac # helpers
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
