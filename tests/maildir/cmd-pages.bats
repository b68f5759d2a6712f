#!/usr/bin/env bats
# The verbs of maildir, their manual pages and their completion say the same.

load ../lib
load cmd-common

verbs() { md help 2>&1 | awk '$1 == "maildir" && NF > 1 { print $2 }'; }

@test "pages: one for each verb, with examples and exit status" {
	local v n=0
	for v in $(verbs); do
		[ -s "$ROOT/man/maildir-$v.1" ] || { echo "$v has none"; return 1; }
		grep -q '^.Sh EXAMPLES' "$ROOT/man/maildir-$v.1"
		grep -q '^.Sh EXIT STATUS' "$ROOT/man/maildir-$v.1"
		grep -q "^.It Cm $v\$" "$ROOT/man/maildir.1"
		n=$((n + 1))
	done
	[ "$n" -eq "$(find "$ROOT/man" -name 'maildir-*.1' | wc -l)" ]
}

@test "pages: every option of a verb is in its page" {
	local v o
	for v in $(verbs); do
		for o in $(md help "$v" 2>&1 | grep -o -- '\[-[a-zA-Z] |' | tr -d '[|-'); do
			grep -Eq "^\.It Fl $o|^\.Op Fl [a-z]*$o" "$ROOT/man/maildir-$v.1" ||
				{ echo "$v -$o"; return 1; }
		done
	done
}

# complete_line WORD...: what bash offers for the last word.
complete_line() {
	PATH=$BIN:$PATH bash -c '. "$0"; COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1)); _maildir; printf "%s\n" "${COMPREPLY[@]}"' \
		"$ROOT/maildir/completion.bash" "$@" | xargs
}

@test "completion: verbs, options, folders, words" {
	three
	md create 'Two words' Work/2026
	[ "$(complete_line maildir un)" = 'unmark undelete unsubscribe' ]
	[ "$(complete_line maildir list -f W)" = Work.2026 ]
	[ "$(complete_line maildir move Tw)" = 'Two words' ]
	[ "$(complete_line maildir search has)" = has:attachment ]
	[ "$(complete_line maildir list --t)" = --thread ]
	[ "$(complete_line maildir import --from c)" = courier ]
	[ "$(complete_line maildir write bob)" = bob@far.test ]
	[ "$(complete_line maildir mark fl)" = flagged ]
}
