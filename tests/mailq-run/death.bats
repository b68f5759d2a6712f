load common

# The manager, its workers, all of them, die at any system call: nothing is
# lost, a report is made once, and a message comes twice only when its last
# reply was on the way (RFC 1047).

# Two recipients: one is taken, one is refused and makes a report.
begin() {
	remote -m 'reject no@there.test 550 5.1.1 Nobody'
}

# left ID: recipients of the entry that are still to be tried.
left() { cat "$SPOOL"/{new,due/*}/"$1" 2>/dev/null | grep -c '^T '; }
reports() { find "$SPOOL"/{new,due} -name "$1-*" | wc -l; }

# settled ID: what must hold after the death and one more run.
settled() {
	local got
	# Until the last of the dead is gone, and its last system call done.
	[ ! -e "$SPOOL/lock" ] || flock -w 10 "$SPOOL/lock" true
	mailq_run
	# A recipient that was judged and not recorded waits for its next try.
	[ "$(left "$1")" -eq 0 ] || mailq_run -T 1000
	got=$(mail_to "$1@there.test")
	echo "$1: $got copies, $(left "$1") left, $(reports "$1") reports"
	[ "$(left "$1")" -eq 0 ]
	[ "$got" -ge 1 ] && [ "$got" -le 2 ]
	[ "$(reports "$1")" -eq 1 ]
	[ -z "$(find "$SPOOL"/{bad,hold} -type f)" ]
	rm -f "$SPOOL"/{new,due/*}/"$1-"*
}

@test "all killed at each system call" {
	local n step=23 status=137
	[ -z "$SOAK" ] || step=1
	begin
	for ((n = 1 + RANDOM % step; status == 137; n += step)); do
		entry "k$n" alice@here.test "k$n@there.test" no@there.test
		status=0
		"$BUILD/tool/killat" -o "$T/killed" "$n" "$BIN/mailq-run" \
			-c "$CONFIG" 3>&- || status=$?
		settled "k$n"
	done
	[ "$n" -gt 60 ]
}

# victim CALL: each process dies at its N-th CALL, until none does.
victim() {
	local n most=$2 id
	for ((n = 1; n <= most; n++)); do
		id=v$1$n
		entry "$id" alice@here.test "$id@there.test" no@there.test
		strace -f -qq -o "$T/trace" -e "trace=$1" -e signal=none \
			-e "inject=$1:signal=KILL:when=$n" \
			"$BIN/mailq-run" -c "$CONFIG" 3>&- || :
		settled "$id"
	done
}

@test "single processes killed at their records" {
	begin
	victim sendmsg 4
	victim recvmsg 4
}

@test "single processes killed at the network and at files" {
	begin
	victim sendto 3
	victim openat 6
	victim unlinkat 2
	victim pwrite64 2
	victim fdatasync 3
}

# The one that forks, the manager, the resolver, each worker: every one of them
# dies at its own N-th system call; none has as many as 600.
@test "each process killed at each of its system calls" {
	local n step=41
	[ -z "$SOAK" ] || step=1
	begin
	for ((n = 1 + RANDOM % step; n < 600; n += step)); do
		entry "p$n" alice@here.test "p$n@there.test" no@there.test
		strace -f -qq -o "$T/trace" -e trace=all -e signal=none \
			-e "inject=all:signal=KILL:when=$n" \
			"$BIN/mailq-run" -c "$CONFIG" 3>&- || :
		settled "p$n"
	done
}

@test "each system call of the spool failing" {
	local call n id
	begin
	for call in fdatasync pwrite64 renameat2 unlinkat utimensat \
		openat fsync; do
		for n in 1 3; do
			id=f$call$n
			entry "$id" alice@here.test "$id@there.test" \
				no@there.test
			"$TOOL/fault" -o "$T/fault.log" "$call" EIO "$n" -- \
				"$BIN/mailq-run" -c "$CONFIG" 3>&- || :
			settled "$id"
		done
	done
}
