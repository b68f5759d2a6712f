#!/usr/bin/env bats
# The spool as spool(5) describes it, step by step.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # bats, and lib.bash

load ../lib

# Each step of tests/tool/spool is one program run; faults and deaths are laid
# upon it, and what is left must be a row of the tables in spool(5).

setup() {
	lib_setup
	STEP=$BUILD/tool/spool
	S=$T/queue
	MESSAGE=$'Subject: one\n\nbody of one\n'
}

step() { "${FAULT[@]}" "$STEP" "$S" "$@"; }
plain() { "$STEP" "$S" "$@"; }
new_entry() { printf '%s' "$MESSAGE" | plain write "$@"; }
files() { (cd "$S" && find "$1" -type f ! -name '*.log') | sort | xargs; }
whole() { # FILE: ends with the message as it was given
	[ "$(tail -c "${#MESSAGE}" "$1" | md5sum)" = \
		"$(printf '%s' "$MESSAGE" | md5sum)" ]
}

@test "unit tests" { "$BUILD/unit/mailq-run-spool"; }

@test "an entry is what spool(5) says" {
	new_entry One a@here.test b@there.test '"c d"@there.test'
	diff - "$S/new/One" <<-END
	mailroom-spool 1
	id One
	arrival $(sed -n 's/^arrival //p' "$S/new/One")
	from a@here.test
	T b@there.test
	T "c d"@there.test

	Subject: one

	body of one
	END
	[ -z "$(files tmp)" ]
	[ "$(stat -c %a "$S/new/One")" = 600 ]
	[ "$(stat -c %a "$S")" = 700 ]
}

@test "verdicts: octets in place, log beside it" {
	new_entry One a@here.test b@there.test c@there.test
	plain verdict One 0 D 2.0.0 '250 2.0.0 kept'
	plain verdict One 1 T 4.3.0 $'451-not\n451 \\ now'
	plain defer One 900
	run plain take One
	[ "$output" = "One d DT" ]
	[ "$(cut -d ' ' -f 2- "$S"/log/*/One)" = \
		"try 0 1 D 2.0.0 mx.example.org 250 2.0.0 kept
try 1 1 T 4.3.0 mx.example.org 451-not\\n451 \\\\ now" ]
	[ -z "$(plain scan)" ]
	plain scan 901 | grep -qx '2 One'
	whole "$S"/due/*/One
}

@test "held mail is not due; finished mail leaves nothing" {
	new_entry One a@here.test b@there.test
	plain hold One
	[ "$(files .)" = ./hold/One ]
	plain release One
	plain scan | grep -qx '2 One'
	plain verdict One 0 D 2.0.0 '250 ok'
	plain finish One
	[ -z "$(files .)" ]
}

@test "one holder at a time; a lock dies with its holder" {
	new_entry One a@here.test b@there.test
	start holder "$STEP" "$S" take One 60
	wait_for 20 grep -q One "$T/holder.out"
	run plain take One
	[ "$status" -eq 11 ]
	kill -9 "${PID_holder:?}"
	wait "$PID_holder" || :
	plain take One
}

# ---- writing

# After a write that was hit: either refused and nothing in new/, or kept.
write_run() {
	rm -rf "$S"
	"$STEP" "$S" scan
	rm -f "$T/said"
	printf '%s' "$MESSAGE" | step write One a@here.test b@there.test \
		>"$T/said" 2>"$T/why" || :
}
write_failed() {
	if [ -s "$T/said" ] || grep -q '^[0-9]* *write(1,' "$T/fault.log"; then
		whole "$S/new/One" # kept, and perhaps nobody heard it
	else
		[ -z "$(files .)" ]
	fi
}
write_killed() {
	# Never half a message in new/; nothing promised that is not there.
	[ ! -e "$S/new/One" ] || whole "$S/new/One"
	[ ! -s "$T/said" ] || [ -e "$S/new/One" ]
	[ -z "$(files bad)" ]
	plain scan >"$T/scan"
}

@test "write: each system call failing leaves nothing, or all" {
	for call in openat write fsync; do
		for error in EIO ENOSPC; do
			each_fault "$call" "$error" write_run write_failed
		done
	done
	each_fault renameat2 EIO write_run write_failed
}

@test "write: killed at each system call" {
	each_kill write_run write_killed
}

@test "write: the order of fsync and rename" {
	"$STEP" "$S" scan
	printf '%s' "$MESSAGE" | strace -o "$T/trace" \
		-e trace=openat,write,fsync,renameat2 \
		"$STEP" "$S" write One a@here.test b@there.test
	sed -n '/tmp\/One/,$p' "$T/trace" | cut -d '(' -f 1 | uniq | xargs |
		grep -q '^openat write fsync renameat2 openat fsync'
}

# ---- verdicts

verdict_run() {
	rm -rf "$S"
	new_entry One a@here.test b@there.test >"$T/said"
	plain defer One 0
	step verdict One 0 F 5.1.1 '550 5.1.1 who' >"$T/said" 2>"$T/why" || :
}
# F never stands without its reason.
verdict_hit() {
	local state
	state=$(plain take One | cut -d ' ' -f 3)
	case $state in
	T) ;;
	F) grep -q '550 5.1.1 who$' "$S"/log/*/One ;;
	*) return 1 ;;
	esac
	whole "$S"/due/*/One
}

@test "verdict: each system call failing, and death at each" {
	each_fault openat EIO verdict_run verdict_hit
	each_fault write ENOSPC verdict_run verdict_hit
	each_fault fdatasync EIO verdict_run verdict_hit
	each_fault pwrite64 EIO verdict_run verdict_hit
	each_kill verdict_run verdict_hit
}

@test "verdict: delivered is recorded although the disk is full" {
	new_entry One a@here.test b@there.test
	fault write ENOSPC
	run step verdict One 0 D 2.0.0 '250 ok'
	no_fault
	[ "$status" -eq 1 ]
	grep -q '^D b@there.test' "$S/new/One"
}

# ---- reports

report_run() {
	rm -rf "$S"
	new_entry One a@here.test b@there.test c@there.test >"$T/said"
	plain defer One 0
	plain verdict One 0 F 5.1.1 '550 5.1.1 who'
	echo report | step report One failed >"$T/said" 2>"$T/why" || :
}
# What the next run of mailq-run does: take, and report what is still owed.
report_again() {
	local state
	state=$(plain take One | cut -d ' ' -f 3)
	if [ "$state" = FT ]; then
		echo report | plain report One failed
	else
		[ "$state" = BT ]
	fi
	[ "$(files new | wc -w)" -eq 1 ]
	grep -qx report "$S"/new/One-1
	[ "$(plain take One)" = "One d BT" ]
}

@test "report: exactly one, whatever fails" {
	each_fault openat EIO report_run report_again
	each_fault write ENOSPC report_run report_again
	each_fault fsync EIO report_run report_again
	each_fault fdatasync EIO report_run report_again
	each_fault renameat2 EIO report_run report_again
}

@test "report: exactly one after death at each system call" {
	each_kill report_run report_again
}

@test "report: the order of its writes" {
	new_entry One a@here.test b@there.test
	plain defer One 0
	plain verdict One 0 F 5.1.1 '550 5.1.1 who'
	echo report | strace -y -o "$T/trace" \
		-e trace=write,pwrite64,fsync,fdatasync,renameat2 \
		"$STEP" "$S" report One failed
	sed -n 's/^\([a-z0-9]*\)(.*\/\(tmp\|log\|due\|new\)[/>].*/\1 \2/p' "$T/trace" |
		uniq | diff - <(cat <<-END
		write tmp
		fsync tmp
		write log
		fdatasync log
		pwrite64 due
		fdatasync due
		renameat2 tmp
		fsync new
		END
		)
}

@test "a full disk: nothing by half, what is delivered is remembered" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	mkdir "$S"
	unshare -m --propagation private bash -eu -c '
		mount -t tmpfs -o size=64k none "$1"
		step() { "$2" "$1" "${@:3}"; }
		step "$1" "$2" scan
		echo small | step "$1" "$2" write One a@here.test b@there.test
		not() { ! "$@"; }
		head -c 200000 /dev/zero |
			not step "$1" "$2" write Big a@here.test b@there.test
		[ "$(cd "$1" && find . -type f)" = ./new/One ]
		head -c 60000 /dev/zero >"$1/ballast" || :
		cat /dev/zero >>"$1/ballast" 2>/dev/null || :
		not step "$1" "$2" verdict One 0 D 2.0.0 "250 ok"
		grep -q "^D b@there.test" "$1/new/One"' - "$S" "$STEP"
}

