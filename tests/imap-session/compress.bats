#!/usr/bin/env bats
# COMPRESS=DEFLATE (RFC 4978), in clear, over TLS and on a pipe.
# shellcheck disable=SC2154 # variables of the libraries

bats_require_minimum_version 1.5.0
load ../lib
load ../pop3-session/common
load ../session/clients

# What follows "raw" has: a client that deflates after COMPRESS.
deflated() {
	cat <<-'END'
	import zlib
	class Deflated:
	    def __init__(self, c):
	        self.c, self.got, self.at, self.raw = c, b"", 0, 0
	        self.i = zlib.decompressobj(-15)
	        self.o = zlib.compressobj(9, zlib.DEFLATED, -15)
	    def sendall(self, data):
	        self.c.sendall(self.o.compress(data) +
	                       self.o.flush(zlib.Z_SYNC_FLUSH))
	    def recv(self, n):
	        while self.at == len(self.got):
	            data = self.c.recv(65536)
	            if data == b"":
	                return b""
	            self.raw += len(data)
	            self.got, self.at = self.i.decompress(data), 0
	        r = self.got[self.at:self.at + n]
	        self.at += len(r)
	        return r
	def login(c):
	    want(c, "* OK")
	    say(c, "a LOGIN alice correct-horse")
	    assert "COMPRESS=DEFLATE" in line(c)
	def until(c, tag):
	    all = []
	    while not (all and all[-1].startswith(tag + " ")):
	        all.append(line(c))
	        assert all[-1] not in ("eof", "cut"), all
	    return all
	END
}

# all: what is done over it, whatever is below.
everything() {
	deflated
	cat
	cat <<-'END'
	say(c, "b COMPRESS")
	want(c, "b BAD")
	say(c, "c COMPRESS LZW")
	want(c, "c NO")
	say(c, "d COMPRESS DEFLATE")
	want(c, "d OK DEFLATE active")
	z = Deflated(c)
	say(z, "e COMPRESS DEFLATE")
	want(z, "e NO [COMPRESSIONACTIVE]")
	# Many commands in one piece, and one command in many.
	say(z, "f NOOP\r\ng SELECT INBOX\r\nh NOOP")
	until(z, "h")
	for octet in "i NOOP\r\n":
	    z.sendall(octet.encode())
	want(z, "i OK")
	# A megabyte that can be squeezed, both ways; one that cannot.
	import os
	for big in b"x" * 70 + b"\r\n", base64.encodebytes(os.urandom(50)):
	    text = b"Subject: big\r\n\r\n" + big.replace(b"\n", b"\r\n") * 15000
	    say(z, "j APPEND INBOX {%d+}" % len(text))
	    z.sendall(text + b"\r\n")
	    until(z, "j")
	before = z.raw
	say(z, "k FETCH 4:5 BODY.PEEK[]")
	got = until(z, "k")
	assert got[-1].startswith("k OK"), got[-1]
	assert sum(len(s) + 2 for s in got) > 2000000
	assert z.raw - before < 1000000, z.raw - before
	say(z, "l LOGOUT")
	until(z, "l")
	assert z.recv(1) == b""
	END
}

setup() { tls_setup; three; }

@test "COMPRESS over TLS" {
	everything <<<$'c = over(c)\nlogin(c)' | raw imap-session -S
}

@test "COMPRESS in clear, and IDLE behind it" {
	config plain-login loopback
	everything <<<'login(c)' | raw imap-session
	{
		deflated
		cat <<-'END'
		login(c)
		say(c, "b COMPRESS DEFLATE")
		want(c, "b OK")
		z = Deflated(c)
		say(z, "c SELECT INBOX")
		until(z, "c")
		say(z, "d IDLE")
		want(z, "+ ")
		say(z, "DONE\r\ne NOOP")
		want(z, "d OK")
		want(z, "e OK")
		END
	} | raw imap-session
}

@test "what is no deflate ends the session, and nothing is obeyed" {
	config plain-login loopback
	{
		deflated
		cat <<-'END'
		login(c)
		say(c, "b COMPRESS DEFLATE")
		want(c, "b OK")
		say(c, "\xff\xff\xff c CREATE evil")
		rest = b""
		while True:
		    data = c.recv(1000)
		    if data == b"":
		        break
		    rest += data
		assert b"evil" not in rest
		END
	} | raw imap-session
	[ ! -e "$MAILDIR_alice/.evil" ]
}

# They were said in clear by somebody who did not wait.
@test "octets behind COMPRESS" {
	config plain-login loopback
	{
		deflated
		cat <<-'END'
		login(c)
		say(c, "b COMPRESS DEFLATE\r\nc NOOP")
		want(c, "b BAD Octets behind COMPRESS")
		want(c, "c OK")
		END
	} | raw imap-session
}
