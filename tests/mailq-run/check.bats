bats_require_minimum_version 1.5.0
load common

# mailroom-check: a host without faults gives no line, each fault its own, with
# what to do.

setup() {
	lib_setup
	OUT=$T/check.out
	SYS=$T/sys
	config loopback-mx yes
}

# check [OPTION...] [TOPIC...]: run it; what it says is in $OUT and shown.
check() {
	local status=0
	"$BIN/mailroom-check" -c "$CONFIG" -r "$SYS" "$@" >"$OUT" 2>&1 3>&- ||
		status=$?
	cat "$OUT"
	return "$status"
}

# fault WORDS: exactly one line, a fault, with these words.
fault_is() { [ "$(grep -c "^fault: .*$1" "$OUT")" -eq 1 ]; }
warning_is() { [ "$(grep -c "^warning: .*$1" "$OUT")" -eq 1 ]; }

# system: the units of the tree, three sockets and the timer enabled.
system() {
	local u d=$SYS/etc/systemd/system
	mkdir -p "$d"/{sockets,timers}.target.wants "$SYS"/usr/sbin \
		"$SYS"/etc/{cron.d,pam.d} "$SYS/lib/systemd/system"
	cp "$ROOT"/*/*.{socket,service,timer} "$SYS/lib/systemd/system"
	for u in smtp-session smtp-submit mailq-run; do
		ln -s "/lib/systemd/system/$u.socket" \
			"$d/sockets.target.wants/$u.socket"
	done
	ln -s /lib/systemd/system/mailq-run.timer "$d/timers.target.wants"
	ln -s "$BIN/sendmail" "$SYS/usr/sbin/sendmail"
}

# arpa: the name of $HOST's reverse zone.
arpa() {
	local IFS=. a
	read -r -a a <<<"$HOST"
	echo "${a[3]}.${a[2]}.${a[1]}.${a[0]}.in-addr.arpa"
}

# names <<LINES: here.test as published, and the address's name.
names() {
	mkdir -p "$T/dns"
	{
		cat <<-END
		\$TTL 60
		@	SOA	ns hostmaster 1 3600 600 86400 60
		@	NS	ns
		ns	A	127.0.0.1
		END
		cat
	} >"$T/dns/here.test.zone"
	cat >"$T/dns/$(arpa).zone" <<-END
	\$TTL 60
	@	SOA	ns.here.test. hostmaster.here.test. 1 3600 600 86400 60
	@	NS	ns.here.test.
	@	PTR	${POINTER-mx.here.test.}
	END
	[ -z "${PID_dnsd-}" ] || stop dnsd
	rm -f "$T/dnsd.out"
	dns
}

@test "a host without faults: silent, 0; -v lists what was looked at" {
	system
	certificate_for mx.here.test 30
	names <<<"mx A $HOST"
	"$BIN/mailroom-check" -c "$CONFIG" --records >"$T/records"
	{
		echo "mx.here.test. A $HOST"
		grep -v 'IN A' "$T/records"
	} >"$T/lines"
	names <"$T/lines"
	sink
	config smtp-port "$SINK_PORT"
	mailq_run
	check -x disk -x dnssec -x aliases -p "$HOST"
	[ ! -s "$OUT" ]
	check -v -x disk -x dnssec -x aliases -p "$HOST"
	not grep -v '^ok: ' "$OUT"
	for topic in config files services queue name mx tls port25; do
		grep -q "^ok: $topic: " "$OUT"
	done
	grep -q "_25._tcp.mx.here.test names our key" "$OUT"
}

# certificate_for NAME DAYS
certificate_for() {
	mkdir -p "$CONFIG/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days "$2" -subj "/CN=$1" -addext "subjectAltName=DNS:$1" \
		-keyout "$CONFIG/tls/key.pem" -out "$CONFIG/tls/cert.pem" \
		2>/dev/null
	chmod 600 "$CONFIG/tls/key.pem"
	chmod 644 "$CONFIG/tls/cert.pem"
}

@test "--records: a zone that a name server loads" {
	certificate_for mx.here.test 30
	names <<<"mx A $HOST"
	"$BIN/mailroom-check" -c "$CONFIG" --records | tee "$T/records"
	names <"$T/records"
	for want in "here.test MX 10 mx" "mx.here.test A $HOST" \
		"here.test TXT v=spf1 mx -all" "_dmarc.here.test TXT v=DMARC1" \
		"_smtp._tls.here.test TXT v=TLSRPTv1" \
		"_25._tcp.mx.here.test TLSA 3 1 1 $(key_digest)" \
		"_imaps._tcp.here.test SRV 0 1 993 mx" \
		"_pop3s._tcp.here.test SRV 10 1 995 mx" \
		"_submissions._tcp.here.test SRV 0 1 465 mx"; do
		in_zone "$want"
	done
	grep -q "^; $(arpa)\. IN PTR mx.here.test\.$" "$T/records"
	grep -q '^; _mta-sts.here.test. IN TXT "v=STSv1; id=[0-9]*"$' \
		"$T/records"
	grep -q '^; DKIM: ' "$T/records"
	# Other domains than ours, too.
	"$BIN/mailroom-check" -c "$CONFIG" --records Other.Test >"$T/other"
	grep -q '^other.test.	IN MX	10 mx.here.test.$' "$T/other"
	not grep -q '^here.test' "$T/other"
}

key_digest() {
	openssl x509 -in "$CONFIG/tls/cert.pem" -noout -pubkey |
		openssl pkey -pubin -outform DER | sha256sum | cut -c1-64
}

# in_zone "NAME TYPE WORDS...": as nsd would tell; here as it was written.
in_zone() {
	local name type rest
	read -r name type rest <<<"$1"
	grep -F "$name." "$T/records" | grep "IN $type	" | tr -d '"' |
		grep -qF "$rest"
}

@test "the name: no domain, no address, no way back" {
	names <<<"mx A $HOST"
	config hostname box
	run -2 check name
	fault_is 'box: our name has no domain.*hostname mail.example.org'
	config hostname none.here.test
	run -2 check name
	fault_is 'none.here.test: there is no such name in the DNS'
	config hostname mx.here.test
	check name
	POINTER=other.here.test. names <<<"mx A $HOST"
	run -1 check name
	warning_is "$HOST: its name is other.here.test, not mx.here.test; .*IN PTR mx.here.test"
	config loopback-mx no
	run -2 check name
	fault_is 'the DNS has 127.* which is everybody'
	config loopback-mx yes
	names <<-END
	mx A $HOST
	mx A 192.0.2.250
	END
	run -1 check name
	warning_is '192.0.2.250 is on no interface.*nat-address'
	config nat-address 192.0.2.250
	run check name
	not grep -q 'on no interface' "$OUT"
	names <<-END
	www A $HOST
	mx CNAME www
	END
	run -1 check name
	warning_is 'only another name (CNAME) for www.here.test'
	stop dnsd
	run -2 check name
	fault_is 'the DNS does not answer'
}

@test "mail exchangers: somebody else, none, no such domain" {
	names <<-END
	mx A $HOST
	@ MX 10 mx
	END
	check mx
	for d in missing.here.test away.here.test null.here.test; do
		echo "$d"
	done >>"$CONFIG/domains"
	names <<-END
	mx A $HOST
	@ MX 10 alias
	alias A $HOST
	away MX 10 elsewhere
	elsewhere A 192.0.2.9
	null MX 0 .
	END
	run -2 check mx
	fault_is 'missing.here.test: there is no such domain.*publish: missing.here.test. IN MX 10 mx.here.test'
	fault_is 'away.here.test: its mail goes to elsewhere.here.test'
	fault_is 'null.here.test: it says that it takes no mail'
	[ "$(wc -l <"$OUT")" -eq 3 ]
}

@test "mail exchangers: what the DNS does not say now is no fault" {
	# The name server knows nothing below elsewhere.test, and says so.
	names <<-END
	mx A $HOST
	@ MX 10 mx.elsewhere.test.
	END
	run -1 check mx
	warning_is 'here.test: whether mx.elsewhere.test is this host cannot be told now'
	# One of them is this host: that is enough.
	names <<-END
	mx A $HOST
	@ MX 10 mx.elsewhere.test.
	@ MX 20 mx
	END
	check mx
	# Nobody can tell where our own name leads.
	config hostname mx.elsewhere.test
	names <<-END
	@ MX 10 other
	other A 192.0.2.9
	END
	run -1 check mx
	warning_is 'here.test: whether other.here.test is this host'
	echo 'two words' >>"$CONFIG/domains"
	run -1 check mx
	warning_is 'domains: those from there on were not looked at: .*domains:2'
}

@test "addresses that only some can reach" {
	config loopback-mx no
	for ip in 100.64.0.1 169.254.1.1 10.1.1.1; do
		names <<<"mx A $ip"
		run -2 check name
		fault_is "mx.here.test: the DNS has $ip for it, which others cannot reach"
		"$BIN/mailroom-check" -c "$CONFIG" --records >"$T/records"
		not grep "IN A	$ip" "$T/records"
		grep -q '^; mx.here.test. IN A ADDRESS' "$T/records"
	done
}

@test "what cannot be looked at is told, topic by topic" {
	# broken CALLS ERROR TOPIC: with these calls failing.
	broken() {
		local status=0
		"$TOOL/fault" -o "$T/fault.log" "$1" "$2" 1+ -- "$BIN/mailroom-check" \
			-c "$CONFIG" -p "$HOST" "$3" >"$OUT" 2>&1 || status=$?
		cat "$OUT"
		faulted
		return "$status"
	}
	config smtp-port 20099
	run -1 broken pipe,pipe2 EMFILE aliases
	warning_is 'aliases: .*it could not look at the aliases: pipe: Too many'
	run -1 broken socketpair EMFILE port25
	warning_is 'port25: .*was not tried: socketpair: Too many'
	run -2 broken socketpair EMFILE name
	fault_is 'name: .*the DNS does not answer (socketpair: Too many'
	for topic in aliases port25 queue; do
		run -1 broken clone,fork,vfork EAGAIN "$topic"
		grep -q "^warning: $topic: " "$OUT"
	done
	config spool "$T/nowhere"
	run -1 check queue
	warning_is "$T/nowhere: it cannot be looked at: No such file"
	echo 'away.test' | routes
	run -2 check -p "$HOST" port25
	grep -q "^fault: config: routes: $CONFIG/routes:1" "$OUT"
	rm "$CONFIG/routes"
	[ "$EUID" -eq 0 ] || return 0
	config spool-user no-such-user
	run -1 check queue
	warning_is 'it cannot be looked at: .*no-such-user'
}

@test "certificates: none, ending, ended, another name, a key for all" {
	run -1 check tls
	warning_is "$CONFIG/tls: there is no certificate"
	certificate_for mx.here.test 30
	check tls
	certificate_for mx.here.test 5
	run -1 check tls
	warning_is 'the certificate of mx.here.test ends on .*, in [45] days; renew it'
	certificate_for other.test 30
	run -1 check tls
	warning_is 'none of the certificates is for mx.here.test'
	chmod 644 "$CONFIG/tls/key.pem"
	run -2 check tls
	fault_is 'key.pem: others may read or write it; .*chmod 600'
	chmod 600 "$CONFIG/tls/key.pem"
	cp "$CONFIG/tls/key.pem" "$T/other.pem"
	certificate_for mx.here.test 30
	cp "$T/other.pem" "$CONFIG/tls/key.pem"
	run -2 check tls
	fault_is 'no client gets TLS: .*key'
	rm "$CONFIG/tls/key.pem"
	run -2 check tls
	fault_is 'key.pem'
}

@test "certificates: TLSA records of an earlier key" {
	certificate_for mx.here.test 30
	names <<-END
	mx A $HOST
	_25._tcp.mx TLSA 3 1 1 $(printf '%064d' 0)
	END
	run -2 check tls
	fault_is '_25._tcp.mx.here.test: none of its records names our key'
	names <<-END
	mx A $HOST
	_25._tcp.mx TLSA 3 1 1 $(printf '%064d' 0)
	_25._tcp.mx TLSA 3 1 1 $(key_digest)
	END
	check tls
}

@test "port 25: nobody there, a host that does not want us, a smart host" {
	config smtp-port 20099
	run -2 check -p "$HOST" port25
	fault_is "$HOST:20099: no mail can leave: Connection refused; ask your provider"
	sink
	config smtp-port "$SINK_PORT"
	check -p "$HOST" port25
	[ ! -s "$OUT" ]
	echo "* [$HOST]:20098" | routes
	run -2 check port25
	fault_is ":20098: no mail can leave"
}

@test "services: nothing starts them, limits are missing, two want the port" {
	mkdir -p "$SYS"
	run -2 check services
	fault_is 'smtp-session: nothing starts it: no mail comes in; run: systemctl enable --now smtp-session.socket'
	fault_is 'smtp-submit: nothing starts it'
	fault_is 'mailq-run: neither a timer nor cron starts it'
	warning_is 'usr/sbin/sendmail: it is missing'
	system
	check services
	sed -i '/^TriggerLimit/d' "$SYS/lib/systemd/system/smtp-session.socket"
	run -2 check services
	fault_is 'smtp-session.socket: 200 connections in 2 seconds.*TriggerLimitIntervalSec=0'
	# What an admin has added counts.
	mkdir "$SYS/etc/systemd/system/smtp-session.socket.d"
	printf '[Socket]\nTriggerLimitIntervalSec=0\n' \
		>"$SYS/etc/systemd/system/smtp-session.socket.d/limit.conf"
	check services
	sed -i '/^MaxConn/d' "$SYS/lib/systemd/system/smtp-session.socket"
	run -1 check services
	warning_is 'no more than 64 connections.*MaxConnections=100'
	printf 'smtp\tstream\ttcp\tnowait.6000\troot\t/x/smtp-session\tsmtp-session\n' \
		>"$SYS/etc/inetd.conf"
	run -2 check services
	fault_is 'smtp-session: systemd and inetd both'
}

@test "services: inetd.conf, its 256 a minute, and cron" {
	mkdir -p "$SYS/etc/cron.d" "$SYS/usr/sbin"
	ln -s "$BIN/sendmail" "$SYS/usr/sbin/sendmail"
	cat "$ROOT"/*/inetd.conf | sed "s,^/run/mailroom/,$RUN/," \
		>"$SYS/etc/inetd.conf"
	cp "$ROOT/mailq-run/cron.d" "$SYS/etc/cron.d/mailroom"
	check services
	check -v services
	grep -q 'ok: services: .*inetd.conf:.*: pop3s-session' "$OUT"
	sed -i '/^smtp\t/s/nowait.6000/nowait/' "$SYS/etc/inetd.conf"
	run -2 check services
	grep -q "inetd.conf:[0-9]*: after 256 connections in a minute inetd switches smtp-session off.*write nowait.6000" "$OUT"
	sed -i 's/^\*/#*/' "$SYS/etc/cron.d/mailroom"
	run -2 check services
	fault_is 'neither a timer nor cron'
}

