/* The relay decision, every case of it. */
#include "smtp-session/policy.h"

#include "tests/unit/test.h"

static enum policy_verdict
ask(enum policy_peer peer, bool submission, bool login, enum policy_class rcpt)
{
	const struct policy_facts f = {
		.peer = peer,
		.submission = submission,
		.authenticated = login,
		.rcpt = rcpt,
	};
	const char *why = NULL;
	enum policy_verdict v = policy_rcpt(&f, &why);

	CHECK(why != NULL && why[0] != '\0');
	return v;
}

TEST(nothing_is_relayed_for_strangers)
{
	CHECK(ask(POLICY_STRANGER, false, false, CLASS_REMOTE) ==
	    POLICY_NO_RELAY);
	CHECK(ask(POLICY_LOOPBACK, false, false, CLASS_REMOTE) ==
	    POLICY_NO_RELAY);
	CHECK(
	    ask(POLICY_STRANGER, true, false, CLASS_REMOTE) == POLICY_NO_LOGIN);
}

TEST(our_own_may_send_anywhere)
{
	CHECK(ask(POLICY_LOCAL, false, false, CLASS_REMOTE) == POLICY_RELAY);
	CHECK(ask(POLICY_LOCAL, true, false, CLASS_REMOTE) == POLICY_RELAY);
	CHECK(ask(POLICY_STRANGER, true, true, CLASS_REMOTE) == POLICY_RELAY);
}

TEST(local_mail_is_for_everybody)
{
	for (int peer = POLICY_STRANGER; peer <= POLICY_LOCAL; peer++) {
		enum policy_peer p = (enum policy_peer)peer;

		CHECK(ask(p, false, false, CLASS_MAILBOX) == POLICY_TAKE);
		CHECK(ask(p, false, false, CLASS_ALIAS) == POLICY_TAKE);
		CHECK(ask(p, false, false, CLASS_UNKNOWN) == POLICY_NO_USER);
		CHECK(ask(p, false, false, CLASS_REFUSED) == POLICY_REFUSED);
		CHECK(ask(p, false, false, CLASS_TROUBLE) == POLICY_LATER);
	}
	CHECK(ask(POLICY_LOOPBACK, true, false, CLASS_MAILBOX) ==
	    POLICY_NO_LOGIN);
}

TEST(who_may_ask_who_exists)
{
	struct policy_facts f = { .peer = POLICY_STRANGER };

	CHECK(!policy_curious(&f));
	f.authenticated = true;
	CHECK(policy_curious(&f));
	f = (struct policy_facts){ .peer = POLICY_LOOPBACK };
	CHECK(policy_curious(&f));
}

TEST(only_strangers_are_asked_for_their_domain)
{
	struct policy_facts f = { .peer = POLICY_STRANGER };
	const char *why;

	CHECK(policy_asks(&f));
	CHECK(policy_sender(&f, DOMAIN_GOOD, &why) == SENDER_TAKE);
	CHECK(policy_sender(&f, DOMAIN_MUTE, &why) == SENDER_MUTE);
	CHECK(policy_sender(&f, DOMAIN_MISSING, &why) == SENDER_MISSING);
	CHECK(policy_sender(&f, DOMAIN_UNSURE, &why) == SENDER_LATER);
	f.authenticated = true;
	CHECK(!policy_asks(&f));
	CHECK(policy_sender(&f, DOMAIN_MISSING, &why) == SENDER_TAKE);
	f = (struct policy_facts){ .peer = POLICY_LOCAL };
	CHECK(policy_sender(&f, DOMAIN_UNSURE, &why) == SENDER_TAKE);
}

TEST(clients_that_are_not_welcome)
{
	struct policy_facts f = { .listed = true, .rcpt = CLASS_UNKNOWN };
	const char *why;

	CHECK(policy_rcpt(&f, &why) == POLICY_LISTED);
	f.postmaster = true;
	CHECK(policy_rcpt(&f, &why) == POLICY_NO_USER);
	f = (struct policy_facts){ .listed = true, .rcpt = CLASS_REMOTE };
	CHECK(policy_rcpt(&f, &why) == POLICY_LISTED);
	f.authenticated = true;
	CHECK(policy_rcpt(&f, &why) == POLICY_RELAY);
}

TEST(clients_that_are_early)
{
	struct policy_facts f = { .early = true, .rcpt = CLASS_MAILBOX };
	const char *why;

	CHECK(policy_rcpt(&f, &why) == POLICY_EARLY);
	f.rcpt = CLASS_ALIAS;
	CHECK(policy_rcpt(&f, &why) == POLICY_EARLY);
	f.rcpt = CLASS_UNKNOWN;
	CHECK(policy_rcpt(&f, &why) == POLICY_NO_USER);
	f.rcpt = CLASS_MAILBOX;
	f.postmaster = true;
	CHECK(policy_rcpt(&f, &why) == POLICY_TAKE);
	f.postmaster = false;
	f.peer = POLICY_LOCAL;
	CHECK(policy_rcpt(&f, &why) == POLICY_TAKE);
}

TEST(domains_that_take_no_mail)
{
	struct policy_facts f = { .mute = true, .rcpt = CLASS_ALIAS };
	const char *why;

	CHECK(policy_rcpt(&f, &why) == POLICY_MUTE);
	f.rcpt = CLASS_REMOTE;
	CHECK(policy_rcpt(&f, &why) == POLICY_NO_RELAY);
	f.authenticated = true;
	CHECK(policy_rcpt(&f, &why) == POLICY_MUTE);
	f.mute = false;
	CHECK(policy_rcpt(&f, &why) == POLICY_RELAY);
}

TEST(mailboxes_that_are_full)
{
	struct policy_facts f = { .rcpt = CLASS_FULL };
	const char *why;

	CHECK(policy_rcpt(&f, &why) == POLICY_FULL);
	f.rcpt = CLASS_LONG_FULL;
	CHECK(policy_rcpt(&f, &why) == POLICY_LONG_FULL);
}
