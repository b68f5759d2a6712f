# Mail that is due: as /etc/cron.d/mailroom.  Not needed beside
# mailq-run.timer of systemd.
*/5 * * * *	root	/usr/local/sbin/mailq-run
