#!/usr/bin/env bats
# maildir save, mark, unmark, move, copy, delete, undelete, folders.

bats_require_minimum_version 1.5.0
load ../lib
load cmd-common

@test "save: attachments by the names of their senders" {
	three
	mkdir out
	run md save -d out 1
	[ "$output" = grüße.txt ]
	[ "$(cat out/grüße.txt)" = Hallo ]
	run md save -d out 2
	[ "$output" = 'hi there.txt' ]
	printf 'hi\n' | cmp - 'out/hi there.txt'
	run md save -d out 3
	[ "$status" -eq 1 ]
}

@test "save: never over another file" {
	three
	echo mine >grüße.txt
	ln -s /nowhere grüße-1.txt
	run md save 1
	[ "$output" = grüße-2.txt ]
	[ "$(cat grüße.txt)" = mine ]
	[ ! -e /nowhere ]
}

@test "save: a part, to standard output, text as UTF-8 or raw" {
	three
	[ "$(md save 1 2 -)" = Hallo ]
	[ "$(md save 1 1 -)" = 'Schöne Grüße' ]
	[ "$(md save -r 1 1 - | iconv -f latin1 -t utf-8)" = 'Schöne Grüße' ]
	run md save 1 7 -
	[ "$status" -eq 1 ]
	run md save 1 1x -
	[ "$status" -eq 1 ]
	[ "$(find . -maxdepth 1 -name '*.txt' | wc -l)" -eq 0 ]
}

@test "save: ranges and sets of parts" {
	three
	[ "$(md save 2 1,3 - | xargs)" = 'above below' ]
	[ "$(md save 2 1:2,3 - | xargs)" = 'above hi below' ]
	[ "$(md save 2 all - | xargs)" = 'above hi below' ]
	for wrong in 0 4 1:4 0:1 . '$' '2,' x; do
		run -1 md save 2 "$wrong" -
		[[ $output == *"maildir: save: 2 has no part $wrong" ]]
	done
}

@test "save: hostile names" {
	local name i=0
	mkdir -p out/sub
	printf 'Content-Type: multipart/mixed; boundary=b\n\n' >m
	for name in '../../up' '/etc/passwd' '..' '.' '.profile' '-rf' \
		'a%00b' 'a%0Ab%1B[2J' 'c:\\dir\\x' 'sub' "%E2%80%AEx" \
		"$(head -c 5000 /dev/zero | tr '\0' y)" 'dir/' '%FF%FE'; do
		printf -- "--b\nContent-Type: application/x\nContent-Disposition: attachment; filename*=utf-8''%s\n\n%s\n" \
			"$name" "$i" >>m
		i=$((i + 1))
	done
	echo '--b--' >>m
	put cur/1.a.h:2, <m
	md save -d out 1 >names
	[ "$(wc -l <names)" -eq 14 ]
	[ "$(find out -type f | wc -l)" -eq 14 ]
	[ "$(find "$T" -newer m -type f -not -path '*/out/*' -not -path '*/Maildir/*' \
		-not -name names | wc -l)" -eq 0 ]
	[ -z "$(find out -name '*[[:cntrl:]]*')" ]
	[ -z "$(find out -mindepth 1 \( -name '.*' -o -name '-*' \))" ]
	[ -f out/sub-1 ]
}

@test "mark, unmark: flags and keywords" {
	three
	[ "$(md mark -q flagged,work 1 2 | xargs)" = '1 2' ]
	compgen -G "$M/cur/1000000001.a.h:2,F?"
	[[ $(md list -j 1) == *'"flags":["flagged","work"]'* ]]
	md unmark work 1
	[[ $(md list -j 1) == *'"flags":["flagged"]'* ]]
	[[ $(md list -j 2) == *'"flags":["flagged","work"]'* ]]
	md mark seen,answered,draft,deleted,forwarded 2
	compgen -G "$M/cur/1000000002.b.h:2,DFPRST*"
	run md mark 'two words' 1
	[ "$status" -ne 0 ]
	run md mark
	[ "$status" -eq 64 ]
}

