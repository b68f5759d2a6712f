#!/usr/bin/env bats
# The Debian package: installed, upgraded and purged by dpkg, in a copy of this
# machine's root directory that is laid over it.

load lib

setup() {
	[ "$EUID" -eq 0 ] || skip "only root can install packages"
	command -v dpkg-shlibdeps >/dev/null || skip "dpkg-dev is not here"
	! dpkg -s mailroom >/dev/null 2>&1 || skip "the package is installed here"
	lib_setup
}

# package VERSION: $T/VERSION.deb
package() {
	[ -d "$T/build" ] || cp -a "$BUILD" "$T/build"
	rm -rf "$T/root"
	make -s -C "$ROOT" B="$T/build" DESTDIR="$T/root" PREFIX=/usr \
		UNITDIR=/lib/systemd/system install
	"$ROOT/session/deb/build" "$T/root" "$1" "$T/$1.deb"
}

# over COMMAND...: with $T/over/upper laid over /, which stays as it is.
over() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m --propagation private bash -c '
		mount -t tmpfs -o mode=755 over "$0"
		mkdir -p "$0"/{upper,work,root}
		mount -t overlay over "$0/root" -o \
			"lowerdir=/,upperdir=$0/upper,workdir=$0/work"
		for d in proc dev; do mount --rbind /$d "$0/root/$d"; done
		mount -t tmpfs -o mode=755 run "$0/root/run"
		chroot "$0/root" "$@"' "$T/over" "$@"
}

@test "deb: installed, mail delivered, upgraded, purged without a trace" {
	not sanitized || skip "builds for sanitizers are not installed"
	mkdir "$T/over"
	package 1.0
	package 1.1
	mkdir -p "$T/share"
	cp "$T"/1.?.deb "$T/share"
	cat >"$T/share/all" <<-'END'
	set -eux
	cd "$1"
	export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
	list() { find /etc /usr /var/lib /var/spool /home /run -xdev -name '*mail*' | sort; }
	list >/tmp/before
	cp /etc/passwd /tmp/passwd
	dpkg --force-conflicts -i 1.0.deb
	id mailroom mailnet mailtls
	[ "$(stat -c %U:%a /var/spool/mailroom)" = mailroom:700 ]
	[ -d /run/mailroom/empty ]
	[ "$(readlink -f /usr/lib/sendmail)" = /usr/bin/sendmail ]
	for u in smtp-submit.socket smtp-session.socket mailq-run.socket; do
	    [ -e "/etc/systemd/system/sockets.target.wants/$u" ]
	done
	[ -e /etc/systemd/system/timers.target.wants/mailq-run.timer ]
	useradd -m zelda
	printf 'MAIL FROM:<>\r\nRCPT TO:<zelda>\r\nDATA\r\nhi\r\n.\r\n' |
	    { echo 'HELO me'; cat; echo QUIT; } | smtp-session | grep '^250 2.0.0'
	[ "$(ls /home/zelda/Maildir/new | wc -l)" -eq 1 ]
	echo 'connections 50' >/etc/mailroom/mailroom.conf
	echo '# changed by hand' >>/etc/pam.d/mailroom
	dpkg --force-conflicts -i 1.1.deb
	dpkg -s mailroom | grep '^Version: 1.1'
	grep 'connections 50' /etc/mailroom/mailroom.conf
	grep 'changed by hand' /etc/pam.d/mailroom
	dpkg -r mailroom
	[ ! -e /usr/sbin/smtp-session ] && [ -e /etc/mailroom/mailroom.conf ]
	dpkg -P mailroom
	[ "$(ls /home/zelda/Maildir/new | wc -l)" -eq 1 ]
	userdel -r zelda 2>/dev/null
	cmp /etc/passwd /tmp/passwd
	list | diff /tmp/before -
	echo all is well
	END
	run over bash "$T/share/all" "$T/share"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = 'all is well' ]
}
