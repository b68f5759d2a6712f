#!/usr/bin/env bats
# Passwords of system users: the real PAM, with an /etc of the test's own in a
# mount namespace.

load ../lib

# private COMMAND...: with this test's passwd, shadow and PAM services.
private() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m --propagation private bash -c '
		for f in passwd shadow group; do
			mount --bind "$0/etc-$f" "/etc/$f"
		done
		mount --bind "$0/pam.d" /etc/pam.d
		exec "$@"' "$T" "$@"
}

# login USER PASSWORD: what auth_check says.
login() {
	private env AUTH_CONFIG="$T/conf" AUTH_USER="$1" AUTH_PASSWORD="$2" \
		"$BUILD/unit/session-users" pam | grep ^verdict=
}

setup() {
	[ "$EUID" -eq 0 ] || skip "only root can mount"
	lib_setup
	# A kind of hash that takes some time: that is compared below.
	hash=$(openssl passwd -6 -salt abcdefgh secret)
	mkdir "$T/conf" "$T/pam.d"
	printf 'helpers %s\npam-service mail-test\nrun %s\n' "$BIN" "$T/run" \
		>"$T/conf/mailroom.conf"
	cat >"$T/etc-passwd" <<-END
	root:x:0:0:root:/root:/bin/bash
	daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
	carol:x:2001:2001::/home/carol:/bin/bash
	dora:x:2002:2002::/home/dora:/bin/bash
	lock:x:2003:2003::/home/lock:/bin/bash
	empty:x:2004:2004::/home/empty:/bin/bash
	END
	cat >"$T/etc-shadow" <<-END
	root:$hash:19000:0:99999:7:::
	daemon:*:19000:0:99999:7:::
	carol:$hash:19000:0:99999:7:::
	dora:$hash:19000:0:99999:7::1:
	lock:!$hash:19000:0:99999:7:::
	empty::19000:0:99999:7:::
	END
	printf 'root:x:0:\n' >"$T/etc-group"
	chmod 600 "$T/etc-shadow"
	printf 'auth required pam_unix.so nullok\naccount required pam_unix.so\n' \
		>"$T/pam.d/mail-test"
	printf 'auth required pam_deny.so\naccount required pam_deny.so\n' \
		>"$T/pam.d/other"
}

@test "PAM: right password" {
	login carol secret | grep -q \
		'^verdict=ok name=carol uid=2001 home=/home/carol'
	login Carol secret | grep -q '^verdict=ok name=carol '
	login carol@here.test secret | grep -q '^verdict=ok name=carol '
}

@test "PAM: wrong password, no user, no such account" {
	login carol Secret | grep -q '^verdict=bad'
	login nobody-here secret | grep -q '^verdict=bad'
	login lock secret | grep -q '^verdict=bad'
	login carol '' | grep -q '^verdict=bad'
	login empty '' | grep -q '^verdict=bad'
	login empty x | grep -q '^verdict=bad'
	login '' secret | grep -q '^verdict=bad'
}

# The account is checked too: dora's expired in 1970.
@test "PAM: expired account" {
	login dora secret | grep -q '^verdict=bad'
}

@test "PAM: root and system accounts have no mailbox" {
	login root secret | grep -q '^verdict=bad'
	login daemon secret | grep -q '^verdict=bad'
}

# Who is not here, who is locked and who mistypes wait alike; the smallest of
# some runs, because a busy machine only ever adds.
quickest() {
	local ms best=100000

	for _ in 1 2 3; do
		ms=$(login "$1" wrong | sed 's/.* ms=\([0-9]*\).*/\1/')
		[ "$ms" -ge "$best" ] || best=$ms
	done
	echo "$best"
}

@test "PAM: unknown users take as long" {
	local u ms

	for u in carol nobody-here lock daemon root '!"'; do
		ms=$(quickest "$u")
		echo "$u: $ms ms"
		[ "$ms" -ge 250 ]
		[ $((ms % 250)) -lt 50 ]
	done
}

# And auth-pam itself has hashed something for each of them.
@test "PAM: unknown users are hashed in vain" {
	local u

	# shellcheck disable=SC2016 # dollars of crypt(3)
	hash=$(perl -e 'print crypt("secret", q($6$rounds=1000000$abcdefgh))')
	sed -i "s|:\\\$6\\\$[^:]*:|:$hash:|" "$T/etc-shadow"
	for u in carol nobody-here lock root; do
		login "$u" wrong | grep -E '^verdict=bad.* ms=([5-9]..|.{4,})$'
	done
}

# He opens them as himself, and the account counts for them too.
@test "PAM: application passwords, with an account that may be used" {
	local u key='{SCRAM-SHA-256}4096,bWFpbHJvb20tc2FsdC0xNg=='

	# Of correct-horse.
	key+=,Ggra3/twIad4hBewHUNeeQc7gncxjhZOeJo5+l/yPVI=
	key+=,3Ma3ox76M4w3S+Z6yoviibZHYqAo24rZwOYQimHX7Xg=
	sed -i "s|:/home/|:$T/home/|" "$T/etc-passwd"
	for u in carol:2001 dora:2002; do
		mkdir "$T/home/${u%:*}"
		echo "phone 2026-11-20 ---------- $key" \
			>"$T/home/${u%:*}/.mailroom-passwords"
		chown -R "${u#*:}:${u#*:}" "$T/home/${u%:*}"
	done
	login carol correct-horse | grep -q '^verdict=ok name=carol '
	grep -qE '^phone 2026-11-20 2[0-9-]{9} ' "$T/home/carol/.mailroom-passwords"
	login carol secret | grep -q '^verdict=ok name=carol '
	login carol Correct-horse | grep -q '^verdict=bad'
	login dora correct-horse | grep -q '^verdict=bad'
	chown root "$T/home/carol/.mailroom-passwords"
	login carol correct-horse | grep -q '^verdict=bad'
}

@test "PAM: a service that is missing or broken is trouble, not a failure" {
	echo 'auth required no_such_module.so' >"$T/pam.d/mail-test"
	login carol secret | grep -q '^verdict=temp .*auth-pam: status 75'
	config_helpers=$T/nowhere
	sed -i "s|^helpers.*|helpers $config_helpers|" "$T/conf/mailroom.conf"
	login carol secret | grep -q "^verdict=temp .*$config_helpers/auth-pam"
}

@test "PAM: modules see the address of the client" {
	cat >"$T/pam.d/mail-test" <<-END
	auth required pam_exec.so quiet $T/see
	account required pam_permit.so
	END
	# shellcheck disable=SC2016
	printf '#!/bin/sh\necho "$PAM_USER $PAM_RHOST $PAM_SERVICE" >%s\n' \
		"$T/seen" >"$T/see"
	chmod 755 "$T/see"
	login carol secret | grep -q '^verdict=ok'
	[ "$(cat "$T/seen")" = "carol 192.0.2.1 mail-test" ]
}

@test "auth-pam: refuses what is no question" {
	run "$BIN/auth-pam" </dev/null
	[ "$status" -eq 64 ]
	run "$BIN/auth-pam" mail-test 192.0.2.1 x </dev/null
	[ "$status" -eq 64 ]
	run "$BIN/auth-pam" mail-test </dev/null
	[ "$status" -eq 65 ]
	run bash -c "printf 'a\0b' | $BIN/auth-pam mail-test"
	[ "$status" -eq 65 ]
	run bash -c "printf 'a\0b\0c\0' | $BIN/auth-pam mail-test"
	[ "$status" -eq 65 ]
	run bash -c "head -c 2000 /dev/zero | $BIN/auth-pam mail-test"
	[ "$status" -eq 65 ]
}
