load common

# What mailq-run makes of the answers of real and of bad servers.

@test "a message to its host by MX" {
	remote
	entry one alice@here.test bob@there.test
	mailq_run
	[ "$(mails)" -eq 1 ]
	[ "$(waiting)" -eq 0 ]
	tr -d '\r' <"$T/sink/1.mail" | diff - <(
		echo 'MAIL FROM:<alice@here.test> SIZE=51'
		printf '%s\n' 'RCPT TO:<bob@there.test>' '' 'Subject: test one' \
			'Message-ID: <one@o>' '' 'body of one'
	)
	logged 'out id=one .*state=sent'
}

@test "recipients: one transaction per destination, a verdict for each" {
	remote -m 'reject no@there.test 550 5.1.1 No such user' \
		-m 'reject later@there.test 450 4.2.0 Come back'
	entry one alice@here.test a@there.test no@there.test b@other.test \
		later@there.test
	mailq_run
	[ "$(mails)" -eq 2 ]
	[ "$(mail_to a@there.test)" -eq 1 ]
	[ "$(mail_to b@other.test)" -eq 1 ]
	grep -h '^[TDFBS] ' "$SPOOL"/due/*/one | diff - <(
		printf '%s\n' 'D a@there.test' 'B no@there.test' \
			'D b@other.test' 'T later@there.test'
	)
	# The failed one was reported, and the report found no socket submit.
	grep -l '^T alice@here.test' "$SPOOL"/due/*/one-1
	grep -q '^Status: 5.1.1' "$SPOOL"/due/*/one-1
	grep -q '550 5.1.1 No such user' "$SPOOL"/due/*/one-1
}

@test "lines: CRLF out, dots doubled, stray CR never leaves" {
	remote
	printf 'A: b\n\n.\n..x\na\rb\r\n.\r\nno end' |
		entry one a@here.test bob@there.test
	mailq_run
	tail -n +4 "$T/sink/1.mail" | od -c | diff - <(
		printf 'A: b\r\n\r\n.\r\n..x\r\na b\r\n.\r\nno end\r\n' | od -c
	)
}

@test "a mail of many blocks goes through whole" {
	remote
	head -c 3000000 /dev/urandom | base64 -w 70 >"$T/big"
	(echo 'A: b' && echo && cat "$T/big") |
		entry one a@here.test bob@there.test
	mailq_run
	tail -n +6 "$T/sink/1.mail" | tr -d '\r' | cmp - "$T/big"
}

@test "many messages over few connections, each ended in form" {
	local i
	remote
	for i in {1..40}; do entry "m$i" a@here.test "u$i@there.test"; done
	mailq_run
	[ "$(mails)" -eq 40 ]
	[ "$(grep -c 'C: EHLO' "$T/sink/log")" -le 20 ]
	[ "$(grep -c 'C: QUIT' "$T/sink/log")" -eq \
		"$(grep -c 'C: EHLO' "$T/sink/log")" ]
}

@test "a server without EHLO, one without PIPELINING" {
	remote -m no-ehlo
	entry one a@here.test bob@there.test no@there.test
	entry two a@here.test bob@there.test
	mailq_run
	[ "$(mails)" -eq 2 ]
	grep -q 'C: HELO mx.here.test' "$T/sink/log"
	[ "$(waiting)" -eq 0 ]
}