@test "the queue: not run, old mail, what was set aside" {
	mailq_run
	check queue
	touch -d '1 hour ago' "$SPOOL/lock"
	run -2 check queue
	fault_is 'mailq-run: it has not run for [56][09] minutes.*mailq-run.timer'
	touch "$SPOOL/lock"
	AGE=200000 entry old alice@here.test far@away.test
	run -1 check queue
	warning_is 'old: it waits for 55 hours, the longest of 1 message; see why: mailq show old'
	rm "$SPOOL/new/old"
	echo strange >"$SPOOL/bad/strange"
	mkdir -p "$SPOOL"/{double-bounce,postmaster}/new
	: >"$SPOOL/double-bounce/new/one"
	: >"$SPOOL/postmaster/new/one"
	own 20902 "$SPOOL"/{bad/strange,double-bounce,postmaster}
	run -2 check queue
	fault_is '/bad: 1 file there that could not be read as mail'
	warning_is 'double-bounce: 1 report there'
	warning_is 'postmaster: 1 message to postmaster or root that nobody gets'
}

@test "files: who may read and write them" {
	mkdir -p "$SYS"
	check files
	chmod 644 "$CONFIG/users"
	chmod 777 "$CONFIG"
	chmod 755 "$SPOOL"
	run -2 check files
	fault_is "$CONFIG: others could change the configuration (mode 777); chmod 755"
	fault_is "$CONFIG/users: others can read its secrets (mode 644); chmod 640"
	fault_is "$SPOOL: others can look into it"
	chmod 755 "$CONFIG"
	chmod 600 "$CONFIG/users"
	chmod 700 "$SPOOL"
	config helpers "$T/none"
	run -2 check files
	fault_is "$T/none/tls-relay: a helper cannot be run"
	config helpers "$BIN"
	rm "$CONFIG/users"
	run -1 check files
	warning_is 'pam.d/mailroom: it is missing.*@include common-auth'
	mkdir -p "$SYS/etc/pam.d"
	printf 'auth required pam_deny.so\n' >"$SYS/etc/pam.d/other"
	run -1 check files
	warning_is 'pam.d/mailroom: it is missing'
	printf '# pam_deny\n@include common-auth\n' >"$SYS/etc/pam.d/other"
	check files
	[ "$EUID" -eq 0 ] || return 0
	config net-user no-such-user
	run -2 check files
	fault_is 'no-such-user: .*systemd-sysusers'
}

