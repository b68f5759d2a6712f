#!/usr/bin/env bats
# make install and uninstall; the units, inetd lines and directories they bring.

load lib

# Builds in a copy: another prefix is another program.
install_to() {
	cp -a "$BUILD" "$T/build"
	make -s -C "$ROOT" B="$T/build" DESTDIR="$T/root" PREFIX=/usr/local \
		"$@" install
}

@test "install, then uninstall leaves no file" {
	local f
	install_to
	for f in sbin/smtp-session sbin/pop3-session sbin/mailq-run bin/mailq \
		bin/sendmail lib/mailroom/auth-pam lib/mailroom/find-user \
		lib/mailroom/to-utf8; do
		[ -x "$T/root/usr/local/$f" ]
	done
	[ -f "$T/root/usr/local/share/man/man8/smtp-session.8" ]
	make -s -C "$ROOT" B="$T/build" DESTDIR="$T/root" PREFIX=/usr/local \
		uninstall
	[ -z "$(find "$T/root" -type f)" ]
}

# Paths below another prefix; no setuid or setgid bit anywhere.
@test "install below another prefix" {
	not sanitized || skip "builds for sanitizers are not installed"
	install_to PREFIX=/opt/mail
	not grep -r /usr/local/sbin "$T/root"/opt/mail/lib/systemd
	not cmp -s "$BUILD/obj/session/config.o" "$T/build/obj/session/config.o"
	grep -q /opt/mail/sbin/smtp-session \
		"$T/root"/opt/mail/lib/systemd/system/smtp-session@.service
	[ -z "$(find "$T/root" -perm /6000)" ]
}

@test "units: systemd-analyze verify says nothing" {
	local u units=()
	install_to
	for u in "$T/root"/usr/local/lib/systemd/system/*; do
		# The programs are where DESTDIR says, for once.
		sed -i "s,/usr/local/s\?bin/,$T/root&," "$u"
		units+=("$u")
	done
	[ "${#units[@]}" -ge 6 ]
	run systemd-analyze verify --man=no "${units[@]}"
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "units: many connections do not switch a socket off" {
	local u
	for u in "$ROOT"/*/*.socket; do
		grep -q '^TriggerLimitIntervalSec=0' "$u" ||
			{ echo "$u: TriggerLimitIntervalSec"; return 1; }
		! grep -q '^Accept=yes' "$u" ||
			grep -q '^MaxConnections=' "$u" ||
			{ echo "$u: MaxConnections"; return 1; }
	done
	for u in "$ROOT"/*/*@.service; do
		grep -q '^KillMode=process' "$u" &&
			grep -q '^CollectMode=inactive-or-failed' "$u" ||
			{ echo "$u"; return 1; }
	done
}

@test "inetd lines: openbsd-inetd takes all of them" {
	sed "s,^[a-z0-9]*\t\(.*\ttcp\t\),$HOST:20999\t\1,
		s,^[a-z0-9]*\t\(.*\ttcp6\t\),#,
		s,^/run/mailroom,$RUN,; s,\troot\t,\t$(id -un)\t," \
		"$ROOT"/*/inetd.conf >"$T/inetd.conf"
	start inetd /usr/sbin/inetd -d "$T/inetd.conf"
	wait_for 20 grep -q submit "$T/inetd.out"
	wait_for 20 test -S "$RUN/submit"
	cat "$T/inetd.out"
	not grep -Ei 'error|unknown|bad|fail|incomplete' "$T/inetd.out"
}

# takes_mail PROGRAM or ADDRESS: one message to alice.
takes_mail() {
	chat "$1" <<-'END'
	S: 220...
	C: HELO far.test
	C: MAIL FROM:<x@far.test>
	C: RCPT TO:<alice@here.test>
	C: DATA
	S: 250...
	S: 250...
	S: 250...
	S: 354...
	C: .
	S: 250...
	C: QUIT
	S: 221...
	END
}

# systemd-nspawn and Docker answer EPERM to calls that their filter does not
# know; the sessions work all the same, behind what is left of the sandbox.
@test "a container whose filter has no Landlock" {
	fault landlock_create_ruleset EPERM
	takes_mail smtp-session
	faulted
	[ "$(messages)" -eq 1 ]
}

