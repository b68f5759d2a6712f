#!/usr/bin/env bats
# maildir check, repair, dedupe, quota, contacts.

load ../lib
load cmd-common

# uids: the numbers and file names of all messages.
uids() {
	md list -j all | python3 -c '
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    print(m["uid"], m["message_id"], m["flags"])'
	sed -n '1s/ N.*//p' "$M/dovecot-uidlist"
}

@test "check: nothing wrong, and other programs at work" {
	three
	md create Work
	md copy Work 1
	run md check
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == 'INBOX: 3 messages, no fault' ]]
	[[ ${lines[1]} == 'Work: 1 messages, no fault' ]]
	mv "$M/new/1000000001.a.h" "$M/cur/1000000001.a.h:2,S"
	rm "$M/new/1000000002.b.h"
	run md check -f INBOX
	[ "$status" -eq 0 ]
	[ -z "$(md check -q)" ]
}

@test "check, repair: UIDs are kept, whatever was damaged" {
	local damage
	three
	md mark flagged,work 2
	uids >before
	for damage in 'rm mailroom-index.names' 'rm mailroom-index.log' \
		'rm mailroom-index mailroom-index.cache' \
		'rm dovecot-uidlist' 'truncate -s 60 dovecot-uidlist' \
		'sed -i 2s/^./x/ dovecot-uidlist' \
		'dd if=/dev/urandom of=mailroom-index bs=1 seek=330 count=99 conv=notrunc'; do
		(cd "$M" && $damage)
		run md repair
		echo "$damage: $output"
		[ "$status" -eq 0 ]
		uids | diff before -
		run md check
		[ "$status" -eq 0 ]
	done
	rm "$M/dovecot-uidlist"
	run md check
	[ "$status" -eq 1 ]
	[[ $output == *'the UIDs of 3 messages'* ]]
}

@test "check: an index that is wrong is made anew" {
	three
	md list -q all >/dev/null
	uids >before
	# Whole, and not true: the index of other mail.
	mkdir -p other/cur other/new other/tmp
	cp "$M/new/1000000001.a.h" other/new
	cp "$M/dovecot-uidlist" other
	md list -m other -q >/dev/null
	cp other/mailroom-index* "$M"
	run md repair
	uids | diff before -
	run md check
	[ "$status" -eq 0 ]
}

@test "check: files that are none, sizes, rights, what is left in tmp/" {
	three
	mkdir "$M/cur/directory"
	ln -s /etc/passwd "$M/cur/link:2,S"
	mkfifo "$M/new/fifo"
	: >"$M/cur/5.empty:2,S"
	printf 'Subject: x\n\n' >"$M/cur/6.size,S=100:2,S"
	printf 'x' >"$M/tmp/old"
	touch -d '3 days ago' "$M/tmp/old"
	mkdir "$M/.Half" "$M/.Half/cur"
	run md check
	[ "$status" -eq 1 ]
	[[ $output == *'directory is no file'* && $output == *'link:2,S is no file'* ]]
	[[ $output == *'fifo is no file'* && $output == *'5.empty:2,S is empty'* ]]
	[[ $output == *'6.size,S=100:2,S has 12 octets'* ]]
	[[ $output == *'Half: new is missing'* ]]
	md check -j | python3 -c 'import json, sys
assert all(json.loads(x)["fault"] for x in sys.stdin)'
	run md repair
	[[ $output == *'Half: tmp is missing, mended'* ]]
	[ -d "$M/.Half/tmp" ]
}

@test "dedupe: says what it would do, then does it" {
	three
	cp "$M/new/1000000001.a.h" "$M/cur/1000000004.d.h:2,FS"
	sed '1i Received: by x' "$M/new/1000000002.b.h" >"$M/cur/1000000005.e.h:2,"
	{ cat "$M/new/1000000002.b.h" && echo more; } >"$M/cur/1000000006.f.h:2,"
	printf 'Subject: x\n\nx\n' | tee "$M/cur/1000000007.g.h:2," >"$M/cur/1000000008.h.h:2,"
	[ "$(md dedupe -q | xargs)" = '4 5' ]
	[[ $(md dedupe) == *'2 of 8 messages'* ]]
	[ "$(md list -q | wc -l)" -eq 8 ]
	[[ $(md dedupe -j | head -n 1) == '{"uid":4,"same":1,"done":"none"}' ]]
	[ "$(md dedupe -yq | xargs)" = '4 5' ]
	[ "$(md list -q | xargs)" = '1 2 3 6 7 8' ]
	[[ $(md list -j 1) == *'"flags":["seen","flagged"]'* ]]
	[ -z "$(md dedupe -q)" ]
	[ "$(md undelete -q | wc -l)" -eq 2 ]
}

