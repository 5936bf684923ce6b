# SPDX-License-Identifier: MIT
# Conformance cases: every tests/conformance/*.c is one, so that a new case is one new file.
CONFORMANCE_SRC = $(wildcard $(top_srcdir)/tests/conformance/*.c)
CONFORMANCE_CASES = $(patsubst $(top_srcdir)/%.c,%.elf,$(CONFORMANCE_SRC))
CONFORMANCE_CFLAGS = $(ABI_GUEST_CFLAGS) -Wno-format-zero-length
CONFORMANCE_LIBS = tests/conformance/libconformance.a tests/guests/libguest.a

noinst_HEADERS += tests/conformance/lib/conformance.h tests/conformance/lib/grant.h tests/conformance/lib/iret.h tests/conformance/lib/user.h
EXTRA_DIST += $(CONFORMANCE_SRC) $(wildcard $(top_srcdir)/tests/conformance/answers/*.txt) \
	tests/conformance/README tests/conformance/run tests/conformance/judge.awk tests/conformance/coverage tests/conformance/tags.awk \
	tests/conformance/oracle/run tests/conformance/oracle/fetch tests/conformance/oracle/image \
	tests/conformance/oracle/init tests/conformance/deviations tests/conformance/tcg tests/system/conformance.sh

check_LIBRARIES += tests/conformance/libconformance.a
tests_conformance_libconformance_a_SOURCES = tests/conformance/lib/main.c tests/conformance/lib/answer.c \
	tests/conformance/lib/store.c tests/conformance/lib/grant.c tests/guests/lib/page.S
tests_conformance_libconformance_a_CPPFLAGS = $(ABI_GUEST_CPPFLAGS)
tests_conformance_libconformance_a_CFLAGS = $(CONFORMANCE_CFLAGS)
tests_conformance_libconformance_a_CCASFLAGS = -g

tests/conformance/%.o: $(top_srcdir)/tests/conformance/%.c tests/conformance/libconformance.a \
		$(top_srcdir)/tests/conformance/lib/conformance.h $(top_srcdir)/tests/guests/lib/guest.h
	$(AM_V_CC)$(CC) $(ABI_GUEST_CPPFLAGS) $(CONFORMANCE_CFLAGS) -c -o $@ $<
tests/conformance/%.elf: tests/conformance/%.o $(CONFORMANCE_LIBS) $(top_srcdir)/tests/guests/lib/guest.lds
	$(AM_V_CCLD)$(ABI_GUEST_LINK) $< $(CONFORMANCE_LIBS)
.SECONDARY: $(CONFORMANCE_CASES:.elf=.o)

.PHONY: conformance conformance-cases oracle
conformance-cases: $(CONFORMANCE_CASES)
check-local: $(CONFORMANCE_CASES)
conformance: all $(CONFORMANCE_CASES)
	$(top_srcdir)/tests/conformance/run

# Xen's own answers: fetches Xen, a kernel and QEMU into oracle/ once; no part of check.
oracle: $(CONFORMANCE_CASES)
	$(top_srcdir)/tests/conformance/oracle/run

mostlyclean-local:
	-rm -f tests/conformance/*.o tests/conformance/*.elf
