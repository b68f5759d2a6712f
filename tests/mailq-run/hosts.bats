#!/usr/bin/env bats
# Which host is tried, how often, and what it is sent.

load common

# second MODE: mail for two.there.test goes to a host that does so, and then to
# one that takes it.
second() {
	config smtp-port 20026
	rm -rf "$T/first" "$T/first.out"
	start first "$TOOL/sink" -a "$HOST" -p 20026 -d "$T/first" -m "$1"
	wait_for 20 grep -q '^port ' "$T/first.out"
}

@test "the next host: after a greeting of 4xx or 5xx, 4xx to EHLO, MAIL, DATA" {
	local mode n=0 other
	other=$(address_of "$((BASHPID + 1))")
	start next "$TOOL/sink" -a "$other" -p 20026 -d "$T/sink"
	wait_for 20 grep -q '^port ' "$T/next.out"
	config loopback-mx yes
	dns "there.test=$HOST"
	zone there.test <<-END
	two	MX	5 mx
	two	MX	9 next
	next	A	$other
	END
	for mode in 'greet 421 4.3.2 Closing' 'greet 554 5.7.1 Go away' \
		'helo 421 4.3.2 Closing' 'mail 451 4.3.0 Not now' \
		'mail 421 4.3.2 Closing' 'rcpt 450 4.2.0 Not now' \
		'data 451 4.3.0 Not now' 'close-at greet' 'close-at mail'; do
		second "$mode"
		n=$((n + 1))
		entry "m$n" a@here.test "u$n@two.there.test"
		mailq_run
		[ -s "$T/first/log" ]
		logged "id=m$n .*relay=next.there.test.*state=sent" ||
			{ echo "after $mode"; return 1; }
		stop first
	done
	# What judges the mail is final, and what may have been taken is not
	# sent again at once.
	second 'mail 550 5.7.1 Not from you'
	entry no a@here.test "no@two.there.test"
	mailq_run
	logged 'id=no .*relay=mx.there.test.*dsn=5.7.1 state=failed'
	stop first
	second 'close-at dot'
	entry perhaps a@here.test "perhaps@two.there.test"
	mailq_run
	logged 'id=perhaps .*relay=mx.there.test.*state=deferred'
	[ "$(mails)" -eq "$n" ]
}

@test "mail exchangers that cannot be used: never the domain's own address" {
	remote
	zone there.test <<-END
	lost	MX	5 nowhere
	lost	A	$HOST
	local	MX	5 localhost.
	local	A	$HOST
	cname	MX	5 www
	www	CNAME	mx
	END
	entry lost a@here.test x@lost.there.test
	entry local a@here.test x@local.there.test
	entry cname a@here.test x@cname.there.test
	mailq_run
	logged 'id=lost .*dsn=5.4.4 state=failed'
	logged 'id=local .*dsn=5.4.6 state=failed'
	logged 'id=cname .*state=sent'
}

@test "a domain with an IPv6 address alone" {
	sink -a ::1
	config smtp-port "$SINK_PORT"
	config loopback-mx yes
	dns "there.test=$HOST"
	zone there.test <<<'six AAAA ::1'
	entry six a@here.test x@six.there.test
	mailq_run
	logged 'id=six .*relay=six.there.test.::1.*state=sent'
}

@test "a report for a domain that takes no mail goes round in no circle" {
	remote -m 'rcpt 550 5.1.1 Nobody'
	zone there.test <<<'null MX 0 .'
	entry one a@null.there.test bob@there.test
	mailq_run
	[ "$(waiting)" -eq 0 ]
	[ "$(find "$SPOOL/double-bounce/new" -type f | wc -l)" -eq 1 ]
}

@test "codes nobody knows: the first digit decides" {
	remote -m 'reject no@there.test 597 Odd' \
		-m 'reject later@there.test 498 Odd' -m 'dot 299 Odd'
	entry one a@here.test yes@there.test no@there.test later@there.test
	mailq_run
	logged 'to=<yes@.*dsn=2.0.0 state=sent reply="299 Odd"'
	logged 'to=<no@.*dsn=5.0.0 state=failed reply="597 Odd"'
	logged 'to=<later@.*dsn=4.0.0 state=deferred reply="498 Odd"'
}

