load common

# One run and several: who works, what starts it, what it needs.

# listen: smtp-session serves $RUN/submit.
listen() {
	chmod 755 "$RUN"
	start submit systemd-socket-activate --accept --inetd -l "$RUN/submit" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 20 grep -q Listening "$T/submit.out"
	chmod 666 "$RUN/submit"
}

@test "five runs at once: each message once" {
	local i pids=()
	remote -m 'slow 0.05'
	for i in {1..20}; do entry "m$i" a@here.test "u$i@there.test"; done
	for i in {1..5}; do
		mailq_run &
		pids+=("$!")
	done
	wait "${pids[@]}"
	[ "$(waiting)" -eq 0 ]
	[ "$(mails)" -eq 20 ]
	for i in {1..20}; do [ "$(mail_to "u$i@there.test")" -eq 1 ]; done
}

@test "runs, kicks and a run by hand at once: each message once" {
	local i pids=()
	remote -m 'slow 0.02'
	chmod 755 "$RUN"
	start kick systemd-socket-activate -d -l "$RUN/kick" \
		"$TOOL/again" "$BIN/mailq-run" -c "$CONFIG"
	wait_for 20 test -S "$RUN/kick"
	chmod 666 "$RUN/kick"
	for i in {1..40}; do
		entry "m$i" a@here.test "u$i@there.test"
		perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0);
			send(S, $ARGV[1], MSG_DONTWAIT,
				pack_sockaddr_un($ARGV[0]))' \
			"$RUN/kick" "$([ $((i % 5)) -eq 0 ] && echo '*' || echo '!')"
		if [ $((i % 10)) -eq 0 ]; then
			mailq_run -v 2>"$T/hand$i" &
			pids+=("$!")
		fi
	done
	"$BIN/mailq" -c "$CONFIG" retry all 2>/dev/null || :
	wait "${pids[@]}"
	empty() { [ "$(waiting)" -eq 0 ]; }
	wait_for 30 empty
	for i in {1..40}; do [ "$(mail_to "u$i@there.test")" -eq 1 ]; done
	[ "$(mails)" -eq 40 ]
}

# Each verdict is on disk before the worker gets its next letter or leave to go:
# the reason in the log first, then the octet.
@test "verdicts: the order in which they become durable" {
	remote -m 'reject no@there.test 550 5.1.1 Nobody'
	entry one a@here.test yes@there.test no@there.test 'x@[127.0.0.9]'
	strace -f -y -s 200 -o "$T/trace" \
		-e trace=openat,write,pwrite64,fsync,fdatasync,renameat2,sendto,sendmsg,unlinkat \
		"$BIN/mailq-run" -c "$CONFIG" -H 30 3>&-
	# what PATTERN: the first line of the trace with it.
	what() { grep -n -m 1 -- "$1" "$T/trace" | cut -d: -f1; }
	local log octet synced quit # lines
	log=$(what 'fdatasync([0-9]*<.*/log/../one>)')
	octet=$(what 'pwrite64([0-9]*<.*/one>, "[FD]"')
	synced=$(sed -n "$octet,\$p" "$T/trace" |
		grep -n -m 1 'fdatasync([0-9]*<.*/\(new\|due/..\)/one>)' |
		cut -d: -f1)
	quit=$(what '"QUIT')
	[ "$log" -lt "$octet" ]
	[ "$((octet + synced - 1))" -lt "$quit" ]
	# The report is whole and has its name before its sender is told so.
	[ "$(what 'fsync([0-9]*<.*/tmp/one-1>)')" -lt \
		"$(what 'renameat2(.*"tmp/one-1"')" ]
	[ "$(what 'write([0-9]*<.*/log/../one>.*report')" -lt \
		"$(what 'renameat2(.*"tmp/one-1"')" ]
}

@test "what comes while it works is taken too, by the one that works" {
	remote -m 'slow 0.4'
	entry one a@here.test one@there.test
	start first "$BIN/mailq-run" -c "$CONFIG"
	wait_for 20 test -s "$T/sink/log"
	entry two a@here.test two@there.test
	mailq_run # leaves at once
	wait "${PID_first:?}"
	[ "$(mails)" -eq 2 ]
	[ "$(grep -o 'mailq-run\[[0-9]*\]: out' "$LOG" | sort -u | wc -l)" -eq 1 ]
}

