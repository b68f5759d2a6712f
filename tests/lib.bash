# shellcheck shell=bash disable=SC2034 # for the files that load this
# What the BATS files share.  A file begins with `load ../lib` (or lib from its
# own place); setup and teardown below then give each test
#
#   T         its directory, which the users of the test may enter
#   CONFIG    $T/etc: mailroom.conf, domains (here.test), users (alice, bob)
#   SPOOL RUN LOG           $T/spool $T/run $T/log
#   HOME_alice MAILDIR_alice ...  below $T/home; password $PASSWORD
#   HOST      a loopback address of its own: any port of it is free
#
# and take everything away that was begun with `start`, by process id.  As root
# each role has a numeric uid of its own (system accounts are not needed); as
# an ordinary user all is done as that user.  A file with a setup of its own
# calls lib_setup in it.

ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
BUILD=${MAILROOM_BUILD:-$ROOT/build}
BIN=$BUILD/bin
TOOL=$ROOT/tests/tool
PASSWORD=correct-horse
# shellcheck source=tests/private.bash
. "$ROOT/tests/private.bash"

# ---- the private instance of a test

# as USER COMMAND...: run as alice or bob (or as ourselves if not root).
as() {
	local uid_of=UID_$1
	shift
	if [ "$EUID" -eq 0 ]; then
		setpriv --reuid "${!uid_of}" --regid "${!uid_of}" \
			--clear-groups -- "$@"
	else
		"$@"
	fi
}

# config WORD VALUE: a line of mailroom.conf; replaces the word's line.
config() {
	sed -i "/^$1 /d" "$CONFIG/mailroom.conf"
	echo "$*" >>"$CONFIG/mailroom.conf"
}

# add_user NAME: a line in `users`, and a home.
add_user() {
	private_user "$T" "$1" "$HASH"
	declare -g "UID_$1=$(private_uid "$T" "$1")" "HOME_$1=$T/home/$1" \
		"MAILDIR_$1=$T/home/$1/Maildir"
}

lib_setup() {
	local d
	T=$BATS_TEST_TMPDIR
	CONFIG=$T/etc SPOOL=$T/spool RUN=$T/run LOG=$T/log
	HOST=$(address_of "$BASHPID")
	HASH=$(private_hash "$PASSWORD")
	STARTED=() FAULT=()
	# Other uids must get through the 0700 directories of bats.
	for d in "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$T"; do
		[ ! -d "$d" ] || chmod a+x "$d" 2>/dev/null || :
	done
	private_make "$T" mx.here.test here.test
	config helpers "$BIN"
	add_user alice
	add_user bob
}

