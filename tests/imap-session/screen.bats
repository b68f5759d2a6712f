#!/usr/bin/env bats
# Mail programs that want a screen, in tmux.
# shellcheck disable=SC2154

load ../lib
load ../pop3-session/common
load common

setup() {
	lib_setup
	three
	imap
}

teardown() {
	tmux -S "$T/tmux" kill-server 2>/dev/null || :
	lib_teardown
}

# needs PROGRAM: or the test is left out.
needs() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
	command -v tmux >/dev/null || skip "tmux is not installed"
}

# keys KEY...: as tmux names them.
keys() { tmux -S "$T/tmux" send-keys "$@"; }

# shows TEXT: is it on the screen?
shows() { tmux -S "$T/tmux" capture-pane -p | grep -qF -- "$1"; }

# sees TEXT: it will be, soon.
sees() {
	wait_for 20 shows "$1" || {
		tmux -S "$T/tmux" capture-pane -p
		return 1
	}
}

# gone NAME: no file of alice's INBOX begins so.
gone() { [ -z "$(find "$MAILDIR_alice"/{cur,new} -name "$1*")" ]; }

# mutt_like PROGRAM [LINE OF CONFIGURATION...]: read, flag, copy, delete, and
# see what comes meanwhile.
mutt_like() {
	local program=$1
	shift
	{
		printf 'set %s\n' "spoolfile=imap://alice@$HOST:20143/INBOX" \
			"folder=imap://alice@$HOST:20143/" \
			imap_user=alice imap_pass=correct-horse \
			imap_authenticators=login ssl_starttls=no \
			ssl_force_tls=no delete=yes quit=yes confirmcreate=no \
			confirmappend=no resolve=no imap_idle=yes \
			imap_keepalive=5 "header_cache=$T/cache" sort=date \
			mail_check=1 timeout=1 wait_key=no pager_stop=yes
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$T/rc"
	tmux -S "$T/tmux" -f /dev/null new-session -d -x 100 -y 30 \
		env HOME="$T" LC_ALL=C.UTF-8 "$program" -n -F "$T/rc"
	sees three
	keys 1 Enter Enter
	sees 'first line'
	keys q
	sees three
	keys 2 Enter F C
	sees 'Copy to mailbox'
	keys C-u '=Kept' Enter
	wait_for 20 test -d "$MAILDIR_alice/.Kept/cur"
	keys 3 Enter d '$'
	wait_for 20 gone 1000000003
	printf 'Subject: tidings\n\nx\n' | put new/1000000004.d.here
	sees tidings
	keys q
	wait_for 20 not tmux -S "$T/tmux" has-session
	ls "$MAILDIR_alice"/cur/1000000002.b.here*:2,F*
	ls "$MAILDIR_alice"/cur/1000000001.a.here*:2,S
	grep -q 'Subject: two' "$MAILDIR_alice"/.Kept/cur/*
}

@test "mutt" {
	needs mutt
	mutt_like mutt 'set imap_qresync=no imap_condstore=yes'
}

@test "mutt, QRESYNC, twice" {
	needs mutt
	mutt_like mutt 'set imap_qresync=yes'
	tmux -S "$T/tmux" -f /dev/null new-session -d -x 100 -y 30 \
		env HOME="$T" LC_ALL=C.UTF-8 mutt -n -F "$T/rc"
	sees tidings
	not shows three
	keys q
}

@test "neomutt" {
	needs neomutt
	mutt_like neomutt 'set imap_condstore=yes' 'set imap_qresync=yes'
}