@test "kicked: a datagram starts it, descriptor 0 is emptied" {
	remote
	chmod 755 "$RUN"
	start kick systemd-socket-activate -d -l "$RUN/kick" \
		"$TOOL/again" "$BIN/mailq-run" -c "$CONFIG"
	wait_for 20 test -S "$RUN/kick"
	chmod 666 "$RUN/kick"
	entry one a@here.test one@there.test
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0);
		send(S, "!", 0, pack_sockaddr_un($ARGV[0]))' "$RUN/kick"
	wait_for 20 test -s "$T/sink/1.mail"
	entry two a@here.test two@there.test
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0);
		send(S, "!", 0, pack_sockaddr_un($ARGV[0]))' "$RUN/kick"
	wait_for 20 test -s "$T/sink/2.mail"
	wait_for 20 not pgrep -P "${PID_kick:?}" -x mailq-run
	sleep 0.3 # nothing is left that would start it again
	not pgrep -P "$PID_kick" -x mailq-run
}

@test "local recipients and reports go through submit" {
	remote -m 'rcpt 550 5.1.1 Nobody'
	listen
	entry one alice@here.test bob@there.test bob@here.test
	mailq_run
	[ "$(waiting)" -eq 0 ]
	[ "$(messages bob)" -eq 1 ]
	message bob | grep -q '^body of one'
	[ "$(messages alice)" -eq 1 ]
	message alice >"$T/report"
	grep -q '^Return-Path: <>' "$T/report"
	grep -qi '^Content-Type: multipart/report' "$T/report"
	grep -q '^Final-Recipient: rfc822; *bob@there.test' "$T/report"
	grep -q '^Diagnostic-Code: smtp; 550 5.1.1 Nobody' "$T/report"
	grep -q '^body of one' "$T/report"
}

# filtered MODE: our own mail goes through a filter that does so.
filtered() {
	start filter "$TOOL/milter" -u "$T/filter.sock" -l "$T/filter.log" "$1"
	wait_for 20 grep -q ready "$T/filter.out"
	config milters-local "unix:$T/filter.sock"
}

@test "a report goes through our own filters first, wherever it is for" {
	remote -m 'reject nobody@there.test 550 5.1.1 Nobody'
	listen
	filtered end:add=X-Signed:yes
	entry one carol@there.test nobody@there.test alice@here.test
	mailq_run
	mailq_run # what the filters gave back
	[ "$(waiting)" -eq 0 ]
	[ "$(mail_to carol@there.test)" -eq 1 ]
	grep -q '^X-Signed: yes' "$T"/sink/*.mail
	grep -q 'Final-Recipient: rfc822; *nobody@there.test' "$T"/sink/*.mail
	grep -q '^mail <>|' "$T/filter.log"
	[ "$(grep -c '^mail <>|' "$T/filter.log")" -eq 1 ]
	[ "$(messages)" -eq 1 ]
	# Nothing else that the queue brings back is asked about again; where
	# all are one user nobody can tell what that is.
	[ "$EUID" -ne 0 ] || [ "$(grep -c '^mail ' "$T/filter.log")" -eq 1 ]
}

@test "a report that filters refuse: double-bounce; without filters: no detour" {
	remote -m 'reject nobody@there.test 550 5.1.1 Nobody'
	listen
	filtered end:reject
	entry one carol@there.test nobody@there.test
	mailq_run
	[ "$(waiting)" -eq 0 ]
	[ "$(mails)" -eq 0 ]
	[ "$(find "$SPOOL/double-bounce/new" -type f | wc -l)" -eq 1 ]
	stop submit
	rm "$RUN/submit"
	entry two carol@there.test nobody@there.test
	mailq_run
	[ "$(waiting)" -eq 1 ] # the report, for smtp-session
	grep -qx report "$(find "$SPOOL/due" -type f)"
	sed -i /^milters-local/d "$CONFIG/mailroom.conf"
	"$BIN/mailq" -c "$CONFIG" retry all
	mailq_run
	[ "$(waiting)" -eq 0 ]
	[ "$(mail_to carol@there.test)" -eq 1 ]
}

@test "a report holds a message of 50,000 octets, of a longer one its header" {
	local n
	remote -m 'rcpt 550 5.1.1 Nobody'
	for n in 49000 51000; do
		{
			printf 'Subject: %s\n\n' "$n"
			head -c "$n" /dev/zero | tr '\0' x | fold -w 70
		} | entry "m$n" alice@here.test bob@there.test
	done
	mailq_run
	grep -q '^Content-Type: message/rfc822' "$SPOOL"/due/*/m49000-1
	grep -q '^Content-Type: text/rfc822-headers' "$SPOOL"/due/*/m51000-1
	not grep -q xxx "$SPOOL"/due/*/m51000-1
}