@test "the configuration: each file by the parser of the programs" {
	check config
	echo 'two words' >>"$CONFIG/domains"
	echo 'away.test' | routes
	echo 'eve:x:20999:20999::nowhere::' >>"$CONFIG/users"
	config retry 'often'
	run -2 check config
	fault_is "$CONFIG/domains:2: one domain in a line"
	fault_is "$CONFIG/routes:1: host missing"
	fault_is "$CONFIG/users:3: home should be an absolute path"
	fault_is 'mailroom.conf: .*retry'
	config spol /nowhere
	run -2 check
	fault_is 'mailroom.conf:[0-9]*: unknown word "spol"; correct it'
	[ "$(wc -l <"$OUT")" -eq 1 ]
}

@test "aliases: each entry that mail would stumble over" {
	cat >"$CONFIG/aliases" <<-END
	# a list
	team: alice, bob,
	  carol
	"two words": alice
	open: "alice
	empty:
	no colon
	list: :include:$T/none
	sales: |/bin/true
	END
	run -2 check aliases
	fault_is "$CONFIG/aliases:2: nobody here is carol@mx.here.test"
	fault_is "$CONFIG/aliases:5: quotes stay open"
	fault_is "$CONFIG/aliases:6: .*stands for nothing"
	fault_is "$CONFIG/aliases:7: should be"
	fault_is "$CONFIG/aliases:8: there is no $T/none"
	[ "$(grep -c "$CONFIG/aliases" "$OUT")" -eq 5 ]
}

