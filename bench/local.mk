# SPDX-License-Identifier: MIT
# `make bench`: peers and us in the same run; prints a table, writes bench/results.json.
# ONLY='net.*' (patterns of metric names) and BENCH_RUNS=1 narrow it.
noinst_PROGRAMS += bench/peers bench/echo bench/boot bench/store bench/grant bench/primitives bench/pingpong bench/blkload
bench_peers_SOURCES = bench/peers.c
bench_peers_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -O2
bench_peers_LDFLAGS = -all-static
bench_primitives_SOURCES = bench/primitives.c
bench_primitives_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -O2
bench_primitives_LDFLAGS = -pthread
bench_blkload_SOURCES = bench/blkload.c
bench_blkload_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -O2
bench_blkload_LDFLAGS = -all-static
bench_pingpong_SOURCES = bench/pingpong.c
bench_echo_SOURCES = bench/echo.c
bench_echo_LDADD = libs/libxenevtchn.la libs/libutil.la $(XENSTORE_LIBS)
bench_boot_SOURCES = bench/boot.c
bench_boot_LDADD = libs/libutil.la $(XENSTORE_LIBS)
bench_grant_SOURCES = bench/grant.c
bench_grant_LDADD = libs/libxengnttab.la
bench_store_SOURCES = bench/store.c
bench_store_LDADD = libs/libutil.la $(XENSTORE_LIBS)
EXTRA_DIST += bench/run bench/lib.sh bench/core.sh bench/blk.sh bench/net.sh bench/idle.sh bench/uml.sh bench/newc.sh bench/blkpeer.sh bench/veth.sh bench/plot bench/README tests/system/bench-plot.sh

.PHONY: bench
bench: all $(USER_TEST_FILES) tests/conformance/grant-peer-exchange.elf
	SRC=$(abs_top_srcdir) BUILD=$(abs_top_builddir) ONLY="$(ONLY)" bash $(top_srcdir)/bench/run
