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
