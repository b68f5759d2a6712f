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
		bin/sendmail lib/mailroom/auth-pam lib/mailroom/find-user; do
		[ -x "$T/root/usr/local/$f" ]
	done
	[ -f "$T/root/usr/local/share/man/man8/smtp-session.8" ]
	make -s -C "$ROOT" B="$T/build" DESTDIR="$T/root" PREFIX=/usr/local \
		uninstall
	[ -z "$(find "$T/root" -type f)" ]
}

# Paths below another prefix; no setuid or setgid bit anywhere.
@test "install below another prefix" {
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
	wait_for 5 grep -q submit "$T/inetd.out"
	sleep 0.2
	cat "$T/inetd.out"
	not grep -Ei 'error|unknown|bad|fail|incomplete' "$T/inetd.out"
	[ -S "$RUN/submit" ]
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