@test "no room, no inodes" {
	in_mounts true 2>/dev/null || skip "needs mount namespaces"
	cat >"$T/room" <<-'END'
	mount -t tmpfs -o "$1" none "$2"
	[ -z "$3" ] || head -c "$3" /dev/zero >"$2/filler"
	shift 3
	exec "$@"
	END
	room() {
		local status=0
		in_mounts sh "$T/room" "$@" "$BIN/mailroom-check" -c "$CONFIG" \
			disk >"$OUT" 2>&1 || status=$?
		cat "$OUT"
		return "$status"
	}
	config spool "$T/small"
	mkdir "$T/small"
	room size=1g "$T/small" ''
	not grep -q "$T/small" "$OUT"
	run -2 room size=100m "$T/small" 99m
	fault_is "$T/small: 1 MiB (1 %) are left"
	run room size=1g,nr_inodes=21 "$T/small" ''
	not grep -q "$T/small" "$OUT"
	run -2 room size=1g,nr_inodes=1 "$T/small" ''
	fault_is "$T/small: 0 % of its inodes"
}

in_mounts() {
	local how=(unshare -m)
	[ "$EUID" -eq 0 ] || how=(unshare --map-root-user -m)
	"${how[@]}" "$@"
}

@test "DNSSEC: a name server elsewhere, one that does not look, one that does" {
	config dns 192.0.2.53
	run -1 check dnssec
	warning_is 'it is not on this host.*apt install unbound'
	names <<<"mx A $HOST"
	run -1 check dnssec
	warning_is 'it does not check signatures'
	command -v ldns-signzone >/dev/null || skip "needs ldnsutils"
	command -v dnsmasq >/dev/null || skip "needs dnsmasq-base"
	sign
	check dnssec
}

