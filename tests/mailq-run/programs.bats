#!/usr/bin/env bats
# Real programs that call /usr/sbin/sendmail, with smtp-session behind it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # bats, and lib.bash

load ../lib

setup() {
	lib_setup
	chmod 755 "$RUN"
	start submit systemd-socket-activate --accept --inetd -l "$RUN/submit" \
		"$BIN/smtp-session" -c "$CONFIG"
	wait_for 20 test -S "$RUN/submit"
	chmod 666 "$RUN/submit"
	MAILER=$T/sendmail
	printf '#!/bin/sh\nexec %s -c %s "$@"\n' "$BIN/sendmail" "$CONFIG" \
		>"$MAILER"
	chmod 755 "$MAILER"
	export HOME=$T/self
	mkdir "$HOME"
}

needs() {
	command -v "$1" >/dev/null || skip "needs $1"
	id -un >/dev/null 2>&1 || skip "needs a name for uid $EUID"
}

@test "mutt" {
	needs mutt
	echo 'text of mutt' | mutt -n -F /dev/null -e "set sendmail='$MAILER -oem -oi'" \
		-e 'set from=alice@here.test use_envelope_from=yes' \
		-e 'set copy=no' -e 'set realname="A. Lice"' \
		-s 'from mutt' -c bob@here.test -b x@there.test alice@here.test
	[ "$(messages alice)" -eq 1 ]
	[ "$(messages bob)" -eq 1 ]
	[ "$(waiting)" -eq 1 ]
	message alice | grep -qx 'text of mutt'
	message alice | grep -qx 'Return-Path: <alice@here.test>'
	if message alice | grep -qi '^Bcc'; then return 1; fi
}

@test "git send-email" {
	perl -MMail::Address -e1 2>/dev/null || skip "needs libmailtools-perl"
	[ -e /usr/lib/git-core/git-send-email ] || skip "needs git-email"
	git init -q "$T/repo"
	cd "$T/repo"
	git config user.name 'Alïce'
	git config user.email alice@here.test
	echo 1 >f
	git add f
	git commit -qm 'one' -m 'Ünicode body'
	git send-email --quiet --confirm=never --sendmail-cmd="$MAILER" \
		--suppress-cc=all --to bob@here.test --cc x@there.test -1
	[ "$(messages bob)" -eq 1 ]
	[ "$(waiting)" -eq 1 ]
	message bob | grep -qx 'Subject: \[PATCH\] one'
	message bob >"$T/patch"
	git init -q "$T/other"
	cd "$T/other"
	git -c user.name=b -c user.email=b@x am -q "$T/patch"
	[ "$(git log --format=%b)" = 'Ünicode body' ]
}

@test "bsd-mailx" {
	needs bsd-mailx
	printf 'set sendmail=%s\n' "$MAILER" >"$HOME/.mailrc"
	echo 'text of mailx' | bsd-mailx -s 'from mailx' -c x@there.test \
		-r alice@here.test bob@here.test
	wait_for 20 eval '[ "$(messages bob)" = 1 ]'
	message bob | grep -qx 'text of mailx'
	wait_for 20 eval '[ "$(waiting)" = 1 ]'
}

@test "s-nail" {
	needs s-nail
	echo 'text of nail' | s-nail -:/ -S mta="file://$MAILER" -S sendwait \
		-S from=alice@here.test -s 'from nail' bob@here.test
	[ "$(messages bob)" -eq 1 ]
	message bob | grep -qx 'text of nail'
}

@test "Python's way, and Perl's" {
	python3 - "$MAILER" <<-'END'
	import subprocess, sys
	from email.message import EmailMessage
	m = EmailMessage()
	m["To"], m["From"] = "bob@here.test", "alice@here.test"
	m["Subject"] = "päivää"
	m.set_content("text")
	subprocess.run([sys.argv[1], "-t", "-oi"], input=m.as_bytes(),
	               check=True)
	END
	perl -e 'open(my $s, "|-", "$ARGV[0] -t") or die;
		print $s "To: bob\@here.test\nSubject: perl\n\ntext\n.\n";
		close($s) or die' "$MAILER"
	[ "$(messages bob)" -eq 2 ]
}

# cron calls it by its full name, so it gets a view of the file system in which
# ours is there: its line is "-i -FCronDaemon -B8BITMIME -oem USER".
@test "cron" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	needs cron
	mkdir -p "$T/sbin" "$T/tabs"
	cp "$MAILER" "$T/sbin/sendmail"
	printf 'MAILTO=bob@here.test\n@reboot echo text of cron\n' \
		>"$T/tabs/root"
	chmod 600 "$T/tabs/root"
	start cron unshare -m --propagation private sh -c '
		cp -a /usr/sbin/cron "$1/sbin" &&
		mount -t tmpfs none /etc/cron.d &&
		mount --bind "$1/tabs" /var/spool/cron/crontabs &&
		mount --bind "$1/sbin" /usr/sbin &&
		: >"$1/crontab" &&
		mount --bind "$1/crontab" /etc/crontab &&
		mount -t tmpfs none /run && exec /usr/sbin/cron -f' - "$T"
	wait_for 20 eval '[ "$(messages bob)" = 1 ]'
	message bob
	message bob | grep -qx 'text of cron'
	message bob | grep -q '^Subject: Cron <root@.*> echo text of cron'
	message bob | grep -q '^From: '
}
