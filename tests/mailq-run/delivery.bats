load common

@test "a message to its host by MX" {
	remote
	entry one alice@here.test bob@there.test
	mailq_run
	[ "$(mails)" -eq 1 ]
	[ "$(waiting)" -eq 0 ]
	head -n 3 "$T/sink/1.mail" | diff - <(
		printf 'MAIL FROM:<alice@here.test> SIZE=%d\n' 51
		printf 'RCPT TO:<bob@there.test>\n\n'
	)
	logged 'out id=one .*state=sent'
}
