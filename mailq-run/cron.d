# Mail that is due: as /etc/cron.d/mailroom.  Not needed beside
# mailq-run.timer of systemd.
*/5 * * * *	root	/usr/local/sbin/mailq-run
# What keeps mail away, told root every morning: see mailroom-check(8).
#30 6 * * *	root	/usr/local/sbin/mailroom-check