# other KIND: what session/superservers makes of the line of port 25.
other() {
	"$ROOT/session/superservers" -v kind="$1" "$ROOT/smtp-session/inetd.conf" |
		sed "s,/usr/local/sbin/smtp-session,$BIN/smtp-session,
			s,[\t/]smtp-session$,& -c $CONFIG,
			s,\troot\t,\t$(id -un)\t,; s,= root,= $(id -un),"
}

# unpacked PACKAGE FILE: it conflicts with what is installed, so `make deps` only
# unpacks it.
unpacked() {
	PROGRAM=$BUILD/peers/$1/$2
	[ -x "$PROGRAM" ] || skip "$1 is not here: it conflicts with what is installed"
}

# it_serves: a mail comes in at $HOST:20025.
it_serves() {
	wait_for 20 listens "$HOST" 20025
	takes_mail "$HOST:20025"
	[ "$(messages)" -eq 1 ]
}

@test "inetd lines: GNU inetutils" {
	unpacked inetutils-inetd usr/sbin/inetutils-inetd
	other inetutils | sed "s,^smtp\t,$HOST:20025\t,; s,\ttcp6,\ttcp4,
		/^sub/d" >"$T/inetd.conf"
	start inetutils "$PROGRAM" -d -p "$T/inetutils.pid" "$T/inetd.conf"
	it_serves
}

@test "inetd lines: xinetd" {
	unpacked xinetd usr/sbin/xinetd
	other xinetd | sed "s/^service smtp$/&-here/; s/IPv6 KEEP/KEEP/
		/smtp-here/,/^}/s/^{/{ \n\ttype = UNLISTED\n\tport = 20025\n\tbind = $HOST\n\tserver_args = -c ${CONFIG//\//\\/}/
		/^service submission/,/^}/d
		s,\(server\t\t= [^ ]*\) -c .*,\1," >"$T/xinetd.conf"
	start xinetd "$PROGRAM" -dontfork -f "$T/xinetd.conf" \
		-filelog "$T/xinetd.log" -pidfile "$T/xinetd.pid"
	it_serves
}

@test "inetd lines: tcpserver" {
	command -v tcpserver >/dev/null || skip "ucspi-tcp is not here"
	local line
	line=$(other tcpserver | grep '^exec tcpserver .* smtp ')
	line=${line/ 0 smtp / $HOST 20025 }
	start tcpserver sh -c "$line"
	it_serves
}

@test "inetd lines: s6-ipcserver, for programs of this host" {
	command -v s6-ipcserver >/dev/null || skip "s6 is not here"
	local line
	line=$(other tcpserver | grep '^exec s6-ipcserver ')
	start ipcserver sh -c "${line/\/run\/mailroom/$RUN}"
	wait_for 20 test -S "$RUN/submit"
	printf 'Subject: hi\n\nhi\n' |
		"$BIN/sendmail" -c "$CONFIG" alice@here.test
	[ "$(messages)" -eq 1 ]
	message | grep -q "^Return-Path: <$(id -un)@"
}

# Each service and program of inetd.conf is in each of the other forms, too.
@test "inetd lines: the others have all of them" {
	local kind name
	for kind in inetutils xinetd tcpserver; do
		"$ROOT/session/superservers" -v kind=$kind "$ROOT"/*/inetd.conf \
			>"$T/$kind"
		for name in smtp submission submissions pop3 pop3s imap2 imaps; do
			grep -Eq "(^|service | )$name([[:space:]]|$)" "$T/$kind" ||
				{ echo "$kind has no $name"; return 1; }
		done
	done
}

@test "sysusers.d and tmpfiles.d" {
	mkdir -p "$T/root/etc"
	systemd-sysusers --root="$T/root" "$ROOT/session/sysusers.conf" ||
		[ "$EUID" -ne 0 ]
	[ "$EUID" -ne 0 ] || grep -q '^mailnet:' "$T/root/etc/passwd"
	mkdir -p "$T/root/run" "$T/root/var/spool"
	[ "$EUID" -ne 0 ] || {
		systemd-tmpfiles --root="$T/root" --create \
			"$ROOT/session/tmpfiles.conf"
		[ -d "$T/root/run/mailroom/empty" ]
		[ "$(stat -c %a "$T/root/var/spool/mailroom")" = 700 ]
	}
}
