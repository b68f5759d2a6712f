#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Mail filters that others wrote: OpenDKIM signs and checks, rspamd and
# spamass-milter judge.

load ../lib
load smtp

PATH=$PATH:/usr/sbin:/sbin
GTUBE='XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'

# dkim NAME LINE...: OpenDKIM on $T/NAME.sock, with these settings; the key of
# here.test is $T/key.
dkim() {
	local name=$1
	shift
	command -v opendkim >/dev/null || skip "opendkim is not here"
	[ -e "$T/key" ] || {
		openssl genrsa -out "$T/key" 1024 2>/dev/null
		echo "sel._domainkey.here.test v=DKIM1;k=rsa;p=$(openssl rsa \
			-in "$T/key" -pubout -outform DER 2>/dev/null |
			base64 -w0)" >"$T/public"
		chmod 600 "$T/key" "$T/public"
	}
	printf '%s\n' "Socket local:$T/$name.sock" 'UMask 000' 'Syslog no' \
		'RequireSafeKeys no' 'Domain here.test' 'Selector sel' \
		"KeyFile $T/key" "TestPublicKeys $T/public" \
		"PidFile $T/$name.pid" 'DNSTimeout 1' "$@" >"$T/$name.conf"
	start "$name" opendkim -f -x "$T/$name.conf"
	wait_for 10 test -S "$T/$name.sock" || skip "opendkim does not start"
}

# large PROGRAM: it is needed, and only wanted in a long run.
large() {
	[ -n "${SOAK:-}" ] || skip "$1 is large and slow to start: make soak"
	command -v "$1" >/dev/null || skip "$1 is not here"
}

# mail: a message with what signatures are sensitive to; $1 goes on top.
mail() {
	[ -z "${1:-}" ] || printf '%s\n' "$1"
	printf '%s\n' 'From: Alice <alice@here.test>' 'To: bob@here.test' \
		'Subject: folded' $'\tover  lines' 'Message-ID: <1@here.test>' \
		'Date: Sat, 21 Nov 2026 03:00:00 +0000' '' 'text  ' '.dot' '' \
		'end' ''
}

# submit FILE [TO]: alice sends it as a local program.
submit() {
	{
		printf '%s\r\n' 'EHLO me' 'MAIL FROM:<alice@here.test>' \
			"RCPT TO:<${2:-bob@here.test}>" DATA
		sed 's/^\./../; s/$/\r/' "$1"
		printf '%s\r\n' . QUIT
	} | "$BIN/smtp-session" -c "$CONFIG" >"$T/dialogue"
	grep -q '^250 2.0.0 Ok, id' "$T/dialogue"
}

@test "OpenDKIM: signs what our people send, and another one agrees" {
	dkim sign 'Mode s'
	# To the second everybody is a stranger, so that it checks.
	dkim check 'Mode v' 'AlwaysAddARHeader yes' \
		'AuthservID mx.here.test' 'InternalHosts 192.0.2.77'
	mail >"$T/mail"
	config milters-local "unix:$T/sign.sock unix:$T/check.sock"
	submit "$T/mail"
	has '^DKIM-Signature: v=1; a=rsa-sha256; .*d=here.test; s=sel' bob
	has '^Authentication-Results: mx.here.test;' bob
	has 'dkim=pass' bob
	# What is stored goes in again, as it is and changed on the way.
	message bob | sed '/^DKIM-Signature/,$!d' >"$T/signed"
	config milters-local "unix:$T/check.sock"
	submit "$T/signed"
	has 'dkim=pass' bob
	sed 's/^end$/END/' "$T/signed" >"$T/changed"
	submit "$T/changed"
	has 'dkim=fail' bob
}

@test "OpenDKIM: a login is signed, a stranger is not" {
	dkim sign 'Mode s' 'InternalHosts 192.0.2.77'
	config milters "unix:$T/sign.sock"
	config milters-submission "unix:$T/sign.sock"
	END_OF_DATA='S: 250 2.0.0 Ok, id ...' send alice@here.test bob@here.test
	not has DKIM-Signature bob
	talk -- -s <<-END
	C: AUTH PLAIN $(printf '\0alice\0%s' "$PASSWORD" | base64 -w0)
	S: 235 2.7.0 Logged in
	C: MAIL FROM:<alice@here.test>
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<bob@here.test>
	S: 250 2.1.5 Recipient ok
	C: DATA
	S: 354...
	C: Subject: signed
	C:
	C: text
	C: .
	S: 250 2.0.0 Ok, id ...
	C: QUIT
	S: 221 2.0.0 Bye
	END
	has '^DKIM-Signature:.*d=here.test' bob
}

@test "rspamd: refuses what is spam, marks what it looked at" {
	large rspamd
	mkdir -p "$T/db"
	cat >"$T/rspamd.conf" <<-END
	options {
		pidfile = "$T/rspamd.pid"; temp_dir = "$T"; dynamic_conf = "$T/db/x";
		url_tld = "/usr/share/rspamd/effective_tld_names.dat";
		control_socket = "$T/rspamd.control mode=0600";
		hs_cache_dir = "$T/db"; filters = "";
		dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }
	}
	logging { type = "file"; filename = "$T/rspamd.log"; }
	actions { reject = 15; add_header = 6; }
	worker "rspamd_proxy" {
		bind_socket = "$HOST:11332"; milter = yes; count = 1;
		quarantine_on_reject = false;
		upstream "local" { default = yes; self_scan = yes; }
	}
	END
	start rspamd rspamd -f --insecure -c "$T/rspamd.conf"
	wait_for 90 listens "$HOST" 11332
	config milters-local "inet:$HOST@11332"
	mail >"$T/ham"
	mail 'X-Spam: yes' | sed "s/^end/$GTUBE/" >"$T/spam"
	submit "$T/ham" || { cat "$T/dialogue"; false; }
	[ "$(count bob)" -eq 1 ]
	not submit "$T/spam"
	cat "$T/dialogue"
	grep -q '^554 5.7.1 Gtube pattern' "$T/dialogue"
	[ "$(count bob)" -eq 1 ]
	logged 'reject .* code=554 status=5.7.1 .*reason="milter inet:.*: Gtube'
}

@test "spamass-milter: marks a message, refuses what is spam" {
	local user=()
	large spamass-milter
	large spamd
	[ "$EUID" -ne 0 ] || user=(-u nobody)
	mkdir -p "$T/spamd"
	chmod 777 "$T/spamd"
	start spamd spamd -L -x -i "$HOST" -p 11783 -A 127.0.0.0/8 -m 1 \
		--min-children 1 -H "$T/spamd" -s stderr "${user[@]}"
	wait_for 60 listens "$HOST" 11783
	start judge spamass-milter -r 15 -p "$T/judge.sock" -- -d "$HOST" -p 11783
	wait_for 20 test -S "$T/judge.sock"
	chmod 666 "$T/judge.sock"
	config milters-local "unix:$T/judge.sock,seconds=60"
	mail >"$T/ham"
	mail | sed "s/^end/$GTUBE/" >"$T/spam"
	submit "$T/ham"
	has '^X-Spam-Checker-Version: SpamAssassin' bob
	not submit "$T/spam"
	grep -q '^550 5.7.1 Blocked by SpamAssassin' "$T/dialogue"
	[ "$(count bob)" -eq 1 ]
}
