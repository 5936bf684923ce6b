/* SPDX-License-Identifier: MIT */
/* The table of the backend's state machine.  What breaks this hangs guests at boot or at exit. */
#include "config.h"
#include "backends/xenbus_state.h"

#include <criterion/criterion.h>

static enum xenbus_action next(enum xenbus_state be, enum xenbus_state fe)
{
	struct xenbus_view v = { .backend = be, .frontend = fe, .frontend_seen = true };

	return xenbus_next(&v);
}

Test(xenbus_state, a_life)
{
	cr_assert_eq(next(XenbusStateInitWait, XenbusStateInitialising), XB_NONE);
	cr_assert_eq(next(XenbusStateInitWait, XenbusStateInitialised), XB_CONNECT);
	cr_assert_eq(next(XenbusStateInitWait, XenbusStateConnected), XB_CONNECT);
	cr_assert_eq(next(XenbusStateConnected, XenbusStateInitialised), XB_NONE);
	cr_assert_eq(next(XenbusStateConnected, XenbusStateConnected), XB_NONE);
	cr_assert_eq(next(XenbusStateConnected, XenbusStateClosing), XB_CLOSING);
	cr_assert_eq(next(XenbusStateClosing, XenbusStateClosing), XB_NONE);
	cr_assert_eq(next(XenbusStateClosing, XenbusStateClosed), XB_CLOSE);
	cr_assert_eq(next(XenbusStateClosed, XenbusStateClosed), XB_NONE);
}

Test(xenbus_state, another_kernel_takes_over)
{
	cr_assert_eq(next(XenbusStateConnected, XenbusStateClosed), XB_CLOSE, "PV GRUB skips 5");
	cr_assert_eq(next(XenbusStateClosed, XenbusStateInitialising), XB_REOPEN);
	cr_assert_eq(next(XenbusStateConnected, XenbusStateInitialising), XB_REOPEN,
		     "a crash kernel closes nothing");
}

Test(xenbus_state, the_end_of_a_domain)
{
	struct xenbus_view v = { .backend = XenbusStateConnected,
				 .frontend = XenbusStateUnknown, .frontend_seen = true };

	cr_assert_eq(xenbus_next(&v), XB_REMOVE);
	v.frontend_seen = false;
	cr_assert_eq(xenbus_next(&v), XB_NONE, "it may not have been made yet");
	v.frontend = XenbusStateConnected;
	v.domain_gone = true;
	cr_assert_eq(xenbus_next(&v), XB_REMOVE);
}

Test(xenbus_state, detach_waits_for_who_listens)
{
	struct xenbus_view v = { .backend = XenbusStateConnected, .offline = true, .connected = true,
				 .frontend = XenbusStateConnected, .frontend_seen = true };

	cr_assert_eq(xenbus_next(&v), XB_CLOSING, "the ring is served until it has closed");
	v.backend = XenbusStateClosing;
	cr_assert_eq(xenbus_next(&v), XB_NONE);
	v.connected = false;
	cr_assert_eq(xenbus_next(&v), XB_REMOVE, "nothing to wait for");
	v.connected = true;
	v.frontend = XenbusStateClosed;
	cr_assert_eq(xenbus_next(&v), XB_REMOVE);
	v.frontend = XenbusStateInitialising;
	cr_assert_eq(xenbus_next(&v), XB_REMOVE, "nobody there to answer");
}

Test(xenbus_state, a_closed_device_is_not_connected_by_a_liar)
{
	cr_assert_eq(next(XenbusStateClosing, XenbusStateConnected), XB_NONE);
	cr_assert_eq(next(XenbusStateClosing, XenbusStateInitialised), XB_NONE);
	cr_assert_eq(next(XenbusStateClosed, XenbusStateConnected), XB_NONE);
	cr_assert_eq(next(XenbusStateInitialising, XenbusStateConnected), XB_NONE);
}

Test(xenbus_state, numbers_that_are_no_states)
{
	cr_assert_eq(xenbus_state_from(4), XenbusStateConnected);
	cr_assert_eq(xenbus_state_from(9), XenbusStateUnknown);
	cr_assert_eq(xenbus_state_from(~0ull), XenbusStateUnknown);
}
