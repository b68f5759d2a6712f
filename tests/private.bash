# shellcheck shell=bash
# A private mailroom in a directory: its configuration, accounts, address.
# Sourced by lib.bash (one per test) and by instance.
#
#   DIR/etc  mailroom.conf domains users     DIR/spool DIR/run DIR/log
#   DIR/home/NAME                            homes of the accounts
#
# As root each role and account has a uid of its own, given by number, so the
# system's accounts are not touched; as an ordinary user all are that user.

# own UID PATH...: give to a role, where that is possible.
own() {
	local uid=$1
	shift
	[ "$EUID" -ne 0 ] || chown "$uid:$uid" "$@"
}

# address_of PID: a loopback address that belongs to a process while it lives,
# so that all ports of it are free and nobody can be quicker.
address_of() {
	echo "127.$((64 + ($1 >> 16))).$((($1 >> 8) & 255)).$(($1 & 255))"
}

# private_make DIR HOSTNAME DOMAIN...: the directories and
# mailroom.conf for these domains.
private_make() {
	local dir=$1 host=$2
	shift 2
	mkdir -p "$dir"/{etc,spool,run/empty,home}
	chmod 755 "$dir" "$dir"/{etc,run,run/empty,home}
	chmod 700 "$dir/spool"
	own 20902 "$dir/spool"
	printf '%s\n' "$@" >"$dir/etc/domains"
	: >"$dir/etc/users"
	chmod 600 "$dir/etc/users"
	cat >"$dir/etc/mailroom.conf" <<-END
	hostname $host
	spool $dir/spool
	run $dir/run
	log $dir/log
	plain-login loopback
	loopback-mx yes
	END
	[ "$EUID" -ne 0 ] || cat >>"$dir/etc/mailroom.conf" <<-END
	net-user 20901:20901
	spool-user 20902:20902
	tls-user 20903:20903
	END
}

# private_certificate DIR NAME [ADDRESS]: cert.pem, its own authority, and its
# key.pem.
private_certificate() {
	mkdir -p "$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 30 -subj "/CN=$2" \
		-addext "subjectAltName=DNS:$2,DNS:localhost${3:+,IP:$3}" \
		-keyout "$1/key.pem" -out "$1/cert.pem" 2>/dev/null &&
		chmod 600 "$1/key.pem"
}

# private_hash PASSWORD: for crypt(3), with few rounds.
private_hash() {
	perl -e 'print crypt($ARGV[0], q($6$rounds=1000$mailroom$))' "$1"
}

# private_user DIR NAME HASH: a line of `users` and a home.
private_user() {
	local uid=$EUID gid home=$1/home/$2
	gid=$(id -g)
	if [ "$EUID" -eq 0 ]; then
		uid=$((20911 + $(wc -l <"$1/etc/users")))
		gid=$uid
	fi
	mkdir -p "$home"
	chmod 700 "$home"
	own "$uid" "$home"
	echo "$2:$3:$uid:$gid::$home::" >>"$1/etc/users"
}

# private_uid DIR NAME
private_uid() { awk -F: -v n="$2" '$1 == n { print $3 }' "$1/etc/users"; }

# listens ADDR PORT: does a TCP server wait there?  Asks the kernel, not the
# server.
listens() {
	local IFS=. a
	read -r -a a <<<"$1"
	grep -q "$(printf ': %02X%02X%02X%02X:%04X 00000000:0000 0A' \
		"${a[3]}" "${a[2]}" "${a[1]}" "${a[0]}" "$2")" /proc/net/tcp
}

# wait_for SECONDS COMMAND...: until it succeeds; fails when it never does.  The
# time is that of its own turns: a machine that stands still takes none of it.
wait_for() {
	local turns=$(($1 * 50))
	shift
	until "$@" 2>/dev/null; do
		[ "$((turns--))" -gt 0 ] || return 1
		sleep 0.02
	done
}
