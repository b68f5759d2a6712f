#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Each system call of delivery failing once, and death at each of them.
# RFC 5321 s. 6.1: a 250 after DATA is a promise to keep the message.

load ../lib
load smtp

# mail TO...: one mail from a local program, so that remote recipients are
# taken too; REPLY is the answer to its end, or nothing.
mail() {
	local to
	rm -rf "$T"/home/*/Maildir "$SPOOL"/new/* "$SPOOL"/tmp/*
	: >"$LOG"
	OUT=$({
		hello
		printf '%s\n' 'C: MAIL FROM:<a@b.test>' 'S~ .*'
		for to; do printf '%s\n' "C: RCPT TO:<$to>" 'S~ .*'; done
		printf '%s\n' 'C: DATA' 'S~ 354.*' 'C: Subject: fault' 'C:' \
			'C: text' 'C: .' 'S~ .*' 'C: QUIT' 'S: 221...'
	} | chat -x any -p smtp-session 2>&1) || :
	REPLY=$(sed -n '/^C: \.$/{n;s/^S: //p;}' <<<"$OUT")
}

# taken ADDRESS: 1 if its RCPT had a 250, else 0.
taken() { sed -n "/^C: RCPT TO:<$1>/{n;p;}" <<<"$OUT" | grep -c '^S: 250' || :; }

three() { mail alice@here.test bob@here.test x@remote.test; }
lone() { mail alice@here.test; }

# copies ADDRESS USER: how often it has the mail, in its mailbox or the spool.
copies() {
	local n=0
	[ -z "$2" ] || n=$(count "$2")
	echo $((n + $(rcpts 2>/dev/null | grep -c "$1" || :)))
}

all_whole() {
	local f
	for f in "$T"/home/*/Maildir/new/* "$SPOOL"/new/*; do
		[ ! -f "$f" ] || [ "$(tail -n 1 "$f")" = text ] || {
			echo "not whole: $f"
			return 1
		}
	done
}

# A 250: each recipient that was taken has it exactly once.  A 4xx: nobody has
# it, unless the log says that two faults came together.  No answer at all: no
# promise, but no halves and no doubles.
right() {
	local n
	n=$(copies "$2" "$3")
	echo "$1: \"$REPLY\" $2 has $n"
	case $REPLY in
	250*) [ "$n" -eq "$(taken "$2")" ] ;;
	'') [ "$n" -le 1 ] ;;
	*) [ "$n" -eq 0 ] || logged ' torn id=' ;;
	esac
}

three_right() {
	all_whole && nothing_left && right "$1" alice@here.test alice &&
		right "$1" bob@here.test bob && right "$1" x@remote.test ''
}

lone_right() { all_whole && nothing_left && right "$1" alice@here.test alice; }

# Death leaves tmp/ as it is, and a mail that was not promised may be there.
promised() {
	echo "$1: \"$REPLY\""
	all_whole || return 1
	[[ $REPLY != 250* ]] || [ "$(copies alice@here.test alice)" -eq 1 ]
}

promised_three() {
	promised "$1" || return 1
	[[ $REPLY != 250* ]] || {
		[ "$(copies bob@here.test bob)" -eq 1 ] &&
			[ "$(copies x@remote.test '')" -eq 1 ]
	}
}

needs_strace() {
	strace -qq true 2>/dev/null || skip "strace cannot trace here"
}

@test "no fault: 250, and everything is there once" {
	three
	[[ $REPLY = 250* ]]
	three_right 0
	lone
	[[ $REPLY = 250* ]]
	lone_right 0
}

@test "fsync fails" {
	needs_strace
	each_fault fsync EIO three three_right
	each_fault fsync EIO lone lone_right
}

@test "write fails" {
	needs_strace
	each_fault write ENOSPC three three_right
}

@test "openat fails" {
	needs_strace
	each_fault openat EMFILE three three_right
}

@test "rename fails" {
	needs_strace
	each_fault renameat2 EIO three three_right
	each_fault renameat2 EIO lone lone_right
}

@test "reading the content fails" {
	needs_strace
	each_fault pread64 EIO three three_right
	each_fault pread64 EIO lone lone_right
}

# As it is not on Linux: the descriptor stays open.  So a process may hold the
# other end of its own socket, and must not wait for the end of the stream.
@test "close fails" {
	needs_strace
	each_fault close EIO three three_right
	each_fault close EIO lone lone_right
}

@test "memory, directories, fork fail" {
	needs_strace
	each_fault memfd_create ENOMEM three three_right
	each_fault mkdir,mkdirat EROFS three three_right
	each_fault clone EAGAIN three three_right
}

# Not a disk but a process that cannot answer: what it has done may be done
# again, but nothing is lost.
@test "an answer between processes is lost" {
	needs_strace
	each_fault sendmsg EIO lone not_lost
	each_fault recvmsg EIO lone not_lost
}

not_lost() {
	echo "$1: \"$REPLY\""
	all_whole || return 1
	[[ $REPLY != 250* ]] || [ "$(copies alice@here.test alice)" -ge 1 ]
}

@test "kill -9 at each system call" {
	each_kill lone promised
}

# A prime, so that a loop's calls are not met at the same place each time.
@test "kill -9, three recipients" {
	each_kill three promised_three "$([ -n "$SOAK" ] && echo 1 || echo 7)"
}