@test "a report that nobody wants: double-bounce, no mail" {
	remote
	listen
	entry one '' nobody@here.test
	mailq_run
	[ "$(waiting)" -eq 0 ]
	grep -q '^Final-Recipient: rfc822; *nobody@here.test' \
		"$SPOOL/double-bounce/new/one"
	[ ! -e "${MAILDIR_alice:?}" ]
}

@test "a local mailbox in trouble: the mail stays as it is" {
	remote
	listen
	mkdir -p "${MAILDIR_bob:?}"
	touch "${MAILDIR_bob:?}/new" # no directory
	own "${UID_bob:?}" "${MAILDIR_bob:?}" "${MAILDIR_bob:?}/new"
	entry one alice@here.test bob@here.test
	mailq_run
	[ "$(waiting)" -eq 1 ]
	grep -qh '^T bob@here.test' "$SPOOL"/due/*/one
}

@test "NOTIFY: never, success through a host without DSN" {
	remote -m 'reject no@there.test 550 5.1.1 Nobody'
	entry one a@here.test no@there.test
	sed -i $'s/^T no.*/&\tnotify=NEVER/' "$SPOOL/new/one"
	entry two a@here.test yes@there.test
	sed -i $'s/^T yes.*/&\tnotify=SUCCESS,FAILURE\torcpt=rfc822;x+2By@z/' \
		"$SPOOL/new/two"
	own 20902 "$SPOOL"/new/*
	mailq_run
	[ "$(waiting)" -eq 1 ]
	grep -q '^Action: relayed' "$SPOOL"/due/*/two-1
	grep -q '^Original-Recipient: rfc822;x+y@z' "$SPOOL"/due/*/two-1 ||
		grep -q '^Original-Recipient: rfc822;x+2By@z' "$SPOOL"/due/*/two-1
}