@test "the answer to the end of a message is whole, or it was not given" {
	local reply
	remote
	for reply in '250-2.0.0 Half' '2500 Ok' '999 Ok' '250_Ok'; do
		other_remote -m "dot $reply" -m 'close-after dot'
		entry one a@here.test bob@there.test
		mailq_run
		grep -qh '^T bob' "$SPOOL"/due/*/one ||
			{ echo "after $reply"; return 1; }
		rm "$SPOOL"/due/*/one
	done
}

@test "354 although nobody was taken: an empty message, never the content" {
	remote -m nobody -m 'rcpt 550 5.1.1 Nobody'
	entry one a@here.test bob@there.test
	entry two a@here.test bob@there.test
	mailq_run
	[ "$(grep -c 'S: 354' "$T/sink/log")" -eq 2 ]
	[ "$(grep -c 'C: (0 lines' "$T/sink/log")" -eq 2 ]
	[ "$(grep -c 'lines of content' "$T/sink/log")" -eq 2 ]
	[ "$(grep -c 'dsn=5.1.1 state=failed' "$LOG")" -eq 2 ]
}

# RFC 5321 s. 3.3 has it wait for the end; writing to it would take 3 minutes.
@test "a host that answers and does not listen any more is heard at once" {
	(echo 'A: b' && echo && head -c 8000000 /dev/zero | tr '\0' x |
		fold -w 70) >"$T/long"
	remote -m 'deaf ' -c 120
	entry one a@here.test bob@there.test <"$T/long"
	mailq_run
	logged 'id=one .*state=deferred reply="not an SMTP reply while sending'
	other_remote -m 'deaf 451 4.3.1 No room' -c 120
	entry two a@here.test bob@there.test <"$T/long"
	mailq_run
	logged 'id=two .*dsn=4.3.1 state=deferred reply="451 4.3.1 No room'
	other_remote -m 'deaf 552 5.3.4 Too big' -c 120
	entry three a@here.test bob@there.test <"$T/long"
	mailq_run
	logged 'id=three .*dsn=5.3.4 state=failed reply="552 5.3.4 Too big'
}

# The time is for the whole answer: each of its octets comes in time.
@test "a host that drips its answers is left in time" {
	remote -m 'drip 0.3'
	entry one a@here.test "bob@[$HOST]" # no DNS, which -H hurries too
	mailq_run -H 150
	logged 'id=one .*timed out while waiting for the greeting'
	[ "$(waiting)" -eq 1 ]
}

@test "a message that is longer than the host takes is not offered to it" {
	remote -m 'extensions PIPELINING|SIZE 40'
	entry one a@here.test bob@there.test
	mailq_run
	logged 'id=one .*dsn=5.3.4 state=failed'
	not grep -q 'C: MAIL FROM:<a@' "$T/sink/log"
}

@test "connections: five at first, one more with each greeting, twenty" {
	# Nobody is greeted: the first five wait in vain.
	remote -m 'greet '
	letters m 30 "[$HOST]" # no DNS, which -H hurries too
	mailq_run -H 100
	[ "$(grep -c -- '-: closed' "$T/sink/log")" -eq 5 ]
	rm -rf "${SPOOL:?}"/{due,hosts} "$T/sink/log"
	other_remote -m 'slow 0.1'
	letters m 150
	mailq_run
	[ "$(mails)" -eq 150 ]
	[ "$(grep -c 'C: EHLO' "$T/sink/log")" -eq 20 ]
}

@test "a hundred messages over one connection, then another" {
	remote
	config connections-per-destination 1
	letters m 105
	mailq_run
	[ "$(mails)" -eq 105 ]
	[ "$(grep 'C: MAIL' "$T/sink/log" | cut -d' ' -f1 | uniq -c |
		awk '{ print $1 }' | xargs)" = '100 5' ]
}

@test "a report names all that failed in the run, whatever destination" {
	remote -m 'reject no@there.test 550 5.1.1 Nobody' \
		-m 'reject no@other.test 554 5.7.1 No'
	entry one alice@here.test no@there.test no@other.test yes@there.test \
		no@none.there.test
	mailq_run
	[ "$(waiting)" -eq 1 ]
	[ "$(grep -h '^Final-Recipient' "$SPOOL"/due/*/one-1 |
		sed 's/.*; *//' | sort | xargs)" = \
		'no@none.there.test no@other.test no@there.test' ]
}