@test "too many recipients: the rest at once in the next transaction" {
	remote -m 'reject c@there.test 452 4.5.3 Too many'
	entry one a@here.test b@there.test c@there.test
	mailq_run
	[ "$(mails)" -eq 1 ]
	grep -qh '^T c@there.test' "$SPOOL"/due/*/one
	[ "$(grep -c 'C: RCPT TO:<c@' "$T/sink/log")" -eq 2 ]
}

# RFC 5321 s. 4.5.3.1.10: a client takes it for 452.
@test "552 to a recipient, a full mailbox: kept for him, like 4xx" {
	remote -m 'reject full@there.test 552 5.2.2 Mailbox full'
	entry one a@here.test full@there.test other@there.test
	entry two a@here.test full@there.test
	AGE=432001 entry old b@there.test full@there.test
	mailq_run
	[ "$(mail_to other@there.test)" -eq 1 ]
	[ "$(mail_to full@there.test)" -eq 0 ]
	for id in one two; do
		grep -qh '^T full@there.test' "$SPOOL"/due/*/"$id"
		logged "id=$id .*to=<full@.*dsn=4.2.2 state=deferred reply=\"552 5.2.2 Mailbox full\""
	done
	grep -q '552 5.2.2 Mailbox full' "$T"/sink/*.mail # the report
}

@test "a greeting of 5xx keeps the mail; the connection is tried once" {
	remote -m 'greet 554 5.7.1 Go away'
	entry one a@here.test bob@there.test
	entry two a@here.test bob@there.test
	mailq_run
	[ "$(mails)" -eq 0 ]
	[ "$(waiting)" -eq 2 ]
	logged 'id=one .*state=deferred reply="554 5.7.1 Go away"'
}

@test "421 in the middle keeps the mail" {
	remote -m 'first 1 rcpt 421 4.3.2 Closing'
	entry one a@here.test bob@there.test
	mailq_run
	[ "$(mails)" -eq 0 ]
	[ "$(waiting)" -eq 1 ]
}

@test "refused data: 5xx returns, 4xx keeps" {
	remote -m 'first 1 data 451 4.3.0 Not now' -m 'dot 554 5.6.0 Bad content'
	entry one a@here.test bob@there.test
	mailq_run
	grep -qh '^T bob' "$SPOOL"/due/*/one
	touch "$SPOOL"/due/*/one
	mailq_run
	[ -z "$(find "$SPOOL" -name one)" ]
	grep -h '^Diagnostic-Code: smtp; 554 5.6.0 Bad content' \
		"$SPOOL"/due/*/one-1
}

@test "connection closed at each step: the mail stays" {
	local step
	remote
	for step in greet helo mail rcpt data content dot; do
		other_remote -m "close-at $step"
		entry "at-$step" a@here.test bob@there.test
		mailq_run
		[ "$(mails)" -eq 0 ]
		grep -qh '^T bob' "$SPOOL"/due/*/"at-$step"
	done
}

@test "no reply at all: OK without code, floods, endless lines" {
	local mode
	remote
	for mode in ok-without-code multiline-flood long-line endless-banner; do
		other_remote -m "$mode" -c 20
		entry "at-$mode" a@here.test bob@there.test
		mailq_run
		grep -qh '^T bob' "$SPOOL"/due/*/"at-$mode"
	done
}

