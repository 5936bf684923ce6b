/* SPDX-License-Identifier: MIT */
/*
 * callback_op: each type, each flag, what can be unregistered.
 *
 * covers: callback_op.register good
 * covers: callback_op.register bad
 * covers: callback_op.unregister good
 * covers: callback_op.unregister bad
 * covers: set_callbacks good
 * covers: set_callbacks bad
 */
#include "tests/conformance/lib/conformance.h"

const char test_title[] = "callback_op: types, flags, and what can be taken back";

static const struct { const char *name; uint16_t type; } types[] = {
	{ "failsafe", CALLBACKTYPE_failsafe }, { "syscall", CALLBACKTYPE_syscall },
	{ "deprecated3", 3 }, { "nmi", CALLBACKTYPE_nmi }, { "sysenter", CALLBACKTYPE_sysenter },
	{ "unused6", 6 }, { "syscall32", CALLBACKTYPE_syscall32 }, { "unused8", 8 },
};

static const char *key(const char *a, const char *b)
{
	static char buf[60];
	size_t n = strlen(a);

	memcpy(buf, a, n);
	memcpy(buf + n, b, strlen(b) + 1);
	return buf;
}

void test_main(void)
{
	struct callback_register r = { .address = 0x1000 };
	struct callback_unregister u = { 0 };

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		u.type = r.type = types[i].type;
		r.address = 0x1000;
		r.flags = 0;
		answer(key(types[i].name, ".register"), (uint64_t)HC(callback_op, (long)CALLBACKOP_register, (long)&r));
		r.flags = 0xffff;
		answer(key(types[i].name, ".all-flags"), (uint64_t)HC(callback_op, (long)CALLBACKOP_register, (long)&r));
		r.address = 0x8000000000000000;
		answer(key(types[i].name, ".non-canonical"),
		       (uint64_t)HC(callback_op, (long)CALLBACKOP_register, (long)&r));
		answer(key(types[i].name, ".unregister"),
		       (uint64_t)HC(callback_op, (long)CALLBACKOP_unregister, (long)&u));
	}
	u.type = CALLBACKTYPE_event;
	answer("event.unregister", (uint64_t)HC(callback_op, (long)CALLBACKOP_unregister, (long)&u));
	answer("register-null", (uint64_t)HC(callback_op, (long)CALLBACKOP_register, 0L));
	answer("unregister-null", (uint64_t)HC(callback_op, (long)CALLBACKOP_unregister, 0L));
	answer("cmd2", (uint64_t)HC(callback_op, 2L, (long)&r));
	answer("set_callbacks", (uint64_t)HC(set_callbacks, (long)upcall_entry, (long)failsafe_entry, 0L));
	answer("set_callbacks.non-canonical",
	       (uint64_t)HC(set_callbacks, (long)0x8000000000000000, (long)0x8000000000000000, (long)0x8000000000000000));
	test_success("");
}
