# SPDX-License-Identifier: MIT
# `make bench`: peers and us in the same run; prints a table, writes bench/results.json.
noinst_PROGRAMS += bench/peers
bench_peers_SOURCES = bench/peers.c
bench_peers_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -O2
bench_peers_LDFLAGS = -all-static