# What is owed when smtp-session has delivered: states S from the beginning.
@test "success: delivered here, a list, passed on, each by its name" {
	remote
	entry one a@here.test bob@here.test list@here.test yes@there.test
	sed -i $'s/^T bob.*/S bob@here.test\tnotify=SUCCESS/
		s/^T list.*/S list@here.test\tnotify=SUCCESS,EXPANDED/
		s/^T yes.*/&\tnotify=SUCCESS/' "$SPOOL/new/one"
	own 20902 "$SPOOL/new/one"
	mailq_run
	[ "$(waiting)" -eq 1 ]
	awk '/^Final-Recipient/ { r = $NF } /^Action/ { print r, $2 }' \
		"$SPOOL"/due/*/one-1 | sort | diff - <(sort <<-END
		rfc822;bob@here.test delivered
		rfc822;list@here.test expanded
		rfc822;yes@there.test relayed
		END
		)
	not grep -q EXPANDED "$T/sink/log"
}

@test "success is reported end to end" {
	remote
	listen
	printf '%s\r\n' 'EHLO x' \
		'MAIL FROM:<alice@here.test>' \
		'RCPT TO:<bob@here.test> NOTIFY=SUCCESS' 'DATA' \
		'Subject: hello' '' 'text' . QUIT |
		perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0);
			connect(S, pack_sockaddr_un($ARGV[0])) or die;
			$| = 1; while (<S>) { print; next if /^\d+-/;
			$l = <STDIN>; syswrite(S, $l);
			while ($d && $l ne ".\r\n") { $l = <STDIN>;
				syswrite(S, $l) }
			$d = $l eq "DATA\r\n" }' "$RUN/submit" >"$T/said" || :
	mailq_run
	wait_for 20 test -d "${MAILDIR_alice:?}/new"
	message alice | grep -q '^Action: delivered'
	message alice | grep -q '^Final-Recipient: rfc822; *bob@here.test'
}

@test "DSN is handed on to a host that knows it" {
	remote -m 'extensions PIPELINING|DSN'
	entry one a@here.test yes@there.test
	sed -i $'s/^T yes.*/&\tnotify=SUCCESS,DELAY\torcpt=rfc822;x@z/
		s/^from.*/&\\nenvid abc+3D\\nret hdrs/' "$SPOOL/new/one"
	own 20902 "$SPOOL"/new/*
	mailq_run
	[ "$(waiting)" -eq 0 ]
	grep -q 'C: MAIL FROM:<a@here.test> RET=HDRS ENVID=abc+3D' "$T/sink/log"
	grep -q 'C: RCPT TO:<yes@there.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x@z' \
		"$T/sink/log"
}

@test "an entry that does not parse is put aside, the rest goes on" {
	remote
	entry one a@here.test one@there.test
	echo rubbish >"$SPOOL/new/bad"
	own 20902 "$SPOOL/new/bad"
	mailq_run
	[ "$(mails)" -eq 1 ]
	[ -f "$SPOOL/bad/bad" ]
	logged 'quarantined=bad'
}

@test "workers and resolver: no root, no files, no way out" {
	local pid ours=0
	[ "$EUID" -eq 0 ] || skip "needs root"
	remote -m 'slow 0.3'
	entry one a@here.test one@there.test
	start first "$BIN/mailq-run" -c "$CONFIG"
	wait_for 20 test -s "$T/sink/log"
	for pid in $(pgrep -P "${PID_first:?}"); do
		[ "$(awk '/^Uid/ { print $2 + $3 }' "/proc/$pid/status")" -gt 0 ]
		grep -q '^CapEff:.*0000000000000000' "/proc/$pid/status"
		case $(readlink "/proc/$pid/root") in
		"$RUN/empty")
			ours=$((ours + 1))
			confined "$pid"
			grep -q '^NoNewPrivs:.*1' "/proc/$pid/status"
			;;
		esac
	done
	[ "$ours" -eq 2 ]
	wait "${PID_first:?}"
	[ "$(mails)" -eq 1 ]
}

@test "wrong configuration, wrong options, a spool of somebody else" {
	local status=0
	config retry sometimes
	run mailq_run
	[ "$status" -eq 78 ]
	run "$BIN/mailq-run" -x
	[ "$status" -eq 64 ]
	config retry default
	[ "$EUID" -eq 0 ] || skip "needs root"
	chown 12345 "$SPOOL"
	run mailq_run
	[ "$status" -eq 73 ]
}

@test "the dialogue that led to a failure is in the report" {
	remote -m 'dot 554-5.6.0 Bad|554 5.6.0 content'
	listen
	entry one alice@here.test bob@there.test
	mailq_run
	message alice >"$T/report"
	grep -A 12 'The dialogue was:' "$T/report" | sed 's/^ *//' |
		head -n 9 | diff - <(
		printf '%s\n' 'The dialogue was:' \
			'> MAIL FROM:<alice@here.test>' '< 250 2.1.0 Ok' \
			'> RCPT TO:<bob@there.test>' '< 250 2.1.5 Ok' \
			'> DATA' '< 354 Go ahead' '> (the message)' \
			'< 554 5.6.0 Bad'
	)
	grep -A 1 '^Diagnostic-Code: smtp; 554 5.6.0 Bad' "$T/report" |
		grep -q '554 5.6.0 content'
	[ "$(grep -c 'reply="554 5.6.0 Bad.*> MAIL' "$LOG")" -eq 0 ]
}
