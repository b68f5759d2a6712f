#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Mail that goes on from here: owners of lists, loops over other hosts, senders
# rewritten (SRS).

load ../lib
load smtp

# secret [LINE...]: the file for rewriting.
secret() {
	printf '%s\n' "${@:-not for you}" >"$CONFIG/srs"
	chmod 600 "$CONFIG/srs"
}

# sender RCPT: of the entry for it.
sender() { sed -n 's/^from //p' "$(entry "$1")"; }

# made HASH-SECRET REST DOMAIN: an address as we make it, by other means.
made() {
	python3 - "$@" <<-'END'
	import hashlib, hmac, sys
	mac = hmac.new(sys.argv[1].encode(), sys.argv[2].lower().encode(),
	               hashlib.sha256).digest()
	h = "".join("abcdefghijklmnopqrstuvwxyz234567"[b & 31] for b in mac[:6])
	print("SRS0=%s=%s@%s" % (h, sys.argv[2], sys.argv[3]))
	END
}

# day AGO: as the address has it.
day() {
	local n=$(($(date +%s) / 86400 - $1)) a=abcdefghijklmnopqrstuvwxyz234567
	echo "${a:n / 32 % 32:1}${a:n % 32:1}"
}

@test "owner-list gets the reports, the null path stays" {
	printf '%s\n' 'staff: alice, far@remote.test, sub' \
		'owner-staff: bob' 'sub: other@remote.test' \
		'plain: alice, third@remote.test' >"$CONFIG/aliases"
	send a@b.test staff@here.test
	[ "$(sender far@remote.test)" = owner-staff@here.test ]
	[ "$(sender other@remote.test)" = owner-staff@here.test ]
	has '^Return-Path: <owner-staff@here.test>'
	rm "$SPOOL"/new/*
	send '' staff@here.test
	[ "$(sender far@remote.test)" = '' ]
	has '^Return-Path: <>'
	send a@b.test plain@here.test
	[ "$(sender third@remote.test)" = a@b.test ]
	# Whoever writes to the owner writes to him.
	send a@b.test owner-staff@here.test
	has '^Return-Path: <a@b.test>' bob
}

@test "a list with an owner: what the sender asked for ends with it" {
	printf '%s\n' 'staff: alice, far@remote.test' 'owner-staff: bob' \
		>"$CONFIG/aliases"
	talk <<-END
	C: MAIL FROM:<a@b.test> ENVID=QQ1 RET=FULL
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<staff@here.test> NOTIFY=SUCCESS ORCPT=rfc822;staff@here.test
	S: 250 2.1.5 Recipient ok
	$(empty_mail)
	END
	file=$(entry far@remote.test)
	not grep -qE '^(envid|ret) ' "$file"
	grep -qx 'T far@remote.test' "$file"
	[ "$(rcpts | grep -c '^S')" -eq 1 ]
	grep -q '^envid QQ1' "$(entry staff@here.test)"
	grep -qx 'from a@b.test' "$(entry staff@here.test)"
}

@test "a list without an owner: its success is told once, as expanded" {
	echo 'team: alice, bob, far@remote.test' >"$CONFIG/aliases"
	forward bob x@remote.test y@remote.test
	talk <<-END
	C: MAIL FROM:<a@b.test> ENVID=QQ1
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<team@here.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;team@here.test
	S: 250 2.1.5 Recipient ok
	$(empty_mail)
	END
	[ "$(rcpts | grep -c '^S')" -eq 1 ]
	rcpts | grep -q '^S team@here.test.*EXPANDED'
	local file
	file=$(entry far@remote.test)
	grep -q $'^T far@remote.test\tnotify=FAILURE\torcpt=rfc822;team@here.test$' \
		"$file"
	grep -q '^envid QQ1' "$file"
	rcpts | grep -q '^T x@remote.test.*notify=FAILURE'
	[ "$(count alice)" -eq 1 ]
	rm -r "$SPOOL/new"
	# Whoever asks for nothing else hears of nothing else.
	talk <<-END
	$(from_to a@b.test)
	C: RCPT TO:<team@here.test> NOTIFY=SUCCESS
	S: 250 2.1.5 Recipient ok
	$(empty_mail)
	END
	rcpts | grep -q '^T far@remote.test.*notify=NEVER'
	rm -r "$SPOOL/new"
	# One address for another is no list.
	echo 'one: far@remote.test' >"$CONFIG/aliases"
	talk <<-END
	$(from_to a@b.test)
	C: RCPT TO:<one@here.test> NOTIFY=SUCCESS
	S: 250 2.1.5 Recipient ok
	$(empty_mail)
	END
	[ "$(rcpts)" = "$(rcpts | grep '^T far@remote.test.*notify=SUCCESS')" ]
}

@test "what is sent on is marked with who did it, copies here are not" {
	printf '%s\n' 'info: alice, far@remote.test' >"$CONFIG/aliases"
	forward bob 'away@remote.test' '\bob'
	send a@b.test info@here.test bob+x@here.test
	sed '1,/^$/d' "$(entry far@remote.test)" |
		head -n 1 | grep -qx 'Delivered-To: info@here.test'
	sed '1,/^$/d' "$(entry away@remote.test)" |
		head -n 1 | grep -qx 'Delivered-To: bob+x@here.test'
	[ "$(message | grep -c ^Delivered-To:)" -eq 1 ]
	[ "$(message bob | grep -c ^Delivered-To:)" -eq 1 ]
	nothing_left
}

@test "it comes back: not sent on again" {
	local reply='S: 554 5.4.6 Mail is going in circles'
	printf '%s\n' 'info: far@remote.test' 'both: alice, far@remote.test' \
		>"$CONFIG/aliases"
	forward bob away@remote.test
	for who in info bob; do
		talk <<-END
		$(from_to a@b.test)
		C: RCPT TO:<$who@here.test>
		S: 250 2.1.5 Recipient ok
		C: DATA
		S: 354...
		C: Delivered-To: $who@HERE.test
		C:
		C: .
		$reply
		END
		logged " loop id=.* by=<$who@here.test>"
	done
	talk <<-END
	$(from_to a@b.test both@here.test)
	C: DATA
	S: 354...
	C: Delivered-To: both@here.test
	C:
	C: .
	S: 250 2.0.0 Ok, id ...
	END
	[ "$(count alice)" -eq 1 ]
	grep -qx 'from a@b.test' "$(entry far@remote.test)"
	rcpts | grep -q '^F far@remote.test'
}

@test "an alias leads to a user, and his .forward counts" {
	printf '%s\n' 'team: alice, bob' 'direct: alice, \bob' >"$CONFIG/aliases"
	forward bob away@remote.test
	send a@b.test team@here.test
	[ "$(count alice)" -eq 1 ]
	[ "$(count bob)" -eq 0 ]
	rcpts | grep -q 'away@remote.test'
	send a@b.test direct@here.test
	[ "$(count bob)" -eq 1 ]
}

@test "a list has more ways than a message entries: the rest comes later" {
	local i all=()
	for i in {1..40}; do
		echo "l$i: x$i@remote.test"
		all+=("C: RCPT TO:<l$i@here.test>")
	done >"$CONFIG/aliases"
	{
		echo 'C: MAIL FROM:<a@b.test>'
		echo 'S: 250 2.1.0 Sender ok'
		for i in {0..30}; do
			printf '%s\n' "${all[i]}" 'S: 250 2.1.5 Recipient ok'
		done
		printf '%s\n' "${all[31]}" 'S: 452 4.5.3 Too many recipients'
		printf 'C: DATA\nS: 354...\nC: .\nS: 250 2.0.0 Ok, id ...\n'
	} | talk
	[ "$(waiting)" -eq 31 ]
	nothing_left
}

@test "SRS: only with a secret, only what leaves, only others' senders" {
	printf '%s\n' 'info: alice, far@remote.test' >"$CONFIG/aliases"
	send Ann@b.test info@here.test
	[ "$(sender far@remote.test)" = Ann@b.test ]
	rm "$SPOOL"/new/*
	secret
	send Ann@b.test info@here.test
	rest="$(day 0)=b.test=Ann"
	[ "$(sender far@remote.test)" = "$(made 'not for you' "$rest" here.test)" ]
	has '^Return-Path: <Ann@b.test>'
	rm "$SPOOL"/new/*
	send bob@here.test info@here.test
	[ "$(sender far@remote.test)" = bob@here.test ]
	rm "$SPOOL"/new/*
	send '' info@here.test
	[ "$(sender far@remote.test)" = '' ]
	# What would get too long stays.
	rm "$SPOOL"/new/*
	send a@a-very-long-name-of-a-domain-that-goes-on-and-on.example.test \
		info@here.test
	[[ $(sender far@remote.test) = a@a-very-long* ]]
}

@test "SRS: the way back, for strangers too, for a time" {
	secret
	send '' "$(made 'not for you' "$(day 20)=b.test=Ann" here.test)"
	rcpts | grep -qx 'T Ann@b.test'
	rm "$SPOOL"/new/*
	# What lost its case on the way
	send '' "$(made 'not for you' "$(day 1)=b.test=ann" here.test |
		tr '[:lower:]' '[:upper:]' | sed 's/HERE.TEST/here.test/')"
	rcpts | grep -qx 'T ANN@B.TEST'
	refused "$(made 'not for you' "$(day 30)=b.test=Ann" here.test)" \
		'550 5.2.1 This address has expired'
	refused "$(made 'guessed' "$(day 1)=b.test=Ann" here.test)" \
		'550 5.2.1 Not an address that we made'
	refused 'SRS0=@here.test' '550 5.2.1 Not an address that we made'
	logged 'reason="refused-by-alias at=.*etc/srs"'
	secret 'a new one' 'not for you'
	send '' "$(made 'not for you' "$(day 1)=b.test=Ann" here.test)"
	chmod 644 "$CONFIG/srs"
	refused SRS0=a=b=c=d@here.test \
		'451 4.3.0 Cannot look that up now, try later'
	rm "$CONFIG/srs"
	refused SRS0=a=b=c=d@here.test '550 5.1.1 No such user here'
}

@test "SRS: what was rewritten before goes to the first who did it" {
	secret
	echo 'info: far@remote.test' >"$CONFIG/aliases"
	send SRS0=HHHH=TT=orig.test=ann@first.test info@here.test
	one=$(sender far@remote.test)
	[[ $one = SRS1=??????=first.test==HHHH=TT=orig.test=ann@here.test ]]
	rm "$SPOOL"/new/*
	send '' "$one"
	rcpts | grep -qx 'T SRS0=HHHH=TT=orig.test=ann@first.test'
	rm "$SPOOL"/new/*
	send SRS1=XXXX=first.test==HHHH=TT=orig.test=ann@second.test \
		info@here.test
	[[ $(sender far@remote.test) = \
		SRS1=??????=first.test==HHHH=TT=orig.test=ann@here.test ]]
}

@test "REQUIRETLS: where nobody can listen, and it goes with the mail" {
	talk <<-'END'
	C: MAIL FROM:<a@b.test> REQUIRETLS
	S: 555 5.5.4 REQUIRETLS needs TLS
	END
	local_peer <<-END
	C: MAIL FROM:<a@b.test> REQUIRETLS REQUIRETLS
	S: 501 5.5.4 Bad parameter value
	C: MAIL FROM:<a@b.test> REQUIRETLS=1
	S: 501 5.5.4 Bad parameter value
	C: MAIL FROM:<a@b.test> REQUIRETLS
	S: 250 2.1.0 Sender ok
	C: RCPT TO:<x@remote.test>
	S: 250 2.1.5 Recipient ok
	$(empty_mail)
	END
	grep -qx requiretls "$(entry x@remote.test)"
}
