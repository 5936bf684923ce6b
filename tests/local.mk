# SPDX-License-Identifier: MIT
# `make check` = unit tests and system tests; `make check-unit` = criterion programs only, but it
# builds what the system tests need, so that tests/run can follow, by another user for instance.
EXTRA_DIST += tests/lib.sh tests/known-failures tests/run tests/demo.sh tests/system/grub.sh tests/system/man-pages.sh

check-local: $(check_PROGRAMS)
	$(top_srcdir)/tests/run $(UNIT_TESTS)

.PHONY: check-unit check-long distcheck-quick
check-unit: all $(check_PROGRAMS) conformance-cases
	$(top_srcdir)/tests/run --unit $(UNIT_TESTS)

# The tests whose size is a parameter, at the size that is promised: an hour or two, no part of check.
check-long: all $(check_PROGRAMS) conformance-cases
	STRESS_SECONDS=60 EXCHANGE_MIB=10240 KILLS=200 POWER_CUTS=500 VERIFY_SECONDS=60 SYSTEM_TIMEOUT=5400 \
		ONLY='guest-smp grants-exchange grants-kill block-verify block-kill block-powercut' $(top_srcdir)/tests/run

# What is in the tarball builds and installs; the tests have run here already.
distcheck-quick: dist
	rm -rf distcheck.tmp && mkdir distcheck.tmp
	tar -C distcheck.tmp -xf $(distdir).tar.xz
	cd distcheck.tmp && mkdir b && cd b && ../$(distdir)/configure -q && $(MAKE) -s && \
		$(MAKE) -s install DESTDIR=`pwd`/root && test -x root$(bindir)/xl
	rm -rf distcheck.tmp
include tests/fuzz/local.mk
include tests/guests/local.mk
include tests/conformance/local.mk
include tests/user/local.mk
