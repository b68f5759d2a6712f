#!/usr/bin/env bats
# maildir threads.

load ../lib
load cmd-common

# mail N ID REFERENCES: one more message.
mail() {
	printf 'Subject: s%s\nMessage-ID: <%s>\nReferences: %s\n\nx\n' \
		"$1" "$2" "$3" | put "cur/$1.a.h:2,S"
}

@test "threads: answers below what they answer, the newest thread last" {
	mail 1 a@x ''
	mail 2 b@x ''
	mail 3 c@x '<a@x>'
	mail 4 d@x '<b@x>'
	mail 5 e@x '<a@x> <c@x>'
	mail 6 f@x '<a@x> <lost@x>'
	[ "$(md threads -q | xargs)" = '2 4 1 3 5 6' ]
	md threads >out
	grep -q ' s1$' out
	grep -q ' \\_s3$' out
	grep -q '   \\_s5$' out
	grep -q ' \\_s6$' out
	[[ $(md threads -j | grep '"uid":5') == *'"depth":2}' ]]
}

@test "threads: without subject or references they stay apart" {
	printf 'Message-ID: <a@x>\n\nx\n' | put cur/1.a.h:2,S
	printf 'Message-ID: <b@x>\nSubject: \n\nx\n' | put cur/2.a.h:2,S
	printf 'Subject: Re: \n\nx\n' | put cur/3.a.h:2,S
	printf 'Subject: same\n\nx\n' | put cur/4.a.h:2,S
	printf 'Subject: same\n\nx\n' | put cur/5.a.h:2,S
	[ "$(md threads -j | grep -c '"depth":0')" -eq 5 ]
}

@test "list, search: by thread" {
	mail 1 a@x ''
	mail 2 b@x ''
	mail 3 c@x '<a@x>'
	[ "$(md list --thread -q | xargs)" = '2 1 3' ]
	[ "$(md search -t -q subject:s | xargs)" = '2 1 3' ]
	md list -t | grep -q ' \\_s3$'
	run md show --thread 1
	[ "$status" -eq 64 ]
}

@test "threads: loops, doubles, answers that came first" {
	mail 1 a@x '<b@x>'
	mail 2 b@x '<a@x>'
	mail 3 c@x '<c@x>'
	mail 4 a@x '<d@x>'
	mail 5 d@x ''
	[ "$(md threads -q | sort | xargs)" = '1 2 3 4 5' ]
	[ "$(md threads -q 4 5 | xargs)" = '5 4' ]
}

@test "threads: a chain of thousands, each with many references" {
	python3 - "$M/cur" <<-'END'
		import sys
		for i in range(3000):
		    refs = " ".join("<%d@x>" % k for k in range(max(0, i - 80), i))
		    open("%s/%d.a.h:2,S" % (sys.argv[1], i + 1), "w").write(
		        "Subject: s\nMessage-ID: <%d@x>\nReferences: %s\n\n" % (i, refs))
	END
	[ "$(timeout 60 "$BIN/maildir" threads -q </dev/null | wc -l)" -eq 3000 ]
	timeout 60 "$BIN/maildir" threads -j 3000 </dev/null >/dev/null
}