@test "repair: a quota that is mended stays so, whatever else is there" {
	three
	md quota 100M >/dev/null
	mkdir "$M/cur/directory"
	ln -s /etc/passwd "$M/cur/link"
	: >"$M/new/empty"
	run md check
	[[ $output == *'quota counts other messages than 4'* ]]
	run md repair
	[[ $output == *'other messages than 4, mended'* ]]
	run md check
	[[ $output != *quota* ]]
	[[ $(md quota) == *$'\n4 messages' ]]
}

@test "quota: what is used, and the limits" {
	three
	[[ $(md quota) == *$'\n''3 messages' ]]
	md quota 1M 10 >out
	grep -q ' of 1000000 (' out
	grep -q '^3 messages of 10 (30 %)' out
	[ "$(head -n 1 "$M/maildirsize")" = 1000000S,10C ]
	[[ $(md quota -j) == *'"messages":3,"messages_max":10}' ]]
	echo '0 5' >>"$M/maildirsize"
	run md check
	[[ $output == *'quota counts'* ]]
	md repair
	[[ $(md quota -j) == *'"messages":3,'* ]]
	md quota 0
	[ ! -e "$M/maildirsize" ]
	for bad in x -1 1x 1MM; do
		run md quota -- "$bad"
		[ "$status" -eq 64 ]
	done
}

@test "contacts: for mutt's query_command, those one writes to first" {
	three
	md create Sent
	printf 'From: alice@here.test\nTo: "Döe, John" <john@far.test>,\n x@y.test\nCc: dave@far.test\n\nx\n' |
		put .Sent/cur/1.a.h:2,S
	printf 'To: =?utf-8?q?J=C3=B6hn?= <JOHN@far.test>\n\nx\n' |
		put .Sent/cur/2.a.h:2,S
	printf 'From: noreply@far.test\n\nx\n' | put cur/9.a.h:2,S
	md contacts >out
	[ "$(wc -l <out)" -eq 7 ]
	[ "$(sed -n 2p out)" = $'john@far.test\tJöhn\t2' ]
	grep -q $'^carol@far.test\tCarol, the third\t1$' out
	not grep -q noreply out
	[ "$(md contacts -q JÖHN)" = john@far.test ]
	[ "$(md contacts -q john far)" = john@far.test ]
	[ "$(md contacts -q -n 1)" = john@far.test ]
	[ "$(md contacts -q -f INBOX | sort | xargs)" = 'bob@far.test carol@far.test j@far.test' ]
	[[ $(md contacts -j john) == '{"address":"john@far.test","name":"Jöhn","count":2,'* ]]
	run md contacts nobody
	[ "$status" -eq 1 ]
	[ -z "$output" ]
}

@test "remove: what was in a folder is brought back" {
	three
	md create Work/2019
	md copy Work/2019 1:3
	md mark -f Work/2019 flagged 2
	md remove Work/2019
	run md list -f Work/2019
	[ "$status" -eq 66 ]
	md import -f Work/2019 "$M"/expunged/*/removed-folders/Work.2019
	[[ $(md list -f Work/2019) == *Grüße*'!'*uu*page ]]
}

@test "create, rename, subscribe, status, remove: verbs of their own" {
	three
	[[ $(md create -j Work/A) == '{"folder":"Work.A","done":"create"}' ]]
	[ "$(md rename -q Work.A Work.B)" = Work.B ]
	md unsubscribe Work.B
	[[ $(md status -j Work.B) == *'"subscribed":false'* ]]
	md subscribe Work.B
	[[ $(md status -j Work/B) == *'"subscribed":true'* ]]
	md remove Work.B
	[ "$(md status -q)" = INBOX ]
	run md remove Nowhere
	[ "$status" -eq 1 ]
	run md create
	[ "$status" -eq 64 ]
}
