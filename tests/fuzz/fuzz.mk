# SPDX-License-Identifier: MIT
# How the fuzz targets are built; tests/fuzz/run calls it:
#	make -f tests/fuzz/fuzz.mk SRC=... OUT=... TARGET...
# Plain make, because nothing here is for who only builds the project: clang, its sanitizers and
# libFuzzer, into a folder of their own.  The lists of sources are those of the unit tests.
top_srcdir = $(SRC)
targets = elf pagetables hypercalls events machine domctl p9 netif
all: $(targets:%=$(OUT)/%)

include $(SRC)/hv/local.mk
include $(SRC)/toolstack/builder/local.mk
include $(SRC)/paravaned/local.mk
include $(SRC)/backends/p9.mk

CLANG = clang
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wno-unused-parameter
SAN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-sanitize=alignment
COMPILE = $(CLANG) -std=gnu11 -O1 -g $(WARN) $(SAN) -fsanitize=fuzzer-no-link -fno-omit-frame-pointer -MMD -MP -c
LINK = $(CLANG) $(SAN) -fsanitize=fuzzer
HOST_CPPFLAGS = -I$(OUT) -I$(SRC)/include -I$(SRC) -D__XEN_TOOLS__=1

elf_SOURCES = tests/fuzz/elf.c libs/util/lowaddr.c \
	$(filter-out %.h %/build.c %/check.c,$(toolstack_builder_libbuilder_la_SOURCES))
elf_LIBS =

p9_SOURCES = tests/fuzz/p9.c $(backends_libp9_la_SOURCES)

netif_SOURCES = tests/fuzz/netif.c $(patsubst $(SRC)/%,%,$(wildcard $(SRC)/backends/net_*.c)) backends/store.c \
	backends/xenbus.c backends/xenbus_device.c backends/xenbus_state.c backends/program.c backends/events.c \
	tests/unit/backends_fake.c tests/unit/backends_fake_store.c libs/util/log.c libs/util/loop.c libs/util/loop-epoll.c \
	libs/util/loop-timer.c libs/util/loop-uring.c libs/util/rundir.c libs/util/daemon.c libs/util/find.c libs/util/uring-restrict.c

daemon_SOURCES = $(paravaned_libmachine_la_SOURCES) libs/util/log.c libs/util/loop.c \
	libs/util/loop-epoll.c libs/util/loop-timer.c libs/util/loop-uring.c libs/util/pins.c libs/util/rundir.c \
	libs/util/find.c libs/util/lowaddr.c libs/util/daemon.c libs/util/uring-restrict.c
machine_SOURCES = tests/fuzz/machine.c $(daemon_SOURCES)
domctl_SOURCES = tests/fuzz/domctl.c $(daemon_SOURCES)
machine_LIBS = -luuid -lseccomp -luring

objects = $(patsubst %.c,$(OUT)/$(1)/%.o,$(2))

# What of configure's results the sources need.
$(OUT)/config.h:
	@mkdir -p $(@D)
	printf '#define _GNU_SOURCE 1\n#define PVN_SBINDIR "/"\n#define PVN_BINDIR "/"\n#define PVN_LIBEXECDIR "/"\n#define PVN_DATADIR "/"\n#define PACKAGE_VERSION "fuzz"\n' > $@
$(OUT)/host/%.o: $(SRC)/%.c $(OUT)/config.h
	@mkdir -p $(@D)
	$(COMPILE) $(HOST_CPPFLAGS) -o $@ $<
$(OUT)/hv/%.o: $(SRC)/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(HV_TEST_CPPFLAGS) -o $@ $<

hv_SOURCES = tests/fuzz/hv.c tests/fuzz/hv_machine.c $(HV_TEST_SOURCES)
hv_targets = $(OUT)/pagetables $(OUT)/hypercalls $(OUT)/events

$(hv_targets): $(OUT)/%: $(OUT)/hv/tests/fuzz/%.o $(call objects,hv,$(hv_SOURCES))
	$(LINK) -o $@ $^

$(OUT)/elf: $(call objects,host,$(elf_SOURCES))
	$(LINK) -o $@ $^ $(elf_LIBS)
$(OUT)/p9: $(call objects,host,$(p9_SOURCES))
	$(LINK) -o $@ $^
$(OUT)/netif: $(call objects,host,$(netif_SOURCES))
	$(LINK) -o $@ $^ -luring
$(OUT)/machine: $(call objects,host,$(machine_SOURCES))
	$(LINK) -o $@ $^ $(machine_LIBS)
$(OUT)/domctl: $(call objects,host,$(domctl_SOURCES))
	$(LINK) -o $@ $^ $(machine_LIBS)

-include $(shell find $(OUT)/host $(OUT)/hv -name '*.d' 2>/dev/null)
