/* The relay decision, every case of it. */
#include "smtp-session/policy.h"

#include "tests/unit/test.h"

static enum policy_verdict
ask(enum policy_peer peer, bool submission, bool login, enum policy_class rcpt)
{
	const struct policy_facts f = { peer, submission, login, rcpt };
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
	struct policy_facts f = { POLICY_STRANGER, false, false, 0 };

	CHECK(!policy_curious(&f));
	f.authenticated = true;
	CHECK(policy_curious(&f));
	f = (struct policy_facts){ POLICY_LOOPBACK, false, false, 0 };
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
