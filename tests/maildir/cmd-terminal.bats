#!/usr/bin/env bats
# shellcheck disable=SC2154 # of tests/instance
# The maildir command typed at a terminal, with our own sendmail, while mutt,
# mbsync and an IMAP session are at work on the same Maildir.

load ../lib

setup() {
	local p
	for p in tmux inetd openssl; do
		PATH=$PATH:/usr/sbin command -v $p >/dev/null || skip "$p is missing"
	done
	for p in "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_TEST_TMPDIR"; do
		[ ! -d "$p" ] || chmod a+x "$p" 2>/dev/null || :
	done
	T=$BATS_TEST_TMPDIR
	I=$T/i
	if [ "$EUID" -eq 0 ]; then
		chown nobody "$T"
	fi
	eval "$(user "$ROOT/tests/instance" start "$I" --no-tls)"
	# Beside a sendmail that knows the configuration, and the users, who are
	# none of the system.
	user cp "$BIN/maildir" "$I/cmd/maildir"
	# shellcheck disable=SC2016 # for that shell
	printf '#!/bin/sh\nexec %s/bin/sendmail -c %s/etc -f "$EMAIL" "$@"\n' \
		"$I" "$I" >"$I/cmd/sendmail"
	HOME_alice=$I/home/alice HOME_bob=$I/home/bob
	export STARTED=()
}

