# SPDX-License-Identifier: MIT
# The domain builder: an ELF PV kernel becomes a domain's start of day.
noinst_LTLIBRARIES += toolstack/builder/libbuilder.la
toolstack_builder_libbuilder_la_SOURCES = \
	toolstack/builder/builder.h \
	toolstack/builder/guest_mem.h \
	toolstack/builder/kernel.h \
	toolstack/builder/layout.h \
	toolstack/builder/load.h \
	toolstack/builder/report.h \
	toolstack/builder/build.c \
	toolstack/builder/check.c \
	toolstack/builder/elf.c \
	toolstack/builder/layout.c \
	toolstack/builder/load.c \
	toolstack/builder/notes.c \
	toolstack/builder/pagetables.c \
	toolstack/builder/platform.c \
	toolstack/builder/report.c

# Unit tests, on made-up kernels and a domain that is a buffer.
BUILDER_TESTS = tests/unit/builder_kernel tests/unit/builder_layout tests/unit/builder_load \
	tests/unit/builder_fuzz
noinst_HEADERS += tests/unit/builder_image.h
check_PROGRAMS += $(BUILDER_TESTS)
UNIT_TESTS += $(BUILDER_TESTS)
BUILDER_TEST_LIBS = toolstack/builder/libbuilder.la libs/libutil.la $(CRITERION_LIBS)
tests_unit_builder_kernel_SOURCES = tests/unit/builder_kernel.c tests/unit/builder_image.c
tests_unit_builder_kernel_LDADD = $(BUILDER_TEST_LIBS)
tests_unit_builder_layout_SOURCES = tests/unit/builder_layout.c
tests_unit_builder_layout_LDADD = $(BUILDER_TEST_LIBS)
tests_unit_builder_load_SOURCES = tests/unit/builder_load.c tests/unit/builder_image.c
tests_unit_builder_load_LDADD = $(BUILDER_TEST_LIBS)
tests_unit_builder_fuzz_SOURCES = tests/unit/builder_fuzz.c tests/unit/builder_image.c
tests_unit_builder_fuzz_LDADD = $(BUILDER_TEST_LIBS)
