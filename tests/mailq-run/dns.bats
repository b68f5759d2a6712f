load common

# Name servers that lie, break and break off: tests/tool/liar.  Every mail is
# delivered or kept; only what is certain fails.

liar() {
	sink
	config smtp-port "$SINK_PORT"
	config loopback-mx yes
	start liar "$TOOL/liar" "$HOST" 20053 "$HOST"
	wait_for 20 grep -q ready "$T/liar.out"
	config dns "$HOST@20053"
}

# ask WORD...: with HURRY time limits are short.
ask() {
	local word
	for word; do entry "$word" a@here.test "x@$word.liar"; done
	mailq_run "${HURRY[@]}"
}

@test "good answers on crooked ways" {
	local word
	liar
	ask good wrongid wrongname cut many formerr badnames additional
	for word in good wrongid wrongname cut many formerr badnames additional
	do
		logged "id=$word .*state=sent" || { echo "$word"; return 1; }
	done
	# The additional section was not believed.
	[ "$(grep -c '1\.1\.1\.1' "$LOG")" -eq 0 ]
}

@test "no answer keeps the mail, in bounded time" {
	local word begin=$SECONDS
	HURRY=(-H 10)
	liar
	ask garbage short cutboth cuthang servfail refused silent
	[ $((SECONDS - begin)) -lt 20 ]
	for word in garbage short cutboth cuthang servfail refused silent; do
		logged "id=$word .*dsn=4.4.3 state=deferred" ||
			{ echo "$word"; return 1; }
	done
}

@test "circles, and names that are none, fail" {
	local word
	liar
	ask self chain pointer
	logged 'id=self .*dsn=5.4.4 state=failed'
	logged 'id=chain .*dsn=5.4.4 state=failed'
	logged 'id=pointer .*state=\(deferred\|failed\)'
}

@test "an answer is asked for once in a run" {
	local i
	liar
	for i in {1..30}; do entry "m$i" a@here.test "u$i@good.liar"; done
	strace -f -qq -o "$T/trace" -e trace=connect \
		"$BIN/mailq-run" -c "$CONFIG" 3>&-
	[ "$(mails)" -eq 30 ]
	# MX, and A and AAAA of its host, each perhaps again on a slow machine.
	[ "$(grep -c 'htons(20053)' "$T/trace")" -le 12 ]
}

@test "thousands of domains in one run" {
	remote
	zone there.test <<<'*.many MX 0 .'
	perl -e 'for $i (1 .. 2500) {
		open(F, ">", "$ARGV[0]/new/n$i") or die;
		print F "mailroom-spool 1\nid n$i\narrival $ARGV[1]\n",
			"from a\@here.test\n",
			"T x\@d$i.many.there.test\tnotify=NEVER\n\nA: b\n";
	}' "$(mkdir -p "$SPOOL/new" && echo "$SPOOL")" "$(date +%s)"
	entry one a@here.test bob@there.test
	own 20902 "$SPOOL"/new "$SPOOL"/new/*
	mailq_run
	[ "$(waiting)" -eq 0 ]
	[ "$(grep -c 'dsn=5.1.10 state=failed' "$LOG")" -eq 2500 ]
	[ "$(mails)" -eq 1 ]
}