@test "250 to DATA: no content follows, the mail stays" {
	remote -m 'data 250 2.0.0 Sure'
	entry one a@here.test bob@there.test
	mailq_run
	grep -qh '^T bob' "$SPOOL"/due/*/one
	[ "$(grep -c 'lines of content' "$T/sink/log")" -eq 0 ]
	[ "$(mails)" -eq 0 ]
}

@test "a silent server is left in time" {
	remote -m 'greet '
	entry one a@here.test "bob@[$HOST]" # no DNS, which -H hurries too
	mailq_run -H 100
	logged 'id=one .*timed out while waiting for the greeting'
	[ "$(waiting)" -eq 1 ]
}

@test "nobody listens: deferred for 5 minutes, then for 15" {
	local next
	remote
	stop sink
	entry one a@here.test bob@there.test
	mailq_run
	logged 'id=one .*dsn=4.4.1 state=deferred reply="connect: Connection ref'
	next=$(($(stat -c %Y "$SPOOL"/due/*/one) - $(date +%s)))
	[ "$next" -ge 240 ] && [ "$next" -le 332 ]
	# Not due: nothing is tried.
	: >"$LOG"
	mailq_run
	[ ! -s "$LOG" ]
	grep -q "^dead [0-9]* .$HOST\]:$SINK_PORT connect: Connection refused" "$SPOOL/hosts"
	mailq_run -T 340
	logged 'id=one .*a short while ago: connect: Connection refused'
	next=$(($(stat -c %Y "$SPOOL"/due/*/one) - $(date +%s) - 340))
	[ "$next" -ge 780 ] && [ "$next" -le 992 ]
}

@test "a host that is back is called again in 10 minutes" {
	remote
	stop sink
	entry one a@here.test bob@there.test
	mailq_run
	rm "$T/sink.out"
	sink -p "$SINK_PORT"
	mailq_run -T 340 # due, but too early for this host
	[ "$(mails)" -eq 0 ]
	mailq_run -T 1400
	[ "$(mails)" -eq 1 ]
	[ ! -s "$SPOOL/hosts" ]
}

@test "what a host says of its limits (RFC 9422)" {
	local i
	remote -m 'extensions PIPELINING|LIMITS RCPTMAX=3 MAILMAX=2 NEW=x'
	entry many a@here.test {1..20}@there.test
	for i in 1 2 3; do
		entry "m$i" a@here.test bob@there.test
	done
	mailq_run
	[ "$(waiting)" -eq 0 ]
	for i in {1..20}; do
		[ "$(mail_to "$i@there.test")" -eq 1 ]
	done
	# No transaction has more recipients, no connection more transactions.
	for i in "$T"/sink/*.mail; do
		[ "$(grep -c '^RCPT' "$i")" -le 3 ]
	done
	[ "$(grep 'C: MAIL' "$T/sink/log" | cut -d' ' -f1 | sort | uniq -c |
		awk '$1 > 2' | wc -l)" -eq 0 ]
}

# saying CODE: replies of the sink with that code.
saying() { grep -c "S: $1" "$T/sink/log"; }

@test "a host that has enough: a pause, and fewer letters next time" {
	remote -m 'enough 1'
	letters m 24 # more than connections at a time
	SECONDS=0
	mailq_run -H 3
	[ "$SECONDS" -ge 1 ] # the next ones come a second later
	[ "$(mails)" -eq 24 ]
	[ "$(waiting)" -eq 0 ]
	grep -q "^letters [0-9]* .$HOST\]:$SINK_PORT 1\$" "$SPOOL/hosts"
	# Once it is known, the host need not say it again.
	other_remote -p "$SINK_PORT" -m 'enough 1'
	: >"$T/sink/log"
	letters n 24
	mailq_run
	[ "$(waiting)" -eq 0 ]
	[ "$(saying 421)" -eq 0 ]
	# It is forgotten in a day.
	entry later a@here.test bob@there.test
	mailq_run -T 90000
	[ ! -s "$SPOOL/hosts" ]
}

@test "as many connections to a destination as are configured" {
	remote -m 'crowd 2' -m 'slow 0.1'
	config connections-per-destination 2
	letters m 40
	mailq_run
	[ "$(mails)" -eq 40 ]
	[ "$(saying 421)" -eq 0 ]
	[ "$(grep -c 'C: EHLO' "$T/sink/log")" -eq 2 ]
}

@test "a host that wants few connections gets few, later too" {
	remote -m 'crowd 2' -m 'slow 0.1'
	letters m 40
	mailq_run
	[ "$(mails)" -eq 40 ]
	[ "$(saying 421)" -ge 1 ]
	grep -q "^connections [0-9]* .$HOST\]:$SINK_PORT [12]\$" "$SPOOL/hosts"
	: >"$T/sink/log"
	letters n 40
	mailq_run
	[ "$(mails)" -eq 80 ]
	[ "$(saying 421)" -eq 0 ]
}

@test "mailq retry: a host is called, whatever is remembered of it" {
	remote
	stop sink
	entry one a@here.test bob@there.test
	entry two a@here.test bob@there.test
	mailq_run
	rm "$T/sink.out"
	sink -p "$SINK_PORT"
	"$BIN/mailq" -c "$CONFIG" retry one
	mailq_run
	[ "$(mails)" -eq 1 ]
	[ ! -s "$SPOOL/hosts" ]
	# Only the one: what is tried on time respects what is remembered.
	stop sink
	entry three a@here.test bob@there.test
	mailq_run
	: >"$LOG"
	mailq_run -T 340
	not logged 'id=two .*reply="connect:'
	logged 'id=two .*reply="a short while ago'
}

@test "a domain that does not exist, one without an answer" {
	remote
	entry one a@here.test bob@no.there.test
	entry two a@here.test bob@unknown.zone
	mailq_run
	logged 'id=one .*dsn=5.1.2 state=failed'
	logged 'id=two .*dsn=4.4.3 state=deferred reply="DNS look-up'
}

@test "null MX, host without address, our own host, loops of CNAMEs" {
	remote
	zone there.test <<-END
	null	MX	0 .
	lost	MX	5 nowhere
	self	MX	5 mx.here.test.
	self	MX	9 mx
	better	MX	3 mx
	better	MX	5 mx.here.test.
	one	CNAME	two
	two	CNAME	one
	alias	CNAME	@
	bare	A	$HOST
	END
	entry null a@here.test x@null.there.test
	entry lost a@here.test x@lost.there.test
	entry self a@here.test x@self.there.test
	entry better a@here.test x@better.there.test
	entry loop a@here.test x@one.there.test
	entry alias a@here.test x@alias.there.test
	entry bare a@here.test x@bare.there.test
	entry literal a@here.test "x@[$HOST]"
	mailq_run
	logged 'id=null .*dsn=5.1.10 state=failed'
	logged 'id=lost .*dsn=5.4.4 state=failed'
	logged 'id=self .*dsn=5.4.6 state=failed'
	logged 'id=better .*state=sent'
	logged 'id=alias .*state=sent'
	logged 'id=bare .*state=sent'
	logged 'id=literal .*state=sent'
	logged 'id=loop .*dsn=5.4.4 state=failed'
}

@test "IPv4 and IPv6 in turn, the one that worked first" {
	sink -a ::1 -m 'slow 0.4'
	config smtp-port "$SINK_PORT"
	config loopback-mx yes
	dns "there.test=$HOST"
	zone there.test <<-END
	both	MX	5 both
	both	A	127.0.0.9
	both	AAAA	::1
	again	MX	5 again
	again	A	127.0.0.10
	again	AAAA	::1
	END
	entry one a@here.test x@both.there.test
	start run "$BIN/mailq-run" -c "$CONFIG"
	wait_for 20 grep -q 'C: MAIL' "$T/sink/log"
	entry two a@here.test x@again.there.test
	wait "${PID_run:?}"
	[ "$(mails)" -eq 2 ]
	logged 'host relay=both.there.test.127.0.0.9.* Connection refused'
	logged 'id=one .*relay=both.there.test.::1.*state=sent'
	not logged 'relay=again.there.test.127.0.0.10'
}

@test "addresses that a router has for us" {
	remote
	config nat-address 192.0.2.1 2001:db8::25
	zone there.test <<-END
	four	MX	5 out4
	four	MX	9 mx
	out4	A	192.0.2.1
	six	MX	5 out6
	out6	AAAA	2001:db8::25
	END
	entry one a@here.test x@four.there.test x@six.there.test
	mailq_run
	[ "$(grep -c 'dsn=5.4.6 state=failed .*loops back to us' "$LOG")" -eq 2 ]
	config nat-address 192.0.2
	run mailq_run
	[ "$status" -eq 78 ]
}

@test "loopback exchangers are not believed" {
	remote
	config loopback-mx no
	entry one a@here.test bob@there.test
	mailq_run
	[ "$(mails)" -eq 0 ]
	logged 'id=one .*dsn=5.4.6 state=failed'
}

@test "the next host takes what the first one does not" {
	remote
	zone there.test <<-END
	two	MX	5 dead
	two	MX	9 mx
	dead	A	127.0.0.9
	END
	entry one a@here.test bob@two.there.test
	mailq_run
	logged 'host relay=dead.there.test.*Connection refused'
	[ "$(mails)" -eq 1 ]
}

@test "two hosts at most in one go for one message" {
	sink -a 0.0.0.0 -m 'rcpt 451 4.3.0 Never'
	config smtp-port "$SINK_PORT"
	config loopback-mx yes
	dns "there.test=$HOST"
	zone there.test <<-END
	three	MX	1 h1
	three	MX	2 h2
	three	MX	3 h3
	h1	A	127.0.0.11
	h2	A	127.0.0.12
	h3	A	127.0.0.13
	END
	entry one a@here.test bob@three.there.test
	mailq_run
	[ "$(grep -c 'C: RCPT' "$T/sink/log")" -eq 2 ]
	logged 'id=one .*relay=h2.there.test.*state=deferred'
}

# RFC 6152 s. 3 would have it converted or returned; both harm more mail than
# they help, as nearly every host takes it.
@test "8-bit text goes as it is, whatever the server says" {
	remote -m 'extensions PIPELINING'
	entry one a@here.test bob@there.test <<<$'Subject: x\n\ncaf\303\251'
	sed -i 's/^from.*/&\n8bitmime/' "$SPOOL/new/one"
	own 20902 "$SPOOL/new/one"
	mailq_run
	logged 'id=one .*state=sent'
	not grep -q 'BODY=' "$T/sink/log"
	grep -q $'^caf\303\251' "$T"/sink/*.mail
}

@test "5 days: returned; from <>: to double-bounce after 1 day" {
	remote -m 'rcpt 451 4.3.0 Never'
	AGE=431000 entry young a@here.test bob@there.test
	AGE=432001 entry old a@here.test bob@there.test
	AGE=86401 entry null '' bob@there.test
	mailq_run
	logged 'id=young .*state=deferred'
	logged 'id=old .*dsn=5.4.7 state=failed'
	[ -n "$(find "$SPOOL/due" -name old-1)" ]
	grep -q '^Action: failed' "$SPOOL"/due/*/old-1
	[ -f "$SPOOL/double-bounce/new/null" ]
	[ -z "$(find "$SPOOL" -name 'null-*')" ]
	[ "$(waiting)" -eq 3 ] # young, two reports (old, delay of young)
}

@test "4 hours: one notice, not more" {
	remote -m 'rcpt 451 4.3.0 Never'
	AGE=14401 entry one a@here.test bob@there.test
	mailq_run
	grep -q '^Action: delayed' "$SPOOL"/due/*/one-1
	mailq_run -T 90000
	[ -z "$(find "$SPOOL" -name one-2)" ]
}

@test "international mail: A-labels where that will do, else 5.6.7" {
	remote -m 'extensions PIPELINING|8BITMIME'
	zone there.test <<<'xn--bcher-kva MX 10 mx'
	entry one a@here.test 'x@bücher.there.test'
	entry two a@here.test 'bär@there.test'
	entry three a@here.test 'x@there.test' <<<$'Subject: b\303\274cher\n\nx'
	sed -i 's/^from.*/&\nsmtputf8/' "$SPOOL"/new/*
	own 20902 "$SPOOL"/new/*
	mailq_run
	[ "$(mail_to x@xn--bcher-kva.there.test)" -eq 1 ]
	logged 'id=two .*dsn=5.6.7 state=failed'
	logged 'id=three .*dsn=5.6.7 state=failed'
	[ "$(mails)" -eq 1 ]
}

@test "international mail as it is where the server knows it" {
	remote -m 'extensions PIPELINING|8BITMIME|SMTPUTF8'
	entry two a@here.test 'bär@there.test' <<<$'Subject: b\303\274cher\n\nx'
	sed -i 's/^from.*/&\nsmtputf8/' "$SPOOL"/new/*
	own 20902 "$SPOOL"/new/*
	mailq_run
	grep -q 'C: MAIL FROM:<a@here.test> SMTPUTF8' "$T/sink/log"
	grep -q 'C: RCPT TO:<bär@there.test>' "$T/sink/log"
}
