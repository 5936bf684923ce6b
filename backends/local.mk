# SPDX-License-Identifier: MIT
noinst_HEADERS += backends/store.h backends/xenbus.h backends/xenbus_state.h \
	backends/xenbus_private.h backends/program.h backends/blk.h backends/blk_image.h \
	backends/blk_request.h backends/blk_uring.h backends/console.h \
	backends/console_buffer.h backends/console_log.h backends/console_pty.h \
	backends/console_rate.h backends/console_ring.h

# What every backend stands on.
noinst_LTLIBRARIES += backends/libbackend.la
backends_libbackend_la_SOURCES = backends/store.c backends/xenbus.c backends/xenbus_device.c \
	backends/xenbus_state.c backends/program.c
backends_libbackend_la_CFLAGS = $(AM_CFLAGS) $(XENSTORE_CFLAGS)

# The block backend without its main(), for tests to link with another world.
noinst_LTLIBRARIES += backends/libblk.la
backends_libblk_la_SOURCES = backends/blk_request.c backends/blk_image.c backends/blk_ring.c \
	backends/blk_exec.c backends/blk_uring.c backends/blk_fixed.c backends/blk_poll.c \
	backends/blk_dev.c
backends_libblk_la_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)

EXTRA_DIST += backends/blkback.c

noinst_LTLIBRARIES += backends/libconsole.la
backends_libconsole_la_SOURCES = backends/console.c backends/console_attach.c \
	backends/console_buffer.c backends/console_log.c backends/console_pty.c \
	backends/console_rate.c backends/console_ring.c
