# shellcheck shell=bash
# For the tests of mailq-run: mail straight into the spool, runs of the queue.

load ../lib

# entry ID FROM RCPT... <MESSAGE: an entry in new/ as spool(5) describes it,
# a short message when standard input is a terminal or empty.  AGE: seconds.
entry() {
	local id=$1 from=$2 file=$T/entry.$1 rcpt text=''
	shift 2
	[ -t 0 ] || text=$(cat && echo .)
	text=${text%.}
	[ -n "$text" ] || text=$'Subject: test '$id$'\nMessage-ID: <'$id$'@o>\n\nbody of '$id$'\n'
	mkdir -p "$SPOOL/new"
	{
		printf 'mailroom-spool 1\nid %s\narrival %d\nfrom %s\n' \
			"$id" $(($(date +%s) - ${AGE:-0})) "$from"
		for rcpt; do printf 'T %s\n' "$rcpt"; done
		printf '\n%s' "$text"
	} >"$file"
	chmod 600 "$file"
	own 20902 "$file" "$SPOOL/new"
	chmod 700 "$SPOOL/new"
	mv "$file" "$SPOOL/new/$id"
}

# mailq_run [OPTION...]: one run.
mailq_run() { "$BIN/mailq-run" -c "$CONFIG" "$@" 3>&-; }

# remote [OPTION...]: mail for there.test goes to a sink with these options.
remote() {
	sink "$@"
	config smtp-port "$SINK_PORT"
	config loopback-mx yes
	dns "there.test=$HOST" "other.test=$HOST"
}

# other_remote [OPTION...]: another sink in its place.
other_remote() {
	stop sink
	rm -f "$T/sink.out"
	sink "$@"
	config smtp-port "$SINK_PORT"
}

# zone NAME <LINES: what the name server says from now on, too.
zone() {
	stop dnsd
	rm -f "$T/dnsd.out"
	cat >>"$T/dns/$1.zone"
	dns
}

mails() { find "$T/sink" -name '*.mail' 2>/dev/null | wc -l; }
mail_to() { grep -l "^RCPT TO:<$1>" "$T"/sink/*.mail 2>/dev/null | wc -l; }
logged() { grep -q -- "$@" "$LOG"; }
