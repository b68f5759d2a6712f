# shellcheck shell=bash disable=SC2034 # for the files that load this
# For the BATS files of the maildir command: $M is its Maildir.

setup() {
	T=$BATS_TEST_TMPDIR
	M=$T/Maildir
	export MAILDIR=$M HOME=$T TZ=UTC NO_COLOR=
	unset COLUMNS PAGER EDITOR VISUAL
	mkdir -p "$M/cur" "$M/new" "$M/tmp"
	STARTED=()
	cd "$T" || return 1
}

# md ARG...: the command, without anything on standard input.
md() { "$BIN/maildir" "$@" </dev/null; }

# own_sendmail: `cmd` is the command with a sendmail beside it that keeps what it
# is given in $T/sent/N.mail (the last in $T/message, $T/arguments) and ends
# with what $T/exit says.
own_sendmail() {
	mkdir -p "$T/bin" "$T/sent"
	ln -f "$BIN/maildir" "$T/bin/maildir" 2>/dev/null ||
		cp "$BIN/maildir" "$T/bin/maildir"
	cat >"$T/bin/sendmail" <<-END
		#!/bin/sh
		n=\$((\$(ls "$T/sent" | grep -c mail) + 1))
		printf '%s\n' "\$*" >"$T/sent/\$n.arguments"
		cat >"$T/sent/\$n.mail"
		cp "$T/sent/\$n.arguments" "$T/arguments"
		cp "$T/sent/\$n.mail" "$T/message"
		exit \$(cat "$T/exit" 2>/dev/null || echo 0)
	END
	chmod +x "$T/bin/sendmail"
}
cmd() { "$T/bin/maildir" "$@"; }

# put NAME: standard input becomes that file ("new/1000000001.a.h").
put() { cat >"$M/$1"; }

# three: a MIME message with an attachment, a text with an uuencoded file, and a
# page of HTML that was read.
three() {
	put new/1000000001.a.h <<-'END'
		From: =?UTF-8?Q?J=C3=BCrgen?= <j@far.test>
		To: Alice <alice@here.test>
		Subject: =?ISO-8859-1?Q?Gr=FC=DFe?=
		Date: Fri, 20 Nov 2026 10:00:00 +0100
		Message-ID: <1@far.test>
		MIME-Version: 1.0
		Content-Type: multipart/mixed; boundary=b

		--b
		Content-Type: text/plain; charset=iso-8859-1
		Content-Transfer-Encoding: quoted-printable

		Sch=F6ne Gr=FC=DFe
		--b
		Content-Type: text/plain; charset=utf-8
		Content-Transfer-Encoding: base64
		Content-Disposition: attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt

		SGFsbG8K
		--b--
	END
	put new/1000000002.b.h <<-'END'
		From: bob@far.test
		To: alice@here.test
		Subject: uu
		Date: Fri, 20 Nov 2026 11:00:00 +0100
		Message-ID: <2@far.test>
		In-Reply-To: <1@far.test>

		above
		begin 644 hi there.txt
		#:&D*
		`
		end
		below
	END
	put cur/1000000003.c.h:2,S <<-'END'
		From: "Carol, the third" <carol@far.test>
		To: alice@here.test
		Subject: page
		Date: Fri, 20 Nov 2026 12:00:00 +0100
		Message-ID: <3@far.test>
		Content-Type: text/html; charset=utf-8

		<html><head><title>no</title><style>no{}</style></head><body>
		<p>Hello &amp; <b>world</b></p><ul><li>one<li>two</ul>
		<a href="https://far.test/x">link</a><script>no()</script></body>
	END
}
