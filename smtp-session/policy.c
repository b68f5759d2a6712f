/* The relay decision.  Read from the top: the first rule that fits decides,
 * and the last one is "no". */
#include "smtp-session/policy.h"

/* What is to be said of a recipient, whoever it comes from. */
static const struct {
	enum policy_verdict verdict;
	const char *why;
} by_class[] = {
	[CLASS_MAILBOX] = { POLICY_TAKE, "mailbox" },
	[CLASS_ALIAS] = { POLICY_TAKE, "alias" },
	[CLASS_UNKNOWN] = { POLICY_NO_USER, "unknown-user" },
	[CLASS_REFUSED] = { POLICY_REFUSED, "refused-by-alias" },
	[CLASS_TROUBLE] = { POLICY_LATER, "lookup-trouble" },
	[CLASS_FULL] = { POLICY_FULL, "quota" },
	[CLASS_LONG_FULL] = { POLICY_LONG_FULL, "quota-for-a-day" },
	[CLASS_REMOTE] = { POLICY_RELAY, "relay-for-local-peer" },
};

enum policy_verdict
policy_rcpt(const struct policy_facts *f, const char **why)
{
	bool ours = f->peer == POLICY_LOCAL || f->authenticated;

	*why = "login-demanded";
	if (f->submission && !ours)
		return POLICY_NO_LOGIN;
	*why = "listed-client";
	if (f->listed && !ours && !f->postmaster)
		return POLICY_LISTED;
	*why = "relaying-denied";
	if (f->rcpt == CLASS_REMOTE && !ours)
		return POLICY_NO_RELAY;
	*why = "recipient-takes-no-mail";
	if (f->mute)
		return POLICY_MUTE;
	*why = "greylisted";
	if (f->early && !ours && !f->postmaster &&
	    by_class[f->rcpt].verdict == POLICY_TAKE)
		return POLICY_EARLY;
	*why = f->rcpt == CLASS_REMOTE && f->authenticated ?
	    "relay-for-login" :
	    by_class[f->rcpt].why;
	return by_class[f->rcpt].verdict;
}

bool
policy_curious(const struct policy_facts *f)
{
	return f->peer != POLICY_STRANGER || f->authenticated;
}

bool
policy_asks(const struct policy_facts *f)
{
	return f->peer != POLICY_LOCAL && !f->authenticated && !f->submission;
}

enum policy_sender
policy_sender(const struct policy_facts *f, enum policy_domain domain,
    const char **why)
{
	*why = "sender-of-ours";
	if (!policy_asks(f))
		return SENDER_TAKE;
	switch (domain) {
	case DOMAIN_GOOD:
		break;
	case DOMAIN_MUTE:
		*why = "sender-takes-no-mail";
		return SENDER_MUTE;
	case DOMAIN_MISSING:
		*why = "sender-domain-missing";
		return SENDER_MISSING;
	case DOMAIN_UNSURE:
		*why = "sender-domain-unsure";
		return SENDER_LATER;
	}
	*why = "sender-domain-good";
	return SENDER_TAKE;
}
