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

# complete_line WORD...: what bash offers for the last word; a colon divides
# words for it.
complete_line() {
	PATH=$BIN:$PATH bash -c 'compopt() { echo "$2"; }; . "$0"; words=()
		for w; do
			while [[ $w == *:* ]]; do
				words+=("${w%%:*}" :) w=${w#*:}
			done
			words+=("$w")
		done
		COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
		COMP_LINE=$* COMP_POINT=${#COMP_LINE}
		_maildir; printf "%s\n" "${COMPREPLY[@]}"' \
		"$ROOT/maildir/completion.bash" "$@" | xargs -d '\n'
}

# completes WORD... RESULT
completes() {
	local got
	got=$(complete_line "${@:1:$# - 1}")
	[ "${got% }" = "${*: -1}" ] || { echo "$*: $got"; return 1; }
}

@test "completion: verbs, options, folders, words" {
	three
	md create 'Two words' Work/2026
	completes maildir un 'unmark undelete unsubscribe'
	completes maildir list -f W Work.2026
	completes maildir list --folder = W Work.2026
	completes maildir list -f Work/ Work/2026
	completes maildir move Tw 'Two\ words'
	completes maildir move 'Two\ w' 'Two\ words'
	completes maildir move '"Two' 'Two words'
	completes maildir search has:att attachment
	completes maildir search is:uns unseen
	completes maildir search size 'nospace size:\> size:\<'
	completes maildir search fr 'nospace from:'
	completes maildir list --t --thread
	completes maildir - '--folder --help --json --maildir --quiet'
	completes maildir import --from c courier
	completes maildir write bob bob@far.test
	completes maildir write 'Jür' j@far.test
	completes maildir mark fl flagged
	completes maildir mark seen,fl seen,flagged
	completes maildir move INBOX 2 2
	completes maildir move 'Two\ words' -f INBOX 1,3 1,3
	completes maildir show 4 ''
	completes maildir save 1 -d '' dirnames
	completes maildir show "$M/cu" default
	completes maildir help und undelete
}

# shellcheck disable=SC2016 # that is what is to stay as it is
@test "completion: what strangers write is not expanded" {
	three
	printf 'From: `touch${IFS}x`@far.test\n\n' | put new/1000000004.d.h
	md create 'a$(touch x)' '`touch x`'
	completes maildir write touch '\`touch\$\{IFS\}x\`@far.test'
	completes maildir move 'a' 'a\$\(touch\ x\)'
	completes maildir move '"a' 'a\$(touch x)'
	completes maildir status '\`' '\`touch\ x\`'
	[ ! -e x ]
}
