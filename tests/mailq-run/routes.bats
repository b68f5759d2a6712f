load common

# The file `routes`: a smart host, fixed routes, exceptions.

setup() {
	lib_setup
	remote
	config smtp-port 9 # nothing there: who asks MX gets nowhere
}

failed_mx() { logged "id=$1 .*state=deferred reply=\"connect: Conn"; }

@test "a smart host for all, and an exception" {
	routes <<-END
	# all but one
	*	mx.there.test:$SINK_PORT
	other.test	mx
	END
	entry one a@here.test x@one.example
	entry two a@here.test x@two.example x@sub.two.example
	entry three a@here.test x@other.test
	mailq_run
	[ "$(mails)" -eq 3 ]
	failed_mx three
}

@test "a domain, all below a domain, the longer one first" {
	routes <<-END
	one.example $HOST:$SINK_PORT
	.example 127.0.0.1:1
	.two.example [$HOST]:$SINK_PORT
	END
	entry one a@here.test x@ONE.example
	entry two a@here.test x@a.two.example
	entry three a@here.test x@two.example
	mailq_run
	[ "$(mail_to x@ONE.example)" -eq 1 ]
	[ "$(mail_to x@a.two.example)" -eq 1 ]
	logged 'id=three .*127.0.0.1\]:1 .*state=deferred'
}

@test "our own domains stay ours, whatever routes says" {
	routes <<<"* $HOST:$SINK_PORT"
	entry one a@here.test bob@here.test
	mailq_run
	[ "$(mails)" -eq 0 ]
	logged 'id=one .*submit.*state=deferred'
}

@test "a smart host that does not exist returns nothing" {
	routes <<<"* nowhere.there.test"
	entry one a@here.test x@one.example
	mailq_run
	logged 'id=one .*dsn=4.4.4 state=deferred'
}

@test "an error is named with its line, and stops nothing but the run" {
	local bad
	entry one a@here.test x@one.example
	(umask 077 && echo 'alice secret' >"$CONFIG/key")
	for bad in 'one.example' 'one.example a:b' 'one.example a:0' \
		'one.example [::1' 'a..b mx' 'one.example mx more' \
		$'a.b mx\na.b mx' 'one.example a tls' \
		'one.example a tls maybe' 'one.example a tls may tls may' \
		'one.example a smtps tls may' 'one.example 192.0.2.1 smtps' \
		'one.example a auth' 'one.example a auth nowhere' \
		'one.example a tls may auth key' \
		'one.example 192.0.2.1 auth key'; do
		printf '\n%s\n' "$bad" | routes
		run mailq_run
		[ "$status" -eq 78 ]
		[[ $output == *"etc/routes:"[23]": "* ]]
	done
	[ "$(waiting)" -eq 1 ]
}
