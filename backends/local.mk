# SPDX-License-Identifier: MIT
noinst_HEADERS += backends/events.h backends/store.h backends/xenbus.h backends/xenbus_state.h \
	backends/xenbus_private.h backends/program.h backends/blk.h backends/blk_image.h \
	backends/blk_medium.h backends/blk_nbd.h backends/blk_nbd_private.h \
	backends/blk_opener.h backends/blk_opener_private.h backends/blk_place.h backends/blk_request.h backends/blk_sandbox.h \
	backends/blk_uring.h backends/blk_journal.h backends/blk_journal_file.h backends/console.h \
	backends/console_buffer.h backends/console_log.h backends/console_pty.h \
	backends/console_rate.h backends/console_ring.h \
	backends/net.h backends/net_frame.h backends/net_request.h backends/net_switch.h backends/net_uplink.h

# What every backend stands on.
noinst_LTLIBRARIES += backends/libbackend.la
backends_libbackend_la_SOURCES = backends/store.c backends/xenbus.c backends/xenbus_device.c \
	backends/xenbus_state.c backends/program.c backends/events.c
backends_libbackend_la_CFLAGS = $(AM_CFLAGS) $(XENSTORE_CFLAGS)

# The block backend without its main(), for tests to link with another world.
noinst_LTLIBRARIES += backends/libblk.la
backends_libblk_la_SOURCES = backends/blk_request.c backends/blk_image.c backends/blk_ring.c \
	backends/blk_exec.c backends/blk_uring.c backends/blk_fixed.c backends/blk_poll.c \
	backends/blk_dev.c backends/blk_turn.c backends/blk_journal.c backends/blk_queue.c \
	backends/blk_journal_file.c backends/blk_connect.c backends/blk_alive.c \
	backends/blk_attach.c backends/blk_place.c backends/blk_helper.c \
	backends/blk_nbd.c backends/blk_nbd_ops.c backends/blk_opener.c backends/blk_opener_serve.c \
	backends/blk_sandbox.c
backends_libblk_la_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS) $(NBD_CFLAGS) $(XENSTORE_CFLAGS) $(SECCOMP_CFLAGS)
backends_libblk_la_LIBADD = $(NBD_LIBS) $(SECCOMP_LIBS)

sbin_PROGRAMS += backends/paravane-blkback
backends_paravane_blkback_SOURCES = backends/blkback.c
backends_paravane_blkback_LDADD = backends/libblk.la backends/libbackend.la \
	libs/libxenevtchn.la libs/libxengnttab.la libs/libutil.la $(XENSTORE_LIBS) $(URING_LIBS)

# The network backend without its main().
noinst_HEADERS += backends/net_shadow.h
noinst_LTLIBRARIES += backends/libnet.la
backends_libnet_la_SOURCES = backends/net_request.c backends/net_frame.c backends/net_bytes.c \
	backends/net_switch.c backends/net_ring.c backends/net_shadow.c backends/net_tx.c backends/net_rx.c backends/net_wait.c \
	backends/net_rate.c backends/net_mcast.c backends/net_dev.c backends/net_uplink.c backends/net_uplink_open.c backends/net_turn.c backends/net_poll.c

sbin_PROGRAMS += backends/paravane-netback
backends_paravane_netback_SOURCES = backends/netback.c
backends_paravane_netback_LDADD = backends/libnet.la backends/libbackend.la \
	libs/libxenevtchn.la libs/libxengnttab.la libs/libutil.la $(XENSTORE_LIBS) $(URING_LIBS)

noinst_LTLIBRARIES += backends/libconsole.la
backends_libconsole_la_SOURCES = backends/console.c backends/console_attach.c \
	backends/console_buffer.c backends/console_log.c backends/console_pty.c \
	backends/console_rate.c backends/console_ring.c

sbin_PROGRAMS += backends/xenconsoled
backends_xenconsoled_SOURCES = backends/xenconsoled.c
backends_xenconsoled_LDADD = backends/libconsole.la backends/libbackend.la \
	libs/libxenevtchn.la libs/libxengnttab.la libs/libutil.la $(XENSTORE_LIBS) $(URING_LIBS)

# Unit tests: the backends against a store, grants and events that are tables.
noinst_HEADERS += tests/unit/backends_fake.h
BACKEND_TESTS = tests/unit/blkback_request tests/unit/xenbus_state tests/unit/xenbus_device \
	tests/unit/blkback_ring tests/unit/blkback_journal tests/unit/blkback_sandbox tests/unit/console_parts tests/unit/netback_frames tests/unit/netback_ring
check_PROGRAMS += $(BACKEND_TESTS)
UNIT_TESTS += $(BACKEND_TESTS)
BACKEND_FAKES = tests/unit/backends_fake.c tests/unit/backends_fake_store.c
tests_unit_blkback_request_SOURCES = tests/unit/blkback_request.c
tests_unit_blkback_request_LDADD = backends/libblk.la $(CRITERION_LIBS)
tests_unit_xenbus_state_SOURCES = tests/unit/xenbus_state.c
tests_unit_xenbus_state_LDADD = backends/libbackend.la $(CRITERION_LIBS)
tests_unit_xenbus_device_SOURCES = tests/unit/xenbus_device.c $(BACKEND_FAKES)
tests_unit_xenbus_device_LDADD = backends/libbackend.la libs/libutil.la $(CRITERION_LIBS) $(URING_LIBS)
tests_unit_blkback_ring_SOURCES = tests/unit/blkback_ring.c $(BACKEND_FAKES)
tests_unit_blkback_ring_LDADD = backends/libblk.la backends/libbackend.la libs/libutil.la \
	$(CRITERION_LIBS) $(URING_LIBS)
tests_unit_blkback_journal_SOURCES = tests/unit/blkback_journal.c $(BACKEND_FAKES)
tests_unit_blkback_journal_LDADD = backends/libblk.la backends/libbackend.la libs/libutil.la \
	$(CRITERION_LIBS) $(URING_LIBS)
tests_unit_netback_frames_SOURCES = tests/unit/netback_frames.c
tests_unit_netback_frames_LDADD = backends/libnet.la $(CRITERION_LIBS)
tests_unit_netback_ring_SOURCES = tests/unit/netback_ring.c $(BACKEND_FAKES)
tests_unit_netback_ring_LDADD = backends/libnet.la backends/libbackend.la libs/libutil.la \
	$(CRITERION_LIBS) $(URING_LIBS)
tests_unit_blkback_sandbox_SOURCES = tests/unit/blkback_sandbox.c
tests_unit_blkback_sandbox_LDADD = backends/libblk.la libs/libutil.la $(CRITERION_LIBS) $(URING_LIBS) -lpthread
tests_unit_console_parts_SOURCES = tests/unit/console_parts.c $(BACKEND_FAKES)
tests_unit_console_parts_LDADD = backends/libconsole.la backends/libbackend.la libs/libutil.la \
	$(CRITERION_LIBS) $(URING_LIBS)

EXTRA_DIST += tests/blkverify.py tests/system/block-verify.sh tests/system/block-disks.sh tests/system/block-hotplug.sh tests/system/block-formats.sh \
	tests/system/block-nbd.sh tests/system/block-sandbox.sh tests/system/block-kill.sh tests/system/block-powercut.sh tests/system/console-basic.sh
EXTRA_DIST += tests/system/net-switch.sh tests/system/net-uplink.sh tests/system/net-host.sh
dist_man_MANS += man/xenconsoled.8 man/paravane-blkback.8
dist_man_MANS += man/paravane-netback.8 man/paravane-9pfsd.8
EXTRA_DIST += tests/system/net-kill.sh

include backends/p9.mk
