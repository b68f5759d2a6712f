# shellcheck shell=bash
# For the tests of mailq-run: mail straight into the spool, runs of the queue.

load ../lib

# spool_new: the directory is there.
spool_new() {
	[ ! -d "$SPOOL/new" ] || return 0
	mkdir -p "$SPOOL/new"
	chmod 700 "$SPOOL/new"
	own 20902 "$SPOOL/new"
}

# entry ID FROM RCPT... <MESSAGE: an entry in new/ as spool(5) describes it,
# a short message when standard input is a terminal or empty.  AGE: seconds.
# Tests make many, so it starts few programs.
entry() {
	local id=$1 from=$2 file=$T/entry.$1 text='' rcpt
	shift 2
	if ! [ -t 0 ] && ! [ /dev/stdin -ef /dev/null ]; then
		text=$file.text
		cat >"$text"
	fi
	umask 077
	{
		printf 'mailroom-spool 1\nid %s\narrival %d\nfrom %s\n' \
			"$id" $((EPOCHSECONDS - ${AGE:-0})) "$from"
		for rcpt; do printf 'T %s\n' "$rcpt"; done
		echo
		if [ -s "$text" ]; then
			cat "$text"
		else
			printf '%s\n' "Subject: test $id" \
				"Message-ID: <$id@o>" '' "body of $id"
		fi
	} >"$file"
	umask "$MASK"
	spool_new
	own 20902 "$file"
	mv "$file" "$SPOOL/new/$id"
}
MASK=$(umask)

# letters ID COUNT [DOMAIN]: so many for bob there (there.test), under ids that
# begin so, at once; while nothing runs that could see half of one.
letters() {
	local i
	spool_new
	for ((i = 0; i < $2; i++)); do
		printf '%s\n' 'mailroom-spool 1' "id $1$i" "arrival $EPOCHSECONDS" \
			'from a@here.test' "T bob@${3:-there.test}" '' \
			"Subject: test $1$i" '' "body of $1$i" >"$SPOOL/new/$1$i"
	done
	chmod 600 "$SPOOL"/new/*
	own 20902 "$SPOOL"/new/*
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

# far [OPTION...]: smtp-session with these options serves there.test on port
# 20026, as mx.there.test with a certificate, and alice and bob may log in.
far() {
	local d=$T/far
	far_make
	start far systemd-socket-activate --accept --inetd -l "$HOST:20026" \
		"$BIN/smtp-session" -c "$d/etc" "$@"
	wait_for 20 listens "$HOST" 20026
	config smtp-port 20026
	config loopback-mx yes
	dns "there.test=$HOST"
}

# far_make: what it needs, in $T/far.
far_make() {
	local d=$T/far
	mkdir -p "$d/etc/tls" "$d/run/empty" "$d/spool"
	chmod 755 "$d" "$d/etc" "$d/run" "$d/run/empty"
	chmod 700 "$d/spool"
	own 20902 "$d/spool"
	certificate mx.there.test "$d/etc/tls"
	cp "$CONFIG/users" "$d/etc/users"
	chmod 600 "$d/etc/users"
	echo there.test >"$d/etc/domains"
	sed "s,$T/,$d/,; s,^hostname.*,hostname mx.there.test," \
		"$CONFIG/mailroom.conf" >"$d/etc/mailroom.conf"
}

# certificate NAME DIR: cert.pem and key.pem, certified by itself.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 30 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" \
		-keyout "$2/key.pem" -out "$2/cert.pem" 2>/dev/null
	chmod 600 "$2/key.pem"
	chmod 644 "$2/cert.pem"
}

# trusting CERT COMMAND...: where CERT is the one authority that is known.
trusting() {
	local how=(unshare -m)
	mkdir -p "$T/authorities"
	cp "$1" "$T/authorities/one.pem"
	openssl rehash "$T/authorities"
	chmod -R a+rX "$T/authorities"
	shift
	[ "$EUID" -eq 0 ] || how=(unshare --map-current-user --keep-caps -m)
	# shellcheck disable=SC2016
	"${how[@]}" sh -c 'mount --bind "$0" /etc/ssl/certs && exec "$@"' \
		"$T/authorities" "$@"
}

# Is there anything for trusting to work with?
needs_mounts() {
	trusting /dev/null true 2>/dev/null || skip "needs mount namespaces"
}

routes() { cat >"$CONFIG/routes"; }
