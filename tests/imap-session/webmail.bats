#!/usr/bin/env bats
# Roundcube, as a browser uses it: served by PHP alone, told by curl.
# shellcheck disable=SC2154

load ../lib
load ../pop3-session/common
load common

ROUNDCUBE=/usr/share/roundcube

# The configuration of Roundcube, and itself at $HOST:28080.
webmail() {
	local as=()
	[ -d "$ROUNDCUBE" ] || skip "roundcube-core is not installed"
	command -v php >/dev/null || skip "php-cli is not installed"
	mkdir -p "$T/web/temp" "$T/web/logs"
	cp /etc/roundcube/defaults.inc.php /etc/roundcube/mimetypes.php "$T/web"
	cat >"$T/web/config.inc.php" <<-END
	<?php
	\$config['db_dsnw'] = 'sqlite:///$T/web/db?mode=0646';
	\$config['imap_host'] = '$HOST:20143';
	\$config['log_dir'] = '$T/web/logs/';
	\$config['temp_dir'] = '$T/web/temp/';
	\$config['des_key'] = 'twenty-four-octets-of-it';
	\$config['imap_debug'] = true;
	END
	[ "$EUID" -ne 0 ] || chown -R "$UID_alice" "$T/web"
	# one process, so that it ends with the test
	[ "$EUID" -ne 0 ] || as=(setpriv --reuid "$UID_alice" --regid
		"$UID_alice" --clear-groups)
	start web env ROUNDCUBE_CONFIG_DIR="$T/web" "${as[@]}" \
		php -S "$HOST:28080" -t "$ROUNDCUBE"
	wait_for 20 listens "$HOST" 28080
}

# page OPTION... QUERY: what the browser gets.
page() {
	curl -s -m 60 -c "$T/jar" -b "$T/jar" -L "${@:1:$#-1}" \
		"http://$HOST:28080/?${*: -1}"
}

# ask OPTION... QUERY: the same, asked by the script of a page.
ask() {
	page -H "X-Roundcube-Request: $token" "${@:1:$#-1}" "${*: -1}&_remote=1"
}

log_in() {
	token=$(page "" | sed -n 's/.*name="_token" value="\([^"]*\)".*/\1/p')
	page --data-urlencode "_token=$token" --data-urlencode "_user=alice" \
		--data-urlencode "_pass=$PASSWORD" \
		-d "_task=login&_action=login" "_task=login" >"$T/page"
	grep -q '<title>.*Inbox</title>' "$T/page"
	token=$(sed -n 's/.*"request_token":"\([^"]*\)".*/\1/p' "$T/page")
}

@test "Roundcube" {
	three
	imap
	webmail
	log_in
	ask "_task=mail&_action=list&_mbox=INBOX" >"$T/list"
	[ "$(grep -o 'add_message_row(' "$T/list" | wc -l)" -eq 3 ]
	ask "_task=mail&_action=list&_mbox=INBOX&_sort=subject_DESC" |
		grep -q 'add_message_row'
	ask "_task=mail&_action=search&_mbox=INBOX&_q=three&_headers=text" \
		>"$T/found"
	[ "$(grep -o 'add_message_row([0-9]*' "$T/found")" = \
		"add_message_row(3" ]
	page "_task=mail&_action=show&_uid=2&_mbox=INBOX&_framed=1" >"$T/shown"
	grep -q 'class="message-part"' "$T/shown"
	ask -d "_uid=3&_flag=flagged&_mbox=INBOX" "_task=mail&_action=mark" |
		grep -q 'marked successfully'
	ask -d "_uid=1&_mbox=INBOX&_target_mbox=Trash" \
		"_task=mail&_action=move" | grep -q 'moved to Trash successfully'
	page -d "_token=$token&_task=settings&_action=save-folder" \
		-d "_mbox=&_parent=&_path=&_framed=1" \
		--data-urlencode "_name=Büro" "_task=settings" >/dev/null
	page "_task=mail&_mbox=Trash" | grep -q '<title>.*Trash</title>'

	[ "$(find "$MAILDIR_alice/.Trash/cur" -type f | wc -l)" -eq 1 ]
	[ "$(find "$MAILDIR_alice/cur" -name '*:2,*F*' | wc -l)" -eq 1 ]
	[ -d "$MAILDIR_alice/.B&APw-ro/cur" ]
	[ "$(find "$MAILDIR_alice/cur" -type f | wc -l)" -eq 2 ]
	# It asks for the Trash before it makes one; else nothing is refused.
	[ "$(grep -ac 'S: A[0-9]* NO ' "$T/web/logs/imap.log")" -le 1 ]
	[ "$(grep -ac 'S: A[0-9]* BAD' "$T/web/logs/imap.log")" -eq 0 ]
}
