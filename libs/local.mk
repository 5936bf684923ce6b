# SPDX-License-Identifier: MIT
noinst_HEADERS += libs/util/find.h libs/util/log.h libs/util/daemon.h libs/util/loop.h \
	libs/util/loop-private.h libs/ctl/ctl.h

# What every daemon and tool of ours uses.
noinst_LTLIBRARIES += libs/libutil.la
libs_libutil_la_SOURCES = libs/util/rundir.c libs/util/find.c libs/util/log.c libs/util/daemon.c \
	libs/util/loop.c libs/util/loop-timer.c libs/util/loop-uring.c libs/util/loop-epoll.c
libs_libutil_la_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)
libs_libutil_la_LIBADD = $(URING_LIBS)
