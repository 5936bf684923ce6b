# SPDX-License-Identifier: MIT
# Fuzzers; see tests/fuzz/README.md.  FUZZ_SECONDS: how long, all targets together.
EXTRA_DIST += tests/fuzz/README.md tests/fuzz/run tests/fuzz/fuzz.mk tests/fuzz/tape.h tests/fuzz/hv.h \
	tests/fuzz/hv_machine.h tests/fuzz/hv.c tests/fuzz/hv_machine.c tests/fuzz/elf.c tests/fuzz/pagetables.c \
	tests/fuzz/hypercalls.c tests/fuzz/events.c tests/fuzz/machine.c tests/fuzz/domctl.c tests/fuzz/p9.c tests/fuzz/netif.c tests/fuzz/corpus tests/fuzz/regressions

.PHONY: fuzz
fuzz:
	BUILD=$(abs_top_builddir) $(top_srcdir)/tests/fuzz/run --seconds $${FUZZ_SECONDS:-3600}
