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
