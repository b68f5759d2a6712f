#!/usr/bin/env bats
# The command has its C library within; what would load modules into it is asked
# of other programs.

bats_require_minimum_version 1.5.0
load ../lib
load common
load cmd-common

# japanese NAME SET TEXT: a message whose subject and text are in that set.
japanese() {
	local word
	word=$(printf %s "$3" | iconv -t "$2" | base64 -w 0)
	put "new/$1.h" <<-END
		From: a@far.test
		Subject: =?$2?B?$word?=
		Date: Fri, 20 Nov 2026 10:00:00 +0000
		Content-Type: text/plain; charset=$2
		Content-Transfer-Encoding: base64

		$word
	END
}

@test "character sets of the C library, by one helper" {
	local n=0 set
	for set in ISO-2022-JP Shift_JIS EUC-JP GB18030 Big5; do
		japanese "100000000$((++n)).$n" "$set" "日本"
	done
	japanese 1000000009.9 EUC-KR "한국"
	# shellcheck disable=SC2016 # $4 is awk's
	run -0 md list
	echo "$output"
	[ "$(grep -c 日本 <<<"$output")" -eq 5 ]
	[ "$(grep -c 한국 <<<"$output")" -eq 1 ]
	run -0 md show 1:5
	[ "$(grep -c '^日本$' <<<"$output")" -eq 5 ]
	run -0 md search -q body:日本
	[ "$output" = $'1\n2\n3\n4\n5' ]
	command -v strace >/dev/null || skip "strace is missing"
	strace -f -e trace=execve -o "$T/calls" "$BIN/maildir" show 1:6 >/dev/null
	[ "$(grep -c to-utf8 "$T/calls")" -eq 1 ]
}

@test "a helper that is missing, or ends: the rest is read" {
	japanese 1000000001.a ISO-2022-JP "日本"
	japanese 1000000002.b UTF-8 "größer"
	mkdir "$T/bin"
	cp "$BIN/maildir" "$T/bin/maildir"
	cp /bin/false "$T/bin/to-utf8"
	run -0 "$T/bin/maildir" show 1:2
	[[ $output == *größer* ]]
	rm "$T/bin/to-utf8"
	run -0 "$T/bin/maildir" show 1:2
	[[ $output == *größer* ]]
}

@test "names of folders in UTF-8, with what is no letter" {
	local f
	for f in Entwürfe 日本 "a&b" "R&D 😀"; do
		md create "$f"
		md list -f "$f"
		md folders | grep -Fq "$f"
	done
	[ -d "$M/.Entw&APw-rfe" ]
	[ -d "$M/.&ZeVnLA-" ]
	[ -d "$M/.a&-b" ]
	run -64 md list -f $'a\nb'
}

# elsewhere COMMAND...: where the host has no domain, and passwd(5) no lines.
elsewhere() {
	# shellcheck disable=SC2016 # $@ is the inner shell's
	unshare -um sh -c 'hostname office && mount --bind /dev/null /etc/passwd &&
		exec "$@"' sh "$@"
}

@test "a user whom /etc/passwd does not have: getent is asked" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir "$T/bin" "$T/home"
	cp "$BIN/maildir" "$T/bin"
	cat >"$T/bin/getent" <<-END
		#!/bin/sh
		case \$* in
		"passwd 0") echo "jane:x:0:0:Jane Doe,,:$T/home:/bin/sh" ;;
		"hosts office") echo "127.0.1.1 office.far.test office" ;;
		*) exit 2 ;;
		esac
	END
	printf '#!/bin/sh\ncat >"%s"\n' "$T/home/sent" >"$T/bin/sendmail"
	chmod +x "$T/bin/getent" "$T/bin/sendmail"
	mkdir -p "$T/home/Maildir"/{cur,new,tmp}
	echo hello | elsewhere env -i PATH="$T/bin:/usr/bin:/bin" \
		"$T/bin/maildir" write -e -s hi bob@far.test
	grep -q '^From: Jane Doe <jane@office.far.test>$' "$T/home/sent"
}
