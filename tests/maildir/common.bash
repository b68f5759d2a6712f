# shellcheck shell=bash disable=SC2016,SC2034 # for the files that load this
# For the BATS files of maildir/, which need no mailroom.conf: $M is a Maildir
# that is not there yet, `drive` the store as a command.

setup() {
	T=$BATS_TEST_TMPDIR
	M=$T/Maildir
	DRIVE=$BUILD/unit/maildir-drive
	ACT=$BUILD/unit/maildir-act
	WORKER=$BUILD/unit/maildir-worker
	STARTED=() FAULT=()
}

drive() { "${FAULT[@]}" "$DRIVE" "$@"; }

# act FOLDER: a view of it that obeys the lines of standard input.
act() { "${FAULT[@]}" "$ACT" "$M" "$1"; }

# uids: UID and base name of each message, one line each.
uids() { drive list "$M" | sed '1d;s/ .* / /;s/:2,.*//'; }

# uidvalidity
uidvalidity() { sed -n '1s/.* V\([0-9]*\) .*/\1/p' "$M/dovecot-uidlist"; }

# times SHORT LONG: how often (LONG with SOAK=1).
times() { [ -n "${SOAK:-}" ] && echo "$2" || echo "$1"; }

# ---- Dovecot's own imap and pop3, on a pipe over $M

# dovecot_ready: the installed one, or Debian's packages unpacked once for all
# tests; skips the test where there is neither.
dovecot_ready() {
	DOVECOT=/usr
	[ ! -x /usr/lib/dovecot/imap ] || [ ! -x /usr/lib/dovecot/pop3 ] ||
		return 0
	DOVECOT=$BUILD/dovecot/usr
	(
		flock 9
		[ ! -x "$DOVECOT/lib/dovecot/pop3" ] || exit 0
		cd "$BUILD/dovecot" &&
			apt-get -q download dovecot-core dovecot-imapd \
				dovecot-pop3d &&
			for d in *.deb; do dpkg -x "$d" .; done && rm -f -- *.deb
	) 9>"$(mkdir -p "$BUILD/dovecot" && echo "$BUILD/dovecot.lock")" \
		>"$T/unpack" 2>&1 || skip 'no Dovecot'
}

# dovecot imap|pop3: one session on standard input.  Dovecot knows its own place
# only, so an unpacked one is laid over /usr in a mount name space; as it does
# not serve root, the mailbox belongs to a numeric uid then.
dovecot() {
	local over=() as=()
	[ -e "$T/dovecot.conf" ] || cat >"$T/dovecot.conf" <<-END
		base_dir = $T/run
		state_dir = $T/state
		mail_location = maildir:$M
		ssl = no
		first_valid_uid = 0
		namespace inbox {
		  inbox = yes
		}
	END
	if [ "$EUID" -eq 0 ]; then
		open_way
		[ "$DRIVE" = "$T/maildir-drive" ] || chown -R 60123:60123 "$M"
		as=(setpriv --reuid=60123 --regid=60123 --clear-groups)
		over=(unshare -m)
	else
		as=(unshare --map-user="$UID" --map-group="$(id -g)")
		over=(unshare -rm)
	fi
	[ "$DOVECOT" != /usr ] || over=() as=("${as[@]:0:EUID==0?4:0}")
	if [ "${#over[@]}" -gt 0 ]; then
		over+=(sh -c 'mount -t overlay -o "lowerdir=$0:/usr" none /usr &&
			exec "$@"' "$DOVECOT")
	fi
	HOME=$T USER=user "${over[@]}" "${as[@]}" "/usr/lib/dovecot/$1" \
		-c "$T/dovecot.conf" 2>>"$T/dovecot.err"
}

# Another uid must get through the 0700 directories of bats.
open_way() {
	local d
	for d in "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$T"; do
		[ ! -d "$d" ] || chmod a+x "$d" 2>/dev/null || :
	done
}

# imap COMMAND...: each command with a tag; answers without CR on output.
imap() {
	local n=0 c
	for c; do
		n=$((n + 1))
		printf 'a%s %s\r\n' "$n" "$c"
	done | dovecot imap | tr -d '\r'
}

# owned: the store as whom Dovecot runs as, so that either may touch what the
# other has made.
owned() {
	[ "$EUID" -eq 0 ] || return 0
	local p
	open_way
	mkdir -p "$M"
	chown -R 60123:60123 "$M"
	for p in "$DRIVE" "$ACT"; do
		cp "$p" "$T/${p##*/}.own"
		cat >"$T/${p##*/}" <<-END
			#!/bin/sh
			exec setpriv --reuid=60123 --regid=60123 \
				--clear-groups "$T/${p##*/}.own" "\$@"
		END
		chmod +x "$T/${p##*/}"
	done
	DRIVE=$T/${DRIVE##*/} ACT=$T/${ACT##*/}
}

# fill N: so many messages, unseen.
fill() {
	local i
	mkdir -p "$M"/{cur,new,tmp}
	for ((i = 0; i < $1; i++)); do
		echo x >"$M/cur/$i.x:2,"
	done
}
