#!/usr/bin/env bats
# What maildir list and show make of odd messages: tests/maildir/golden has each
# of them with what is shown, as it was read and found right.

load ../lib
load cmd-common

# outputs NAME: list, and show with all of the header, of that message alone.
outputs() {
	rm -rf "$M"
	mkdir -p "$M/cur" "$M/new" "$M/tmp"
	cp "$BATS_TEST_DIRNAME/golden/$1.eml" "$M/cur/1000000000.a.h:2,S"
	touch -d '2020-02-02 02:02:02 UTC' "$M/cur"/*
	md list
	md show -ak 1
}

@test "golden: odd messages" {
	local f name n=0
	for f in "$BATS_TEST_DIRNAME"/golden/*.eml; do
		name=${f##*/}
		name=${name%.eml}
		outputs "$name" >out 2>&1
		diff "$BATS_TEST_DIRNAME/golden/$name.out" out ||
			{ echo "$name is shown differently"; return 1; }
		n=$((n + 1))
	done
	[ "$n" -ge 8 ]
}

# Sequences that terminals obey: titles, colours, clipboard, answers that would
# be typed in, other character sets; C1 as octets and as UTF-8; directions.
# shellcheck disable=SC1003,SC2016 # for printf
attacks() {
	printf '%s\n' '\033[31m' '\033]0;t\007' '\033]52;c;eA==\033\\' '\033[6n' \
		'\033P$q"p\033\\' '\033(0' '\033c' '\0233m' '\302\2332J' '\302\2350;t\302\234' \
		'\b\b\b' '\r' '\0' '\177' '\016' '\342\200\256' '\342\201\246' \
		'\342\200\250' '\033[?1049h' '\033_Gf=100;\033\\' '\f' '\v'
}

# clean FILE: nothing of that is in it.
clean() {
	python3 - "$1" <<-'END'
		import sys, unicodedata
		text = open(sys.argv[1], "rb").read().decode("utf-8")
		bad = [hex(ord(c)) for c in text
		    if unicodedata.category(c) in ("Cc", "Zl", "Zp") and c not in "\n\t"
		    or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"]
		assert not bad, (bad, [l for l in text.split("\n") if "\x1b" in l][:5])
	END
}

# shellcheck disable=SC2129
@test "escapes: every verb, every place" {
	local a i=0
	while read -r a; do
		i=$((i + 1))
		# shellcheck disable=SC2059 # the attack is written so
		{
			printf "From: \"x${a}y\" <x${a}y@far.test>\nTo: \"${a}\" <a@here.test>\n"
			printf "Subject: s${a}s =?utf-8?b?%s?=\n" "$(printf "$a" | base64 -w 0)"
			printf "List-Id: ${a}\nMessage-ID: <${a}$i@x>\nReferences: <${a}>\n"
			printf "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext${a}text\n"
			printf "begin 644 u${a}u\n#:&D*\nend\n--b\nContent-Type: text/html\n\n<p>h${a}h&#27;[31m&#x9b;1m\n"
			printf "%s\nContent-Type: application/x${a}; name=\"n${a}n\"\n\nx\n--b--\n" --b
		} >"$M/cur/$i.a.h:2,S"
	done < <(attacks)
	mkdir -p "$M/.bad$(printf '\033[31m')/cur" saved
	md list >out
	md list -j >>out
	md show -ak all >>out
	md headers all >>out
	md show -jk all >>out
	md threads >>out
	md search text >>out
	md contacts >>out
	md save -d saved 1:"$i" >>out || :
	for i in $(md list -q); do md save -d saved "$i" >>out 2>&1; done
	md dedupe >>out
	md check >>out 2>&1 || :
	md folders >>out 2>&1 || :
	md delete 1:3
	md undelete >>out
	md list "$(printf 'x\033[31m')" >>out 2>&1 || :
	md "$(printf 'x\033[31m')" >>out 2>&1 || :
	md mark "$(printf 'x\033[31m')" 5 >>out 2>&1 || :
	md search "is:$(printf 'x\033[31m')" >>out 2>&1 || :
	clean out
	[ "$(wc -l <out)" -gt 300 ]
	find saved -type f -print0 | tr '\0' '\n' >names
	clean names
	find saved -type f -name '*[[:cntrl:]]*' | grep . && return 1
	# On a terminal, too, where colours are ours alone.
	script -qec "env -u NO_COLOR TERM=xterm COLUMNS=80 PAGER=cat $BIN/maildir -m $M show -k all" /dev/null \
		</dev/null | sed 's/\r$//; s/\x1b\[[01]*m//g' >terminal
	clean terminal
}
