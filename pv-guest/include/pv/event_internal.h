/* SPDX-License-Identifier: MIT */
/* Between the files of events/. */
#ifndef PV_EVENT_INTERNAL_H
#define PV_EVENT_INTERNAL_H

#include <pv/event.h>

void evtchn_deliver(evtchn_port_t port);

#endif