lib_teardown() {
	local i
	for ((i = ${#STARTED[@]} - 1; i >= 0; i--)); do
		end_child "${STARTED[i]}"
	done
	STARTED=()
	if [ -z "$BATS_TEST_COMPLETED" ] && [ -s "$LOG" ]; then
		echo "-- log:"
		tail -n 30 "$LOG"
	fi
}

setup() { lib_setup; }
teardown() { lib_teardown; }

# ---- processes

# sanitized: the programs are those of make asan, which have no system call
# filter.  confined PID: it has given up system calls.
sanitized() { grep -q __asan_init "$BIN/tls-relay"; }
confined() { sanitized || grep -Eq '^Seccomp:\s+2$' "/proc/$1/status"; }

# start NAME COMMAND...: in the background, output in $T/NAME.out; its process
# id is in PID_NAME.
start() {
	local name=$1
	shift
	# Now: who waits for a word in it is not to find that of the one before.
	: >"$T/$name.out"
	"$@" >"$T/$name.out" 2>&1 3>&- &
	declare -g "PID_$name=$!"
	STARTED+=("$!")
}

# end_child PID [SIGNAL]: of a child of this shell, and nobody else's: numbers
# come round within a minute of tests, and a child that has ended gave its own
# back.
end_child() {
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	# "pid (name) state parent ..."
	read -r _ stat _ <<<"${stat##*) }"
	[ "$stat" -eq "$BASHPID" ] || return 0
	kill "-${2:-TERM}" "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

# stop NAME: end it now.
stop() {
	local pid=PID_$1
	end_child "${!pid}"
}

# dns [ZONE=ADDRESS ...]: start a name server in which each zone's mail goes to
# mx.ZONE at ADDRESS (more: tests/tool/dnsd), and use it.
dns() {
	start dnsd "$TOOL/dnsd" "$HOST@20053" "$T/dns" "$@"
	wait_for 20 grep -q ready "$T/dnsd.out"
	config dns "$HOST@20053"
}

# sink [OPTION...]: start the SMTP server of tests/tool/sink at $HOST on
# SINK_PORT; mail in $T/sink/*.mail, dialogues in $T/sink/log.
sink() {
	start sink "$TOOL/sink" -a "$HOST" -d "$T/sink" "$@"
	wait_for 20 grep -q '^port ' "$T/sink.out"
	declare -g SINK_PORT
	SINK_PORT=$(sed -n 's/^port //p' "$T/sink.out")
}

# ---- dialogues and faults

# chat [OPTION...] PROGRAM [ARG...] <TRANSCRIPT: see tests/tool/chat.  A program
# of ours runs with -c $CONFIG, and under the fault that was set.
chat() {
	local options=()
	while [ "${1#-}" != "$1" ]; do
		case $1 in
		-[artx]) options+=("$1" "$2"); shift 2 ;;
		*) options+=("$1"); shift ;;
		esac
	done
	if [ -x "$BIN/$1" ]; then
		set -- "${FAULT[@]}" "$BIN/$1" -c "$CONFIG" "${@:2}"
	fi
	"$TOOL/chat" "${options[@]}" "$@"
}

# fault CALL ERROR [N]: from now on chat runs its program so that the N-th
# CALL (1st) of each of its processes fails; no_fault ends that.
fault() { FAULT=("$TOOL/fault" -o "$T/fault.log" "$@" --); }
no_fault() { FAULT=(); }
# Did it happen in the last run?
faulted() { grep -q INJECTED "$T/fault.log"; }

# can_fail CALL: a sanitizer maps memory before the program does, and when that
# fails waits for a lock that it holds itself.
can_fail() { [ "$1" != mmap ] || ! sanitized; }

# each_fault CALL ERROR RUN CHECK: let the first CALL fail, then the second, and
# so on, until RUN (a function with one chat) did not reach it any more.  CHECK
# gets the number after each run that was hit, and says what must be true.
each_fault() {
	local n
	for ((n = 1; n < 200; n++)); do
		fault "$1" "$2" "$n"
		"$3"
		faulted || break
		"$4" "$n" || { echo "wrong after $1 $n failed"; return 1; }
	done
	no_fault
	echo "$1: $((n - 1)) faults"
	[ "$n" -gt 1 ]
}

# each_kill RUN CHECK [STEP]: the same with death at each visible system call,
# or at one of so many.
each_kill() {
	local n calls
	for ((n = 1; n < 2000; n += ${3:-1})); do
		FAULT=("$BUILD/tool/killat" -o "$T/calls" "$n")
		"$1"
		read -r -a calls <"$T/calls"
		[ "${#calls[@]}" -eq 2 ] || break
		"$2" "$n" || { echo "wrong after death at call $n"; return 1; }
	done
	no_fault
	echo "$((n - 1)) deaths"
	[ "$n" -gt 1 ]
}

# not COMMAND...: fails when it succeeds (a bare ! does not fail a test).
not() { ! "$@"; }

# ---- mail

# messages [USER]: how many in new/ (alice's).
messages() {
	local dir=MAILDIR_${1:-alice}
	[ ! -d "${!dir}/new" ] || find "${!dir}/new" -type f | wc -l
}

# message [USER]: the newest one in new/, on standard output.
message() {
	local dir=MAILDIR_${1:-alice} name
	name=$(find "${!dir}/new" -type f -printf '%T@ %p\n' | sort -n | tail -n 1)
	cat "${name#* }"
}

# waiting: how many in the spool.
waiting() { find "$SPOOL"/{new,due,hold} -type f 2>/dev/null | wc -l; }

# ---- unit tests

# unit NAME: the program tests/unit/FOLDER-NAME.c, FOLDER being that of the BATS
# file.  Under make asan it looks for leaks, which what is traced cannot, and
# what ends at once need not.
unit() {
	ASAN_OPTIONS=detect_leaks=1 "$BUILD/unit/${BATS_TEST_DIRNAME##*/}-$1" "${@:2}"
}

# all_units [NAME...]: a unit test that no BATS file of the folder runs would
# pass unnoticed.  NAMEs are no tests.
all_units() {
	local folder=${BATS_TEST_DIRNAME##*/} f name

	for f in "$ROOT/tests/unit/$folder"-*.c; do
		name=${f##*/"$folder"-} name=${name%.c}
		[[ " $* " != *" $name "* ]] || continue
		grep -Eq "unit ${name}[; ]|unit/$folder-$name\"" \
			"$BATS_TEST_DIRNAME"/*.bats || {
			echo "not run: $f"
			return 1
		}
	done
}
