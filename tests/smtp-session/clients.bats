#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# Clients that others wrote bring mail: to the mail exchange in clear and with
# STARTTLS, to submission with a login over STARTTLS, over TLS from the first
# octet, and in clear where that is allowed.

load ../lib
load smtp

MX=2525 SUBMISSION=2587 SUBMISSIONS=2465
NAME=mx.here.test

setup() {
	lib_setup
	private_certificate "$CONFIG/tls" "$NAME"
	CA=$CONFIG/tls/cert.pem
	serve mx "$MX"
	serve submission "$SUBMISSION" -s
	serve submissions "$SUBMISSIONS" -s -S
	# What mail has to survive: dots, long lines, 8 bit, no line at its end.
	{
		printf '%s\r\n' 'From: Alice <alice@here.test>' \
			'To: bob@here.test' 'Subject: from a client' \
			'MIME-Version: 1.0' \
			'Content-Type: text/plain; charset=utf-8' \
			'Content-Transfer-Encoding: 8bit' '' .dot .. \
			"$(printf '%0900d' 7)" 'Gr'$'\xc3\xbc''ße' end
	} >"$T/mail"
	export HOME=$T
}

# serve NAME PORT [OPTION...]
serve() {
	start "$1" systemd-socket-activate --inetd -a -l "$HOST:$2" \
		"$BIN/smtp-session" -c "$CONFIG" "${@:3}"
	wait_for 10 listens "$HOST" "$2"
}

# arrived PROTOCOL: bob has one mail, it came so, and is what was sent.
arrived() {
	[ "$(count bob)" -eq 1 ]
	has "with $1 id" bob
	has '^Return-Path: <alice@here.test>' bob
	[ "$(message bob | sed '1,/^$/d')" = \
		"$(tr -d '\r' <"$T/mail" | sed '1,/^$/d')" ]
	rm -r "$T/home/bob/Maildir"
}

# every SENDER: the matrix.  SENDER PORT TLS [LOGIN] sends $T/mail, where TLS
# is clear, starttls or implicit.
every() {
	"$1" "$MX" clear
	arrived ESMTP
	"$1" "$MX" starttls
	arrived ESMTPS
	"$1" "$SUBMISSION" clear alice
	arrived ESMTPA
	"$1" "$SUBMISSION" starttls alice
	arrived ESMTPSA
	"$1" "$SUBMISSIONS" implicit alice
	arrived ESMTPSA
	# Without a login, or with a wrong one, nothing gets through.
	not "$1" "$SUBMISSION" starttls
	PASSWORD=wrong not "$1" "$SUBMISSION" starttls alice
	[ "$(count bob)" -eq 0 ]
}

# ---- the clients

by_curl() {
	local scheme=smtp tls=() login=()
	case $2 in
	starttls) tls=(--ssl-reqd) ;;
	implicit) scheme=smtps ;;
	esac
	[ -z "${3:-}" ] || login=(--user "$3:$PASSWORD")
	curl -sS --max-time 20 --cacert "$CA" --resolve "$NAME:$1:$HOST" \
		"${tls[@]}" "${login[@]}" --mail-from alice@here.test \
		--mail-rcpt bob@here.test --upload-file "$T/mail" \
		"$scheme://$NAME:$1"
}

by_swaks() {
	local tls=() login=()
	case $2 in
	starttls) tls=(--tls --tls-ca-path "$CA" --tls-verify) ;;
	implicit) tls=(--tls-on-connect --tls-ca-path "$CA" --tls-verify) ;;
	esac
	[ -z "${3:-}" ] || login=(--auth-user "$3" --auth-password "$PASSWORD"
		--auth)
	tr -d '\r' <"$T/mail" >"$T/mail.lf"
	swaks --server "$HOST" --port "$1" --timeout 20 "${tls[@]}" \
		"${login[@]}" --helo client.test --from alice@here.test \
		--to bob@here.test --data "@$T/mail.lf"
}

by_msmtp() {
	{
		printf '%s\n' 'account default' "host $HOST" "port $1" \
			'from alice@here.test' 'domain client.test' 'timeout 20'
		case $2 in
		clear) printf '%s\n' 'tls off' ;;
		*)
			printf '%s\n' 'tls on' "tls_trust_file $CA" \
				"tls_host_override $NAME"
			[ "$2" = starttls ] || echo 'tls_starttls off'
			;;
		esac
		[ -z "${3:-}" ] || printf '%s\n' "auth ${MECHANISM:-plain}" \
			"user $3" "password $PASSWORD"
	} >"$T/msmtprc"
	chmod 600 "$T/msmtprc"
	tr -d '\r' <"$T/mail" | msmtp -C "$T/msmtprc" bob@here.test
}

by_smtplib() {
	python3 - "$CA" "$NAME" "$HOST" "$T/mail" "$@" <<-'END'
	import smtplib, socket, ssl, sys
	ca, name, host, file, port, tls, *login = sys.argv[1:]
	context = ssl.create_default_context(cafile=ca)
	def connect(self, h, port, timeout):
	    return socket.create_connection((host, port), 20)
	class Clear(smtplib.SMTP):
	    _get_socket = connect
	class Implicit(smtplib.SMTP_SSL):
	    def _get_socket(self, h, port, timeout):
	        return self.context.wrap_socket(connect(self, h, port, timeout),
	                                        server_hostname=h)
	if tls == "implicit":
	    s = Implicit(name, int(port), context=context)
	else:
	    s = Clear(name, int(port))
	if tls == "starttls":
	    s.starttls(context=context)
	if login:
	    import os
	    s.login(login[0], os.environ["PASSWORD"])
	s.sendmail("alice@here.test", ["bob@here.test"], open(file, "rb").read(),
	           ["BODY=8BITMIME"])
	s.quit()
	END
}

by_mutt() {
	local scheme=smtp who=''
	[ "$2" != implicit ] || scheme=smtps
	[ -z "${3:-}" ] || who="$3:$PASSWORD@"
	cat >"$T/muttrc" <<-END
	set smtp_url="$scheme://$who$HOST:$1/"
	set certificate_file="$CA"
	set ssl_verify_host=no
	set ssl_starttls=$([ "$2" = starttls ] && echo yes || echo no)
	set ssl_force_tls=$([ "$2" = clear ] && echo no || echo yes)
	set smtp_authenticators="plain"
	set from="alice@here.test"
	set use_envelope_from=yes
	set envelope_from_address="alice@here.test"
	set realname="Alice"
	set send_charset="utf-8"
	set copy=no
	set allow_8bit=yes
	END
	tr -d '\r' <"$T/mail" | sed '1,/^$/d' >"$T/body"
	LC_ALL=C.UTF-8 TERM=dumb mutt -F "$T/muttrc" -s 'from a client' \
		bob@here.test <"$T/body"
}

@test "curl" {
	every by_curl
}

@test "swaks" {
	command -v swaks >/dev/null || skip "swaks is not here"
	every by_swaks
}

@test "msmtp" {
	command -v msmtp >/dev/null || skip "msmtp is not here"
	every by_msmtp
	MECHANISM=login by_msmtp "$SUBMISSIONS" implicit alice
	arrived ESMTPSA
}

@test "Python's smtplib" {
	export PASSWORD
	every by_smtplib
}

@test "mutt" {
	every by_mutt
}
