# SPDX-License-Identifier: MIT
# Network: the device layer, netfront, the frame generator.
GUEST_NETFRONT_CORE = pv-guest/drivers/netfront_queue.c pv-guest/drivers/netfront_rx.c \
	pv-guest/drivers/netfront_tx.c pv-guest/net/netbuf.c pv-guest/net/netlib.c pv-guest/net/pkt.c
GUEST_NET_SOURCES = $(GUEST_NETFRONT_CORE) pv-guest/drivers/netfront.c \
	pv-guest/drivers/netfront_connect.c pv-guest/drivers/netfront_lane.c \
	pv-guest/drivers/netfront_ops.c pv-guest/net/cmd_ifconfig.c pv-guest/net/netdev.c \
	pv-guest/net/pktgen.c pv-guest/net/pktsink.c

noinst_HEADERS += pv-guest/drivers/netfront.h pv-guest/drivers/netfront_queue.h \
	pv-guest/include/pv/net.h pv-guest/net/pkt.h

# The rings on the host, with a made-up backend.
check_PROGRAMS += tests/unit/guest_netfront
UNIT_TESTS += tests/unit/guest_netfront
tests_unit_guest_netfront_SOURCES = tests/unit/guest_netfront.c $(GUEST_NETFRONT_CORE)
tests_unit_guest_netfront_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guest_netfront_CFLAGS = $(AM_CFLAGS) -fno-strict-aliasing
tests_unit_guest_netfront_LDADD = $(GUESTFS_TEST_LIBS)
EXTRA_DIST += tests/system/net-guests.sh