@test "move, copy: flags, dates and numbers" {
	three
	touch -d '2020-02-01 18:00 UTC' "$M/new/1000000001.a.h"
	md folders create Work
	md mark flagged 1
	[ "$(md move -q Work 1)" = 1 ]
	[ "$(md list -q all | xargs)" = '2 3' ]
	[[ $(md list -f Work -j) == *'"arrived":1580580000,'*'["flagged"]'* ]]
	[ "$(md copy -q Work 2:3 | xargs)" = '2 3' ]
	[ "$(md list -q all | xargs)" = '2 3' ]
	run md move Nowhere 2
	[ "$status" -eq 1 ]
	[ "$(md list -q all | xargs)" = '2 3' ]
	printf '2\n3\n' | "$BIN/maildir" delete
	[ -z "$(md list -q all)" ]
}

@test "copy: JSON names the folder as all others do" {
	three
	md create Work/2026
	[[ $(md copy -j work/2026 1 2>&1) == *"no folder"* ]]
	[ "$(md copy -j Work/2026 1)" = '{"uid":1,"new":1,"folder":"Work.2026"}' ]
}

@test "delete, undelete" {
	three
	[ "$(md delete -q 1)" = 1 ]
	md delete 3
	run md undelete
	[ "${#lines[@]}" -eq 2 ]
	[[ $output == *Grüße* && $output == *page* ]]
	n=$(md undelete | awk '/page/ { print $1 }')
	md undelete "$n"
	run md list
	[[ $output == *page* && $output != *Grüße* ]]
	md undelete -a
	run md list
	[ "${#lines[@]}" -eq 3 ]
	run md undelete 5
	[ "$status" -eq 1 ]
}

@test "undelete: by the number that a message had, which stays the same" {
	three
	md delete 1 2
	[ "$(md undelete -q | sort | xargs)" = '1 2' ]
	[ "$(md undelete -q 2)" = 4 ]
	[ "$(md undelete -q | xargs)" = 1 ]
	[ "$(md delete -q 3 4 | "$BIN/maildir" undelete -q - | sort | xargs)" = '5 6' ]
	[ "$(md list -q | xargs)" = '5 6' ]
	md list | grep -q page
	[ -z "$(find "$M/cur" "$M/new" -name '*U=*')" ]
	[[ $(md undelete -j) == '{"uid":1,'* ]]
	md undelete -a
	[ "$(md list -q | wc -l)" -eq 3 ]
}

@test "undelete: ranges and sets of numbers" {
	three
	md delete 1:3
	[ "$(md undelete -q 3,1 | xargs)" = '4 5' ]
	[ "$(md undelete -q | xargs)" = 2 ]
	run -1 md undelete 1:2,9
	[ "$output" = 'maildir: undelete: none is held that had the number 9' ]
	[ "$(md list -q | wc -l)" -eq 3 ]
}

@test "folders" {
	three
	md folders create Entwürfe Work/2026
	[ -d "$M/.Entw&APw-rfe/cur" ]
	[ -d "$M/.Work.2026/cur" ]
	[ "$(md folders -q | xargs)" = 'INBOX Entwürfe Work.2026' ]
	[[ $(md folders -j status INBOX) == *'"messages":3,"unread":2,'* ]]
	run md folders create Work/2026
	[ "$status" -eq 1 ]
	md folders rename Work Play
	[ "$(md folders -q | xargs)" = 'INBOX Entwürfe Play.2026' ]
	md folders unsubscribe Play.2026
	[[ $(md folders -j status Play.2026) == *'"subscribed":false'* ]]
	md folders remove Play.2026 Entwürfe
	[ "$(md folders -q)" = INBOX ]
	run md folders remove INBOX
	[ "$status" -eq 1 ]
	run md folders create ../x
	[ "$status" -eq 1 ]
	run -1 md status Nosuch
	[ "$output" = 'maildir: status: no folder Nosuch' ]
	[ "$(md status Nosuch INBOX 2>/dev/null | grep -c folder)" -eq 1 ]
}

@test "mark: the next command need not list the folder" {
	command -v strace >/dev/null || skip "strace is missing"
	three
	md show 1 2 >/dev/null
	sleep 0.1
	md list -q >/dev/null
	md mark flagged 1:3
	md delete 2
	strace -o "$T/calls" -e trace=getdents64 "$BIN/maildir" list -q all </dev/null
	[ "$(grep -c getdents "$T/calls")" -eq 0 ]
	md check
}

