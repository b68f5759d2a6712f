#!/usr/bin/env bats
# maildir search.

load ../lib
load cmd-common

# found TERM...: the numbers, on one line.
found() { md search -q "$@" | xargs; }

@test "search: each term" {
	three
	md mark flagged,work 3
	[ "$(found from:JÜRGEN)" = 1 ]
	[ "$(found from:bob@far)" = 2 ]
	[ "$(found to:alice)" = '1 2 3' ]
	[ "$(found subject:grüsse)" = '' ]
	[ "$(found subject:grüße)" = 1 ]
	[ "$(found body:schöne)" = 1 ]
	[ "$(found 'body:hello & world')" = 3 ]
	[ "$(found body:script)" = '' ]
	[ "$(found world)" = 3 ]
	[ "$(found is:unread)" = '1 2' ]
	[ "$(found is:flagged)" = 3 ]
	[ "$(found flag:seen)" = 3 ]
	[ "$(found kw:work)" = 3 ]
	[ "$(found kw:nothing)" = '' ]
	[ "$(found has:attachment)" = '1 2' ]
	[ "$(found 'size:>1M')" = '' ]
	[ "$(found 'size:<1M')" = '1 2 3' ]
}

@test "search: whom it went to, by name or address, To and Cc; lists" {
	printf 'To: "Döe, John" <john@far.test>\nCc: x@y.test\nList-Id: Dev <dev.lists.test>\n\nx\n' |
		put cur/1.a.h:2,S
	for term in to:john@far.test to:döe to:x@y.test list:dev.lists to:far; do
		[ "$(found "$term")" = 1 ]
	done
	[ "$(found is:unflagged)" = 1 ]
	[ "$(found list:far)" = '' ]
	run md search is:nothing
	[ "$status" -eq 64 ]
}

@test "search: what is no term is a text, which is said when nothing has it" {
	three
	run md search cc:bob
	[ "$status" -eq 1 ]
	[ "$output" = 'maildir: search: cc:bob was looked for as a text; it is no term' ]
	[ "$(md search -q https: 2>&1)" = 3 ]
	[ -z "$(md search http://nowhere 2>&1)" ]
	[ -z "$(md search nothing 2>&1)" ]
}

@test "search: dates" {
	three
	touch -d '2020-01-10 12:00 UTC' "$M/new/1000000001.a.h"
	[ "$(found before:2020-01-11)" = 1 ]
	[ "$(found before:2020-01-10)" = '' ]
	[ "$(found since:2020-01-10)" = '1 2 3' ]
	[ "$(found since:2d)" = '2 3' ]
	run md search since:soon
	[ "$status" -eq 64 ]
}

@test "search: and, or, not, parentheses" {
	three
	[ "$(found from:bob or from:carol)" = '2 3' ]
	[ "$(found to:alice from:bob)" = 2 ]
	[ "$(found to:alice and not from:bob)" = '1 3' ]
	[ "$(found not '(' from:bob or from:carol ')')" = 1 ]
	[ "$(found subject:page or has:attachment from:bob)" = '2 3' ]
	for bad in '(' ') x' 'not' 'x or' '( x'; do
		# shellcheck disable=SC2086
		run md search $bad
		[ "$status" -eq 64 ]
	done
	# shellcheck disable=SC2046
	run md search $(yes '(' | head -n 100)
	[ "$status" -eq 64 ]
	# shellcheck disable=SC2046
	run md search $(yes x | head -n 2000)
	[ "$status" -eq 64 ]
}

@test "search: as a list, as JSON, into another verb, none" {
	three
	[[ $(md search subject:uu) == *bob@far.test*uu ]]
	[[ $(md search -j subject:uu) == '{"uid":2,'* ]]
	md search -q subject:uu | "$BIN/maildir" mark flagged
	[ "$(found is:flagged)" = 2 ]
	run md search subject:nobody
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ -e "$M/new/1000000001.a.h" ]
}

# failing DIR CALL ERROR: beginning with that Maildir the first CALL of a search
# fails, then the second ...; it finds what there is or says that it could not,
# and so does the next search.  How many failed is in $n.
failing() {
	local status
	for ((n = 0; n < 200; n++)); do
		rm -rf "$M"
		cp -a "$1" "$M"
		fault "$2" "$3" "$((n + 1))"
		status=0
		"${FAULT[@]}" "$BIN/maildir" search -q 'body:o & w' or \
			from:bob or body:hallo </dev/null >out 2>err || status=$?
		no_fault
		faulted || break
		if [[ $status -le 1 && ! -s err && $(xargs <out) != '1 2 3' ]] ||
			[ "$(found 'body:o & w' or from:bob or body:h)" != '1 2 3' ]; then
			echo "$1, $2 $((n + 1)): $status $(xargs <out)"
			cat err
			return 1
		fi
	done
}

@test "search: no call that fails hides a message" {
	local call
	three
	cp -a "$M" new
	found body:x
	cp -a "$M" kept
	for call in 'openat EIO' 'pread64 EIO' 'mmap ENOMEM' 'pwrite64 ENOSPC' \
		'flock EAGAIN'; do
		can_fail "${call% *}" || continue
		failing new "${call% *}" "${call#* }" || return 1
		[ "$n" -gt 0 ]
		failing kept "${call% *}" "${call#* }" || return 1
	done
}
