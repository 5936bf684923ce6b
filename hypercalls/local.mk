# SPDX-License-Identifier: MIT
# The handlers are part of hv/paravane-hv (hv/local.mk).  Here: the manual page the table makes.
EXTRA_DIST += hypercalls/manual.awk
HYPERCALL_MANUAL = $(top_srcdir)/hypercalls/manual.awk hypercalls/numbers $(top_srcdir)/hypercalls/table.h \
	$(top_srcdir)/hypercalls/subops.h $(top_srcdir)/tests/conformance/deviations

hypercalls/numbers: $(top_srcdir)/hypercalls/table.h
	$(AM_V_GEN)mkdir -p hypercalls && echo '#include <xen/xen.h>' | $(CC) -E -dM - >$@
nodist_man_MANS = hypercalls/paravane-hypercalls.7
hypercalls/paravane-hypercalls.7: $(HYPERCALL_MANUAL)
	$(AM_V_GEN)$(AWK) -f $(HYPERCALL_MANUAL) >$@.tmp && mv $@.tmp $@
CLEANFILES += hypercalls/numbers hypercalls/paravane-hypercalls.7