@test "delay notice is remembered" {
	new_entry One a@here.test b@there.test
	plain defer One 0
	echo late | plain report One delayed
	[ "$(plain take One)" = "One d T delayed" ]
	grep -qx late "$S/new/One-1"
}

# ---- strange files

@test "garbage is set aside, the rest goes on" {
	new_entry Good a@here.test b@there.test
	printf 'nonsense' >"$S/new/Garbage"
	: >"$S/new/Empty"
	sed 's/^id .*/id Other/' "$S/new/Good" >"$S/new/Liar"
	perl -pe 's/^T /T x\0/; s/^id .*/id Nul/' "$S/new/Good" >"$S/new/Nul"
	sed 's/^id .*/id Colour/;/^from/i colour blue' "$S/new/Good" >"$S/new/Colour"
	head -c 60 "$S/new/Good" | sed 's/^id .*/id Cut/' >"$S/new/Cut"
	mkfifo "$S/new/Fifo"
	mkdir "$S/new/Dir"
	ln -s Good "$S/new/Link"
	for id in Garbage Empty Liar Nul Colour Cut Fifo Dir Link; do
		run plain take "$id"
		[ "$status" -eq 13 ] || { echo "$id: $status $output"; false; }
		[ -e "$S/bad/$id" ] || [ -L "$S/bad/$id" ]
		[ ! -e "$S/new/$id" ]
	done
	[ "$(plain take Good)" = "Good n T" ]
}

