# SPDX-License-Identifier: MIT
# The hv image of the process platform: freestanding, linked at a fixed address, no libc.
# Sanitizers and the host's hardening defaults do not apply to it.
HV_CPPFLAGS = -I$(top_srcdir)/include -I$(top_srcdir) -D__XEN_TOOLS__=1
HV_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -O2 -g -ffreestanding -fno-builtin -fPIE -fvisibility=hidden \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fomit-frame-pointer \
	-mgeneral-regs-only -mno-red-zone -U_FORTIFY_SOURCE

HV_PROCESSOR_SOURCES = hv/emulate/privileged.c hv/emulate/decode.c hv/emulate/io.c hv/emulate/msr.c \
	hv/emulate/cpuid.c hv/emulate/segment.c hypercalls/processor.c hypercalls/descriptors.c \
	hypercalls/physdev.c hypercalls/refused.c

pkglibexec_PROGRAMS += hv/paravane-hv
hv_paravane_hv_SOURCES = \
	hv/guest.c hv/smp.c hv/traps.c hv/descriptor.c hv/debugreg.c $(HV_PROCESSOR_SOURCES) hv/evtchn.c hv/fifo.c hv/time.c hv/machine.c hv/lib.c \
	hv/frames.c hv/pagetable.c hv/validate.c hv/ptwr.c hv/ptwr_decode.c hv/tlb.c hv/walk.c hv/hypercall_page.c \
	hv/process/entry.S hv/process/start.c hv/process/signal.c hv/process/va.c \
	hv/process/mapper_loop.S hv/process/mapper.c hv/process/timer.c hv/process/wait.c hv/process/segments.c \
	hv/process/user.c hv/process/user_space.c hv/process/user_start.c hv/process/user_filter.c \
	hv/process/user_stub.S \
	hypercalls/dispatch.c hypercalls/trace.c hypercalls/compat.c hypercalls/traps.c hypercalls/mmu.c hypercalls/sched.c \
	hypercalls/vcpu.c hypercalls/evtchn.c hypercalls/memory.c hypercalls/memory_map.c hypercalls/memory_exchange.c \
	hypercalls/grant.c hypercalls/grant_copy.c \
	hypercalls/grant_map.c hypercalls/grant_version.c hypercalls/version.c
hv_paravane_hv_CPPFLAGS = $(HV_CPPFLAGS)
hv_paravane_hv_CFLAGS = $(HV_CFLAGS)
hv_paravane_hv_CCASFLAGS = -g -I$(top_srcdir)
hv_paravane_hv_LINK = $(CC) -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,-z,max-page-size=4096 -Wl,-T,$(top_srcdir)/hv/process/image.lds -o $@
hv_paravane_hv_LDADD =
hv_paravane_hv_DEPENDENCIES = $(top_srcdir)/hv/process/image.lds

noinst_HEADERS += hv/hv.h hv/emulate/decode.h hv/emulate/emulate.h hv/descriptor.h hv/fifo.h hv/guest.h hv/mm.h hv/platform.h hv/ptwr.h hv/process/process.h hv/process/sys.h hv/process/user.h \
	hypercalls/table.h hypercalls/subops.h hypercalls/dispatch.h hypercalls/memory.h hypercalls/grant.h
EXTRA_DIST += hv/process/image.lds

# The image's common code in an ordinary process, for unit tests and sanitizers.
HV_TEST_CPPFLAGS = $(HV_CPPFLAGS) -DPVN_SHARED_VA=0x210000000000UL \
	-DPVN_DIRECTMAP_VA=0x220000000000UL -DPVN_PRIVATE_VA=0x240000000000UL
HV_TEST_SOURCES = tests/unit/hv_shim.c hv/smp.c tests/unit/hv_mm_check.c hv/traps.c hv/descriptor.c hv/debugreg.c $(HV_PROCESSOR_SOURCES) hv/evtchn.c hv/fifo.c hv/time.c hv/frames.c \
	hv/pagetable.c hv/validate.c hv/ptwr.c hv/ptwr_decode.c hv/tlb.c hv/walk.c \
	hypercalls/dispatch.c hypercalls/trace.c hypercalls/compat.c hypercalls/traps.c hypercalls/mmu.c hypercalls/sched.c \
	hypercalls/vcpu.c hypercalls/evtchn.c hypercalls/memory.c hypercalls/memory_map.c hypercalls/memory_exchange.c \
	hypercalls/grant.c hypercalls/grant_copy.c \
	hypercalls/grant_map.c hypercalls/grant_version.c hypercalls/version.c
hv_tests = tests/unit/hv_pagetable tests/unit/hv_paging_model tests/unit/hv_guest tests/unit/hv_cpu tests/unit/hv_emulate tests/unit/hv_fifo
check_PROGRAMS += $(hv_tests)
UNIT_TESTS += $(hv_tests)
noinst_HEADERS += tests/unit/hv_shim.h tests/unit/hv_mm_check.h
tests_unit_hv_pagetable_SOURCES = tests/unit/hv_pagetable.c $(HV_TEST_SOURCES)
tests_unit_hv_pagetable_CPPFLAGS = $(HV_TEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_hv_pagetable_LDFLAGS = $(SAN_CFLAGS)
tests_unit_hv_pagetable_LDADD = $(CRITERION_LIBS)
tests_unit_hv_paging_model_SOURCES = tests/unit/hv_paging_model.c $(HV_TEST_SOURCES)
tests_unit_hv_paging_model_CPPFLAGS = $(HV_TEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_hv_paging_model_LDFLAGS = $(SAN_CFLAGS)
tests_unit_hv_paging_model_LDADD = $(CRITERION_LIBS)
tests_unit_hv_guest_SOURCES = tests/unit/hv_guest.c $(HV_TEST_SOURCES)
tests_unit_hv_guest_CPPFLAGS = $(HV_TEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_hv_guest_LDFLAGS = $(SAN_CFLAGS)
tests_unit_hv_guest_LDADD = $(CRITERION_LIBS)
tests_unit_hv_cpu_SOURCES = tests/unit/hv_cpu.c $(HV_TEST_SOURCES)
tests_unit_hv_cpu_CPPFLAGS = $(HV_TEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_hv_cpu_LDFLAGS = $(SAN_CFLAGS)
tests_unit_hv_cpu_LDADD = $(CRITERION_LIBS)
tests_unit_hv_fifo_SOURCES = tests/unit/hv_fifo.c $(HV_TEST_SOURCES)
tests_unit_hv_fifo_CPPFLAGS = $(HV_TEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_hv_fifo_LDFLAGS = $(SAN_CFLAGS)
tests_unit_hv_fifo_LDADD = $(CRITERION_LIBS)
tests_unit_hv_emulate_SOURCES = tests/unit/hv_emulate.c $(HV_TEST_SOURCES)
tests_unit_hv_emulate_CPPFLAGS = $(HV_TEST_CPPFLAGS) $(CRITERION_CFLAGS)
tests_unit_hv_emulate_LDFLAGS = $(SAN_CFLAGS)
tests_unit_hv_emulate_LDADD = $(CRITERION_LIBS)