# user COMMAND...: as an ordinary user, who all of the instance belongs to.
user() {
	if [ "$EUID" -eq 0 ]; then
		setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

teardown() {
	[ -z "${I:-}" ] || {
		touch "$T/enough"
		user tmux -S "$HOME_alice/tmux" kill-server 2>/dev/null || :
		lib_teardown
		user "$ROOT/tests/instance" stop "$I"
	}
}

# alice COMMAND...: as she would at her shell.
alice() {
	user env -u MAILDIR HOME="$HOME_alice" EMAIL=alice@here.test \
		SHELL=/bin/sh TERM=screen TZ=UTC LESS=-FRX PATH="$I/cmd:$I/bin:$PATH" "$@" \
		</dev/null
}

# shellcheck disable=SC2016 # for that shell
terminal() {
	alice sh -c 'cd && exec tmux -S "$HOME/tmux" -f /dev/null new-session \
		-d -x 90 -y 40 "PS1=\"\\$ \" exec bash --norc --noprofile"'
	appears '^\$ *$'
}
screen() { alice tmux -S "$HOME_alice/tmux" capture-pane -p -S -200; }
# types TEXT: and the return key.
types() { alice tmux -S "$HOME_alice/tmux" send-keys -l "$1" \; send-keys Enter; }
shows() { screen | grep -Eq "$1"; }
appears() {
	wait_for 20 shows "$1" || { echo "no $1"; screen; return 1; }
}

mutt_shows() {
	alice tmux -S "$HOME_alice/tmux" capture-pane -t 1 -p | grep -q "$1"
}

# mail SUBJECT: from bob to alice, with text, a MIME part and an uuencoded file.
mail() {
	user env EMAIL=bob@here.test "$I/cmd/sendmail" -i alice@here.test <<-END
		From: Bob <bob@here.test>
		To: alice@here.test
		Subject: $1
		MIME-Version: 1.0
		Content-Type: multipart/mixed; boundary=b

		--b
		Content-Type: text/plain; charset=utf-8
		Content-Transfer-Encoding: quoted-printable

		Sch=C3=B6ne =1B]0;title=07 Gr=C3=BC=C3=9Fe
		begin 644 uu.txt
		#:&D*
		\`
		end
		--b
		Content-Type: application/octet-stream; name=a.bin
		Content-Disposition: attachment; filename="=?utf-8?q?gr=C3=BCn?=.bin"
		Content-Transfer-Encoding: base64

		SGFsbG8K
		--b--
	END
}

# shellcheck disable=SC2016 # for that shell
alice_writes() { user sh -c 'umask 077; cat >"$0"' "$HOME_alice/$1" >/dev/null; }
worked() { [ -n "$(find "$I/home/alice/Maildir/.Work/new" -type f)" ]; }
arrived() { [ "$(messages_of "$1")" -ge "$2" ]; }
messages_of() { find "$I/home/$1/Maildir"/{cur,new} -type f | wc -l; }

# others: mutt, mbsync and an IMAP session, until the file "enough" is there.
others() {
	alice mkdir "$HOME_alice/copy"
	printf '%s\n' 'MaildirStore here' "Path $HOME_alice/copy/" \
		"Inbox $HOME_alice/copy/INBOX" '' 'IMAPAccount us' \
		"Tunnel \"$I/bin/imap-session -c $I/etc\"" '' 'IMAPStore there' \
		'Account us' '' 'Channel all' 'Far :there:' 'Near :here:' \
		'Create Near' 'SyncState *' >"$T/rc"
	user cp "$T/rc" "$HOME_alice/rc"
	# shellcheck disable=SC2016 # for that shell
	start others alice sh -c 'cd
		while [ ! -e "$0/enough" ]; do
			printf "a SELECT INBOX\r\nb STORE 1:* +FLAGS (seen-by-imap)\r\nc LOGOUT\r\n" |
				imap-session -c "$1" >>imap.out
			! command -v mbsync >/dev/null || mbsync -q -c rc -a
		done' "$T" "$I/etc"
}

# What she does with old mail.
files_and_finds() {
	types 'clear; maildir search subject:zwei'
	appears ' 2 .*zwei$'
	appears 'INBOX: 2 messages, .* 1 listed'
	types 'clear; maildir create Archiv; maildir copy Archiv 2; maildir list -f Archiv'
	appears 'Archiv: 1 messages'
	types 'clear; maildir delete -f Archiv 1; maildir undelete -f Archiv; maildir list -f Archiv'
	appears '^ +1  20[0-9-]+  Bob'
	appears 'Archiv: 0 messages'
	types 'clear; maildir undelete -f Archiv 1; maildir list -f Archiv; maildir list -f Nix'
	appears 'Archiv: 1 messages'
	appears '^maildir: list: no folder Nix$'
	types 'clear; maildir move -f Archiv INBOX all; maildir search has:attachment zwei'
	appears 'INBOX: 3 messages, .* 2 listed'
	types 'clear; maildir delete "$"; maildir status'
	appears '^ +2 .* INBOX$'
}

@test "a terminal: read, save, write, reply, forward, with others at work" {
	mail 'Grüße eins'
	mail 'zwei'
	wait_for 10 arrived alice 2
	others
	# shellcheck disable=SC2016 # for the editor
	printf '#!/bin/sh\n{ cat "$1"; echo "typed by hand: \xc3\xa4"; } >"$1.new" && mv "$1.new" "$1"\n' \
		>"$T/editor"
	chmod 755 "$T/editor"
	terminal
	if command -v mutt >/dev/null; then
		alice tmux -S "$HOME_alice/tmux" new-window -d \
			"cd && exec mutt -n -F /dev/null -e 'set folder=Maildir' -f Maildir"
		wait_for 20 mutt_shows 'zwei' || {
			alice tmux -S "$HOME_alice/tmux" capture-pane -t 1 -p
			alice tmux -S "$HOME_alice/tmux" list-windows
			return 1
		}
		# Flag the first message and write that down.
		alice tmux -S "$HOME_alice/tmux" send-keys -t 1 F \; \
			send-keys -t 1 '$'
	fi
	types "export EDITOR=$T/editor"
	types maildir
	appears ' 1 .*@.* Bob +Grüße eins'
	appears 'INBOX: 2 messages'
	types 'maildir 1'
	appears 'Schöne \^\[\]0;title\^G Grüße'
	appears '^\[2: uu.txt, .*uuencoded\]'
	appears '^\[3: grün.bin'
	types 'maildir save 1 && ls'
	appears '^grün.bin'
	[ "$(cat "$HOME_alice/grün.bin")" = Hallo ]
	[ "$(cat "$HOME_alice/uu.txt")" = hi ]
	types 'maildir write -s "Von Hand" -A uu.txt bob@here.test'
	appears 'send, edit again, keep or drop'
	types s
	wait_for 20 arrived bob 1
	types 'clear; maildir reply 1'
	appears 'send, edit again, keep or drop'
	types s
	wait_for 20 arrived bob 2
	types 'clear; maildir forward bob@here.test 2'
	appears 'send, edit again, keep or drop'
	types s
	wait_for 20 arrived bob 3
	types 'clear; maildir list all; maildir list -f Sent; echo do''ne'
	appears '^done'
	shows ' 1 .R.@' || shows ' 1 ..R'
	shows ' 2 .F.@' || shows ' 2 ..F'
	[ "$(alice maildir list -q -f Sent | wc -l)" -eq 3 ]
	files_and_finds
	touch "$T/enough"
	wait "$PID_others" || :
	cat "$T/others.out"
	[ -z "$(find "$HOME_alice/Maildir/mailroom-drafts" -type f 2>/dev/null)" ]
	grep -rqx 'typed by hand: ä' "$HOME_bob/Maildir" ||
		grep -rq 'typed by hand: =C3=A4' "$HOME_bob/Maildir"
	grep -rq 'Subject: Re: ' "$HOME_bob/Maildir"
	grep -rq 'message/rfc822' "$HOME_bob/Maildir"
	[ "$(alice maildir list -q | wc -l)" -eq 2 ]
	alice maildir check
	[[ $(alice maildir list -j 1) == *seen-by-imap* ]]
	! command -v mbsync || grep -rq 'Subject: zwei' "$HOME_alice/copy"
	! command -v mutt || [[ $(alice maildir list -j) == *'"flagged"'* ]]
}

@test "a .forward with |maildir deliver: rules, and an answer" {
	printf '"|%s/cmd/maildir deliver"\n' "$I" | alice_writes .forward
	printf 'move Work\n\tSubject: eins\n' |
		alice_writes Maildir/mailroom-rules
	printf 'Address: alice@here.test\n\nI am away.\n' |
		alice_writes Maildir/mailroom-vacation
	# Commands have an environment of their own.
	printf '#!/bin/sh\nexec %s/bin/sendmail -c %s/etc "$@"\n' \
		"$I" "$I" >"$I/cmd/sendmail"
	user "$I/cmd/sendmail" -f bob@here.test -i alice@here.test <<-END
		From: bob@here.test
		To: alice@here.test
		Subject: eins
		Message-ID: <1@x>

		text
	END
	wait_for 30 worked || { cat "$I/log"; return 1; }
	wait_for 30 arrived bob 1 || { cat "$I/log"; return 1; }
	grep -rq 'Subject: Auto: eins' "$HOME_bob/Maildir/new"
	grep -rq 'Auto-Submitted: auto-replied' "$HOME_bob/Maildir/new"
}
