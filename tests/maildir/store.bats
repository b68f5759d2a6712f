#!/usr/bin/env bats
# The store as a whole, beside others and while it is killed.

load ../lib
load common

teardown() { lib_teardown; }

# life NUMBER LIVES: a worker that is killed and begins again, so often.
life() {
	local i pid
	for ((i = 0; i < $2; i++)); do
		"$WORKER" "$M" "$1" "$((i * 500))" >>"$T/log.$1" \
			2>>"$T/err.$1" 3>&- &
		pid=$!
		sleep "0.0$((RANDOM % 9))$((RANDOM % 10))"
		end_child "$pid" KILL
		# a death may leave half a line
		[ -z "$(tail -c 1 "$T/log.$1")" ] || echo ' torn' >>"$T/log.$1"
	done
}

# What the logs say: a UID was never two messages, and what was accepted is
# there; twice only what was moved while its worker was killed.
consistent() {
	local lives=$1
	"$DRIVE" view "$M" INBOX | sed 1d >"$T/INBOX"
	"$DRIVE" view "$M" Work | sed 1d >"$T/Work"
	awk 'NF == 4 && $1 ~ /^(INBOX|Work)$/ {
		k = $1 " " $2 " " $3
		if (k in s && s[k] != $4) { print "two:", k, s[k], $4; bad = 1 }
		s[k] = $4 } END { exit bad }' "$T"/log.* || return 1
	[ "$(awk 'NF == 4 && /^(INBOX|Work) / { print $1, $2 }' "$T"/log.* |
		sort -u | tee "$T/validity" | wc -l)" -le 2 ] || {
		cat "$T/validity"
		return 1
	}
	sed -n 's/^sent \([0-9]*\)$/\1/p' "$T"/log.* | sort -u >"$T/sent"
	sed -n 's/^gone \([0-9]*\)$/\1/p' "$T"/log.* | sort -u >"$T/gone"
	cut -d ' ' -f 6 "$T/INBOX" "$T/Work" | sort >"$T/there"
	comm -23 "$T/sent" <(sort -u "$T/there" "$T/gone") >"$T/lost"
	[ ! -s "$T/lost" ] || {
		cat "$T/lost"
		return 1
	}
	[ "$(uniq -d "$T/there" | wc -l)" -le "$lives" ]
	not grep . "$T"/err.*
}

# SOAK=1: 10,000 deaths.
@test "store: four writers, killed at random" {
	local i lives pids=()
	lives=$(times 40 2500)
	for i in 1 2 3 4; do
		life "$i" "$lives" 2>/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	consistent $((4 * lives))
	[ -s "$T/sent" ]
}

@test "store: four writers beside one that renames" {
	local i
	life 9 3 2>/dev/null
	start churn "$DRIVE" churn "$M" 0
	for i in 1 2 3 4; do
		life "$i" "$(times 10 200)" 2>/dev/null
	done
	stop churn
	consistent $((3 + 4 * $(times 10 200)))
}

@test "store: each fault of a session's calls" {
	local call
	for call in 'openat ENOSPC' 'renameat2 EDQUOT' 'fdatasync EIO' \
		'fallocate ENOSPC' 'mmap ENOMEM' 'pwrite64 ENOSPC' \
		'write ENOSPC' 'flock EINTR' 'linkat EPERM' 'fsync EIO' \
		'inotify_init1 EMFILE' 'inotify_add_watch ENOSPC'; do
		can_fail "${call% *}" || continue
		hit_once "${call% *}" "${call#* }" || return 1
	done
}

# hit_once CALL ERROR: the first CALL of a session fails, then the second ...;
# after that a session without faults finds everything that was accepted.
hit_once() {
	local n
	for ((n = 1; n < 60; n++)); do
		rm -rf "$M"
		mkdir -p "$M"/{cur,new,tmp}
		echo one >"$M/cur/1.x:2,"
		echo two >"$M/new/2.x"
		fault "$1" "$2" "$n"
		printf '%s\n' 'flag 1 + 1' 'append INBOX three-four' \
			'append INBOX a text' 'copy 1 INBOX' sync list |
			act INBOX >"$T/said" 2>"$T/why" || :
		faulted || break
		no_fault
		"$DRIVE" view "$M" INBOX | sed 1d >"$T/there"
		[ "$(wc -l <"$T/there")" -ge \
			$((2 + $(grep -c '^copied' "$T/said"))) ] || {
			echo "after $1 $n:"
			cat "$T/said" "$T/why" "$T/there"
			return 1
		}
		[ "$(cut -d ' ' -f 1 "$T/there" | sort -u | wc -l)" -eq \
			"$(wc -l <"$T/there")" ] || return 1
	done
}

@test "store: an index of another user or of another kind is not used" {
	mkdir -p "$M"/{cur,new,tmp}
	echo x >"$M/cur/1.x:2,S"
	"$DRIVE" view "$M" INBOX w >"$T/first"
	rm "$M/mailroom-index"
	ln -s /etc/passwd "$M/mailroom-index"
	"$DRIVE" view "$M" INBOX w | diff "$T/first" -
	rm "$M/mailroom-index"
	mkfifo "$M/mailroom-index"
	"$DRIVE" view "$M" INBOX w | diff "$T/first" -
	head -c 5000 /dev/urandom >"$M/mailroom-index"
	"$DRIVE" view "$M" INBOX w | diff "$T/first" -
	if [ "$EUID" -eq 0 ]; then
		chown 12345 "$M/mailroom-index"
		"$DRIVE" view "$M" INBOX w | diff "$T/first" -
		[ "$(stat -c %u "$M/mailroom-index")" -eq 0 ]
	fi
	[ -f "$M/mailroom-index" ] && [ ! -L "$M/mailroom-index" ]
}

# Of what other machines do on a shared file system the kernel does not tell.
@test "store: on NFS directories are not watched, but listed" {
	fill 3
	# shellcheck disable=SC2034,SC2054 # drive takes it
	FAULT=(strace -f -qq -o "$T/calls"
		-e trace=fstatfs,inotify_init1,fcntl
		-e inject=fstatfs:poke_exit=@arg2=6969000000000000)
	drive list "$M" >/dev/null
	grep -q NFS_SUPER_MAGIC "$T/calls"
	for i in 1 2 3; do
		echo x >"$M/new/$i.y"
		[ "$(drive list "$M" | sed 1d | wc -l)" -eq $((3 + i)) ]
		run grep -E 'inotify|NOTIFY' "$T/calls"
		[ "$status" -eq 1 ]
	done
}