@test "names that are no id go to bad/ without being opened" {
	new_entry Good a@here.test b@there.test
	plain defer Good 0
	: >"$S/new/core.1234"
	: >"$S/$(dirname "$(cd "$S" && ls due/*/Good)")/Misplaced"
	mkdir -p "$S/due/00" "$S/due/zz"
	: >"$S/due/zz/Whatever"
	[ "$(plain scan)" = "2 Good" ]
	[ -e "$S/bad/core.1234" ]
	[ -e "$S/bad/Misplaced" ]
}

@test "a log with a torn last line goes on" {
	new_entry One a@here.test b@there.test
	plain verdict One 0 T 4.0.0 '450 first'
	printf '17 try 0 2 F 5.0.0 x 550 to' >>"$(echo "$S"/log/*/One)"
	[ "$(plain take One)" = "One n T" ]
	plain verdict One 0 T 4.0.0 '450 second'
	tail -n 1 "$S"/log/*/One | grep -q 'try 0 2 T 4.0.0 .*450 second$'
}

@test "what the log says before the octet does counts" {
	new_entry One a@here.test b@there.test c@there.test
	plain verdict One 0 T 4.0.0 '450 first'
	echo '17 try 1 2 D 2.0.0 mx 250 ok' >>"$(echo "$S"/log/*/One)"
	[ "$(plain take One)" = "One n TD" ]
	grep -q '^D c@there.test' "$S/new/One"
}

@test "tidy removes dead drafts and logs without entry, no others" {
	new_entry One a@here.test b@there.test
	plain verdict One 0 T 4.0.0 '450 x'
	: >"$S/tmp/Old"
	: >"$S/tmp/Young"
	: >"$S/tmp/One-1"
	touch -d '2 days ago' "$S/tmp/Old" "$S/tmp/One-1"
	mkdir -p "$S/log/00"
	: >"$S/log/00/Gone"
	plain tidy
	[ "$(files tmp)" = "tmp/One-1 tmp/Young" ]
	[ "$(files log | wc -w)" -eq 1 ]
}

@test "nothing that is not due is opened" {
	plain fill 50
	strace -o "$T/trace" -e trace=openat "$STEP" "$S" scan
	grep -q '"due/..", .*O_DIRECTORY' "$T/trace"
	if grep -q 'due/[0-9a-f]*/' "$T/trace"; then return 1; fi
	[ "$(plain scan 90000 | wc -l)" -eq 50 ]
}

@test "somebody else's spool is refused" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	mkdir "$S"
	chown 20999 "$S"
	run plain scan
	[ "$status" -eq 1 ]
	[[ $output == *"belongs to user 20999"* ]]
}