# sign: here.test signed, and a name server on port 20054 that validates.
sign() {
	local key ds
	cd "$T" || return 1
	key=$(ldns-keygen -r /dev/urandom -a ECDSAP256SHA256 -k here.test)
	sed -i "1i \\\$ORIGIN here.test." "$T/dns/here.test.zone"
	ldns-signzone -n -f "$T/signed" "$T/dns/here.test.zone" "$key"
	mv "$T/signed" "$T/dns/here.test.zone"
	stop dnsd
	rm "$T/dnsd.out"
	dns
	read -r _ _ _ ds <"$key.ds"
	start resolver dnsmasq -k -C /dev/null -u "$(id -un)" -p 20054 -a "$HOST" \
		-z -R -h --pid-file= --dnssec --dnssec-check-unsigned=no \
		--trust-anchor=".,0,8,2,$(printf '%064d' 0)" \
		--trust-anchor="here.test,${ds// /,}" \
		--server="/here.test/$HOST#20053"
	wait_for 20 listens "$HOST" 20054
	config dns "$HOST@20054"
}

@test "a spool of somebody else, a wrong command line" {
	run -64 "$BIN/mailroom-check" -x nothing
	run -64 "$BIN/mailroom-check" nothing
	[ "$EUID" -eq 0 ] || skip "needs root to be somebody else"
	mailq_run
	as alice "$BIN/mailroom-check" -c "$CONFIG" queue >"$OUT" || :
	cat "$OUT"
	warning_is "$SPOOL: it cannot be looked at: Permission denied; run this program as root"
}
