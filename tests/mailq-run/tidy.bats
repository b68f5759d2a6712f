load common

# House-keeping without a daemon: each run of the queue does a little of it,
# once a day all of it.

# policy DOMAIN SECONDS: one remembered that is over in so many.
policy() {
	local now
	now=$(date +%s)
	mkdir -p "$SPOOL/sts"
	printf 'id 1\nfetched %d\nuntil %d\n\n' "$((now - 86400))" \
		"$((now + $2))" >"$SPOOL/sts/$1"
	chmod 700 "$SPOOL/sts"
	own 20902 "$SPOOL/sts" "$SPOOL/sts/$1"
}

@test "dead drafts at each run; logs and policies once a day" {
	mailq_run
	rm "$SPOOL/tidied"
	policy over.test -10
	policy young.test 3600
	mkdir -p "$SPOOL/log/00"
	: >"$SPOOL/log/00/Gone"
	own 20902 "$SPOOL/log/00" "$SPOOL/log/00/Gone"
	: >"$SPOOL/tmp/Old"
	: >"$SPOOL/tmp/Young"
	touch -d '37 hours ago' "$SPOOL/tmp/Old"
	mailq_run
	[ ! -e "$SPOOL/tmp/Old" ]
	[ -e "$SPOOL/tmp/Young" ]
	[ ! -e "$SPOOL/log/00/Gone" ]
	[ ! -e "$SPOOL/sts/over.test" ]
	[ -e "$SPOOL/sts/young.test" ]
	# On the same day drafts only.
	: >"$SPOOL/log/00/Gone"
	policy over.test -10
	mv "$SPOOL/tmp/Young" "$SPOOL/tmp/Old"
	touch -d '37 hours ago' "$SPOOL/tmp/Old"
	mailq_run
	[ ! -e "$SPOOL/tmp/Old" ]
	[ -e "$SPOOL/log/00/Gone" ]
	[ -e "$SPOOL/sts/over.test" ]
	mailq_run -T 90000
	[ ! -e "$SPOOL/log/00/Gone" ]
	[ ! -e "$SPOOL/sts/over.test" ]
	[ ! -e "$SPOOL/sts/young.test" ]
}

@test "what lies in bad/ is somebody's mail: it stays" {
	mailq_run
	echo strange >"$SPOOL/bad/strange"
	touch -d '1 year ago' "$SPOOL/bad/strange"
	own 20902 "$SPOOL/bad/strange"
	mailq_run -T 90000
	[ -e "$SPOOL/bad/strange" ]
	"$BIN/mailq" -c "$CONFIG" >"$T/list"
	grep -q '1 damaged file in ' "$T/list"
}

@test "hosts whose time is over are forgotten" {
	local now
	now=$(date +%s)
	mailq_run
	printf 'dead %d [192.0.2.1]:25 late\ndead %d [192.0.2.2]:25 soon\n' \
		"$((now - 5))" "$((now + 500))" >"$SPOOL/hosts"
	chmod 600 "$SPOOL/hosts"
	own 20902 "$SPOOL/hosts"
	mailq_run
	not grep -q 192.0.2.1 "$SPOOL/hosts"
	grep -q 192.0.2.2 "$SPOOL/hosts"
}
