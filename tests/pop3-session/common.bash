# shellcheck shell=bash disable=SC2016,SC2154
# What the tests of pop3-session share: mail in a Maildir, and a session.

# maildir USER: an empty one.
maildir() {
	local dir=MAILDIR_$1
	as "$1" mkdir -p -m 700 "${!dir}" "${!dir}/cur" "${!dir}/new" \
		"${!dir}/tmp"
}

# put NAME [USER]: store standard input as that file ("new/1.a") of alice's.
put() {
	local dir=MAILDIR_${2:-alice}
	maildir "${2:-alice}"
	as "${2:-alice}" tee "${!dir}/$1" >/dev/null
}

# three: the mailbox of most transcripts; 58, 61 and 21 octets on the wire.
three() {
	printf '%s\n' 'From: carol@far.test' 'Subject: one' '' 'first line' \
		'second' >"$T/1"
	printf '%s\n' 'From: carol@far.test' 'Subject: two' '' '.' '..dots' \
		'. is first' >"$T/2"
	printf '%s\n' 'Subject: three' '' 'x' >"$T/3"
	put new/1000000001.a.here <"$T/1"
	put cur/1000000002.b.here:2,S <"$T/2"
	put new/1000000003.c.here <"$T/3"
}

# play NAME [OPTION...]: the transcript NAME.chat.
play() {
	chat "${@:2}" pop3-session <"$BATS_TEST_DIRNAME/$1.chat"
}

# files [USER]: the mail that is there, sorted, without directories.
files() {
	local dir=MAILDIR_${1:-alice}
	find "${!dir}/new" "${!dir}/cur" -type f -printf '%f\n' | sort
}

# pop: pop3-session at $HOST:20110, for real clients.
pop() {
	start pop systemd-socket-activate --inetd --accept -l "$HOST:20110" \
		"$BIN/pop3-session" -c "$CONFIG" "$@"
	wait_for 20 listens "$HOST" 20110
}

# session: alice's, with the transcript on standard input behind the login.
session() {
	cat "$BATS_TEST_DIRNAME/head.chat" - | chat pop3-session
}

# begin, say LINE..., end: the same in pieces, with something between.
begin() {
	pop
	exec 8<>"/dev/tcp/$HOST/20110"
	mapfile -t lines <"$BATS_TEST_DIRNAME/head.chat"
	say "${lines[@]}"
}
say() {
	local line got
	for line; do
		case $line in
		"C: "*) printf '%s\r\n' "${line#C: }" >&8 ;;
		"S: "*)
			IFS= read -r -t 10 -u 8 got
			[ "$got" = "${line#S: }"$'\r' ] ||
				{ echo "want $line, got $got"; return 1; } ;;
		esac
	done
}
end() {
	not read -r -t 20 -u 8
	exec 8>&-
}

# elsewhere NAME: the transcript from an address that is no loopback one, in a
# network of its own.
elsewhere() {
	local net=(unshare --net)
	[ "$EUID" -eq 0 ] ||
		net+=(--user --map-current-user --keep-caps)
	"${net[@]}" true || skip "no network namespaces here"
	"${net[@]}" bash -c '
		ip link set lo up && ip address add 192.0.2.1/32 dev lo
		systemd-socket-activate --inetd --accept -l 192.0.2.1:110 \
			"$1" -c "$2" >/dev/null 2>&1 3>&- &
		until : 2>/dev/null </dev/tcp/192.0.2.1/110; do sleep 0.02; done
		"$3" 192.0.2.1:110
		status=$?
		kill "$!"
		exit "$status"
	' - "$BIN/pop3-session" "$CONFIG" "$TOOL/chat" \
		<"$BATS_TEST_DIRNAME/$1.chat"
}