@test "mark: what others do in the same moment is seen" {
	local i name
	three
	for i in {1..40}; do
		md mark flagged 1
		name=$(find "$M/cur" -name '1000000001*')
		case $((i % 4)) in
		0) echo "Subject: $i" >"$M/cur/2000000$i.x.h:2," ;;
		1) mv "$name" "${name%%:*}:2,R" ;;
		2) rm -f "$M/cur/2000000$((i - 2)).x.h:2,"* ;;
		3) [ "$i" -lt 9 ] || mv "$name" "${name%%:*}:2,RS" ;;
		esac
		[ "$(md list -q | wc -l)" -eq "$(find "$M/cur" "$M/new" -type f | wc -l)" ]
		[[ $(md list -j 1) == *'"flagged"'* ]] ||
			[ -z "$(find "$M/cur" -name '1000000001*F*')" ]
		md unmark flagged 1
	done
	md check
}

# listings ARG...: how often the command reads the folder.
listings() {
	strace -f -o "$T/calls" -e trace=getdents64 "$BIN/maildir" "$@" </dev/null
	grep -c getdents "$T/calls" || : # none
}

@test "mark: by number, the folder is not listed though mail has come" {
	command -v strace >/dev/null || skip "strace is missing"
	three
	md list -q >/dev/null
	echo 'Subject: 4' >"$M/new/1000000004.d.h"
	[ "$(listings mark flagged 1 2:3)" -eq 0 ]
	[ "$(find "$M/cur" -name '*:2,*F*' | wc -l)" -eq 3 ]
	md folders create other
	md list -q -f other
	[ "$(listings copy other 1)" -eq 0 ]
	[ "$(md list -q -f other)" = 1 ]
	[ "$(listings delete 2)" -eq 0 ]
	# a number that is not known yet is looked for
	[ "$(listings mark flagged 4)" -gt 0 ]
	[ "$(find "$M/cur" -name '1000000004*:2,*F*' | wc -l)" -eq 1 ]
	[ "$(md list -q | xargs)" = '1 3 4' ]
	md check
}

@test "mark: by number, what others did to that message" {
	local name
	three
	md mark flagged 1:3
	name=$(find "$M/cur" -name '1000000001*')
	mv "$name" "${name%%:*}:2,FR"
	rm "$M"/cur/1000000002*
	run md mark seen 1 2 3
	[ "$status" -eq 1 ]
	[[ $output == *'2 is gone'* ]]
	[ -n "$(find "$M/cur" -name '1000000001*:2,FRS')" ]
	[ -n "$(find "$M/cur" -name '1000000003*:2,FS')" ]
	name=$(find "$M/cur" -name '1000000003*')
	mv "$name" "${name%%:*}:2,"
	md folders create other
	[ "$(md move -q other 1 3 | wc -l)" -eq 2 ]
	[ -z "$(find "$M/cur" "$M/new" -type f)" ]
	[ -n "$(find "$M/.other/cur" -name '*:2,')" ]
	[ -n "$(find "$M/.other/cur" -name '*:2,FRS')" ]
	md check
}

@test "delete, move: by number, what is gone is said" {
	three
	md mark seen 1:3
	rm "$M"/cur/1000000002*
	run md delete -q 1 2
	[ "$status" -eq 1 ]
	[ "$output" = 1$'\n''maildir: delete: 2 is gone' ]
	rm "$M"/cur/1000000003*
	md folders create other
	run md move -q other 3
	[ "$status" -eq 1 ]
	[ "$output" = 'maildir: move: gone: 1 of 1 messages' ]
	md check
}

@test "mark: many, and what others do in the same moment is seen" {
	local i name
	for i in {10..59}; do
		echo "Subject: $i" >"$M/cur/10000000$i.x.h:2,"
	done
	md list -q >/dev/null
	for i in {10..29}; do
		md mark flagged 1:50
		name=$(find "$M/cur" -name "10000000$i*")
		case $((i % 3)) in
		0) echo "Subject: $i" >"$M/cur/20000000$i.x.h:2," ;;
		1) mv "$name" "${name%%:*}:2,R" ;;
		2) rm -f "$name" ;;
		esac
		[ "$(md list -q | wc -l)" -eq "$(find "$M/cur" "$M/new" -type f | wc -l)" ]
		[ "$(md search -q is:flagged | wc -l)" -eq "$(find "$M/cur" -name '*:2,*F*' | wc -l)" ]
		md unmark flagged 1:50 || :
	done
	md check
}
