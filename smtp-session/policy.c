/* The relay decision.  Read from the top: the first rule that fits decides,
 * and the last one is "no". */
#include "smtp-session/policy.h"

enum policy_verdict
policy_rcpt(const struct policy_facts *f, const char **why)
{
	bool ours = f->peer == POLICY_LOCAL || f->authenticated;

	*why = "login-demanded";
	if (f->submission && !ours)
		return POLICY_NO_LOGIN;
	switch (f->rcpt) {
	case CLASS_MAILBOX:
		*why = "mailbox";
		return POLICY_TAKE;
	case CLASS_ALIAS:
		*why = "alias";
		return POLICY_TAKE;
	case CLASS_UNKNOWN:
		*why = "unknown-user";
		return POLICY_NO_USER;
	case CLASS_REFUSED:
		*why = "refused-by-alias";
		return POLICY_REFUSED;
	case CLASS_TROUBLE:
		*why = "lookup-trouble";
		return POLICY_LATER;
	case CLASS_REMOTE:
		break;
	}
	*why = f->authenticated ? "relay-for-login" : "relay-for-local-peer";
	if (ours)
		return POLICY_RELAY;
	*why = "relaying-denied";
	return POLICY_NO_RELAY;
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
