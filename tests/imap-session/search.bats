#!/usr/bin/env bats
# imap-session: finding messages, a transcript per command.
# shellcheck disable=SC2154

load ../lib
load ../pop3-session/common

play() {
	chat imap-session <"$BATS_TEST_DIRNAME/$1.chat"
}

# Messages whose texts only a decoder finds.
coded() {
	put new/1.a <<-'EOF'
		From: =?iso-8859-1?q?Andr=E9?= <andre@example.org>
		To: Bob <bob@example.org>, carol@example.org
		Cc: Dora Long <dora@example.org>
		Subject: =?utf-8?b?R3LDvMOfZQ==?= aus Koeln
		Date: Sat, 21 Nov 2026 23:30:00 -0800
		Content-Type: text/plain; charset=koi8-r
		Content-Transfer-Encoding: base64

		8NLJ18XUIO3P09fXwQ==
	EOF
	put new/2.b <<-'EOF'
		From: bob@example.org
		Subject: page
		Content-Type: multipart/mixed; boundary=b

		--b
		Content-Type: text/html; charset=utf-8
		Content-Transfer-Encoding: quoted-printable

		<p class=3D"secret">caf=C3=A9 <b>au</b>&nbsp;lait</p>
		--b
		Content-Type: application/pdf
		Content-Disposition: attachment;
		 filename*=iso-8859-1''R%C9SUM%C9.pdf
		Content-Transfer-Encoding: base64

		c2VjcmV0
		--b--
	EOF
	put new/3.c <<-'EOF'
		From: bob@example.org
		Subject: plain
		 folded
		Date: Sun, 22 Nov 2026 00:10:00 +0100

		nothing much
	EOF
}

@test "SEARCH: decoded text in any character set" {
	coded
	play search-words
}

# letter NAME FROM TO SUBJECT DATE ID REFERENCES
letter() {
	put "new/$1" <<-EOF
		From: $2
		To: $3
		Subject: $4
		Date: $5
		Message-ID: <$6@x>
		References: $7

		text
	EOF
}

letters() {
	letter 1.a 'Zed <adam@x>' 'c@x' 'Re: [l] tea' \
		'Sat, 21 Nov 2026 12:00:00 +0000' b '<a@x>'
	letter 2.b 'bob@x' 'Ann <b@x>' 'tea' \
		'Sat, 21 Nov 2026 13:00:00 +0200' a ''
	letter 3.c '=?utf-8?q?=C3=84nne?= <carol@x>' 'Team: a@x;' 'Coffee' \
		'Fri, 20 Nov 2026 01:00:00 +0000' c ''
	letter 4.d 'Bob <dora@x>' 'z@x' 'Re: tea (fwd)' \
		'Sun, 22 Nov 2026 01:00:00 +0000' d '<a@x> <b@x>'
	letter 5.e 'eva@x' 'y@x' 'coffee' \
		'Thu, 19 Nov 2026 01:00:00 +0000' e ''
	letter 6.f 'fred@x' 'x@x' '' \
		'Mon, 23 Nov 2026 01:00:00 +0000' f '<gone@x>'
	letter 7.g 'fred@x' 'x@x' '' \
		'Mon, 23 Nov 2026 02:00:00 +0000' g '<gone@x>'
	letter 8.h 'fred@x' 'x@x' '' \
		'Mon, 23 Nov 2026 03:00:00 +0000' h ''
	for i in 1.a 2.b 3.c 4.d 5.e 6.f 7.g 8.h; do
		as alice touch -d "2026-10-2${i%.*} 00:00" \
			"$MAILDIR_alice/new/$i"
	done
}

@test "SORT and ESORT" {
	letters
	play sort
}

@test "THREAD" {
	letters
	play thread
}

@test "ESEARCH in many mailboxes" {
	three
	play multisearch
}

@test "PARTIAL of SEARCH and SORT" {
	three
	play search-partial
}

@test "SEARCH: character sets of iconv, out of reach of the sandbox" {
	# shellcheck disable=SC2016 # ISO-2022-JP, GB2312
	printf '%s\n' 'Subject: =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=' \
		'Content-Type: text/plain; charset=iso-2022-jp' '' \
		$'\e$BF|K\\\e(B' | put new/1.a
	printf 'Content-Type: text/plain; charset=gb2312\n\n\xd6\xd0\xb9\xfa\n' |
		put new/2.b
	play search-sets
}
