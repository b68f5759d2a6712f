# shellcheck shell=bash disable=SC2154
# What the tests of imap-session share, besides ../pop3-session/common.

# imap: imap-session at $HOST:20143.
imap() {
	start imap systemd-socket-activate --inetd --accept \
		-l "$HOST:20143" "$BIN/imap-session" -c "$CONFIG"
	wait_for 20 listens "$HOST" 20143
}

# begin FD [FOLDER]: log in as alice on that descriptor, and select.
begin() {
	eval "exec $1<>/dev/tcp/$HOST/20143"
	say "$1" 'S: * OK IMAP server ready' \
		'C: L LOGIN alice correct-horse' 'S~ L OK *'
	[ -z "${2:-}" ] || say "$1" "C: L SELECT $2" 'S* L OK *'
}

# say FD LINE...: C: sends; S: is exactly the next line; S~ matches it as a
# shell pattern; S* skips lines until one matches.
say() {
	local fd=$1 line got
	shift
	for line; do
		case $line in
		"C: "*)
			printf '%s\r\n' "${line#C: }" >&"$fd"
			continue ;;
		esac
		while :; do
			IFS= read -r -t 20 -u "$fd" got ||
				{ echo "want $line, got nothing"; return 1; }
			got=${got%$'\r'}
			# shellcheck disable=SC2053
			case $line in
			"S: "*) [ "$got" != "${line#S: }" ] || break ;;
			*) [[ $got != ${line#S? } ]] || break ;;
			esac
			[ "${line:1:1}" = "*" ] ||
				{ echo "want $line, got $got"; return 1; }
		done
	done
}

# end FD
end() {
	say "$1" 'C: Z LOGOUT' 'S* Z OK Bye'
	eval "exec $1<&-"
}

# mbsync_rc USER DIR: what mbsync needs to keep DIR and the server alike.
mbsync_rc() {
	cat <<-END
		IMAPAccount a
		Host $HOST
		Port 20143
		User $1
		Pass correct-horse
		SSLType None
		AuthMechs LOGIN

		IMAPStore far
		Account a

		MaildirStore near
		Path $2/
		Inbox $2/INBOX
		SubFolders Verbatim

		Channel c
		Far :far:
		Near :near:
		Patterns *
		Create Both
		Expunge Both
		SyncState *
	END
}
