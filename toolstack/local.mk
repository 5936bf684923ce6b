# SPDX-License-Identifier: MIT
include toolstack/builder/local.mk

# What xl's commands and the monitor stand on.
noinst_LTLIBRARIES += toolstack/lib/libtoolstack.la
toolstack_lib_libtoolstack_la_SOURCES = \
	toolstack/lib/affinity.c toolstack/lib/affinity.h toolstack/lib/batch.c toolstack/lib/batch.h \
	toolstack/lib/cfg_cpus.c toolstack/lib/cfg_disks.c toolstack/lib/disk_words.c toolstack/lib/cfg_nics.c toolstack/lib/cfg_p9.c toolstack/lib/cfg_write.c \
	toolstack/lib/cfg_fill.c toolstack/lib/cfg_keys.c \
	toolstack/lib/cfg_parser.h toolstack/lib/disk_words.h toolstack/lib/cfg_read.c toolstack/lib/cfg_scan.c \
	toolstack/lib/config_json.c toolstack/lib/config_json.h \
	toolstack/lib/console.c toolstack/lib/console.h toolstack/lib/console_pty.c \
	toolstack/lib/control.c toolstack/lib/cpumap.c toolstack/lib/cpumap.h toolstack/lib/create.c toolstack/lib/destroy.c \
	toolstack/lib/devices.c toolstack/lib/hotplug.c toolstack/lib/hotplug_nic.c toolstack/lib/domain_config.h \
	toolstack/lib/layout.c toolstack/lib/layout_nic.c toolstack/lib/layout.h \
	toolstack/lib/interrupt.c toolstack/lib/lock.c \
	toolstack/lib/monitor.c toolstack/lib/monitor_backend.c toolstack/lib/monitor.h \
	toolstack/lib/names.c toolstack/lib/preflight.c \
	toolstack/lib/restart.c toolstack/lib/restart.h \
	toolstack/lib/restore.c toolstack/lib/session.c toolstack/lib/store.c toolstack/lib/toolstack.h \
	toolstack/lib/userdata.c toolstack/lib/vdev.c \
	toolstack/lib/wire.c toolstack/lib/wire.h
toolstack_lib_libtoolstack_la_CFLAGS = $(AM_CFLAGS) $(XENSTORE_CFLAGS) $(JSONC_CFLAGS) \
	$(UUID_CFLAGS) $(XLUTIL_CFLAGS)

# libxlutil's parsers come from its archive: the shared library would bring libxenlight and
# twenty more into every start of xl.  libxl_defbool.c has the one function they call.
noinst_LTLIBRARIES += toolstack/lib/libdefbool.la
toolstack_lib_libdefbool_la_SOURCES = toolstack/lib/libxl_defbool.c
toolstack_lib_libdefbool_la_CFLAGS = $(AM_CFLAGS) $(XLUTIL_CFLAGS)
XLUTIL_PARSERS = -l:libxlutil.a toolstack/lib/libdefbool.la
TOOLSTACK_LIBS = toolstack/lib/libtoolstack.la toolstack/builder/libbuilder.la libs/libctl.la \
	libs/libxencall.la libs/libxenforeignmemory.la libs/libutil.la \
	$(XLUTIL_PARSERS) $(XENSTORE_LIBS) $(JSONC_LIBS) $(UUID_LIBS)

bin_PROGRAMS += toolstack/xl
toolstack_xl_SOURCES = \
	toolstack/commands/cmd_block_attach.c toolstack/commands/cmd_block_detach.c \
	toolstack/commands/cmd_block_list.c toolstack/commands/cmd_config_update.c \
	toolstack/commands/cmd_console.c toolstack/commands/cmd_create.c \
	toolstack/commands/cmd_destroy.c toolstack/commands/cmd_debug_keys.c toolstack/commands/cmd_dmesg.c \
	toolstack/commands/cmd_domid.c toolstack/commands/cmd_domname.c \
	toolstack/commands/cmd_help.c toolstack/commands/cmd_info.c \
	toolstack/commands/cmd_list.c toolstack/commands/cmd_mem_max.c \
	toolstack/commands/cmd_mem_set.c toolstack/commands/cmd_network_attach.c \
	toolstack/commands/cmd_network_detach.c toolstack/commands/cmd_network_list.c \
	toolstack/commands/cmd_pause.c toolstack/commands/cmd_reboot.c \
	toolstack/commands/cmd_rename.c toolstack/commands/cmd_sched_credit2.c \
	toolstack/commands/cmd_shutdown.c toolstack/commands/cmd_sysrq.c toolstack/commands/cmd_trigger.c \
	toolstack/commands/cmd_unpause.c toolstack/commands/cmd_uptime.c \
	toolstack/commands/cmd_vcpu_list.c toolstack/commands/cmd_vcpu_pin.c toolstack/commands/cmd_vcpu_set.c toolstack/commands/cmd_vm_list.c \
	toolstack/commands/common.c toolstack/commands/main.c toolstack/commands/stop.c \
	toolstack/commands/table.c toolstack/commands/xl.h
toolstack_xl_CFLAGS = $(toolstack_lib_libtoolstack_la_CFLAGS)
toolstack_xl_LDADD = $(TOOLSTACK_LIBS)

check_PROGRAMS += tests/unit/xl_config tests/unit/xl_config_fuzz tests/unit/xl_wire
UNIT_TESTS += tests/unit/xl_config tests/unit/xl_config_fuzz tests/unit/xl_wire
tests_unit_xl_wire_SOURCES = tests/unit/xl_wire.c
tests_unit_xl_wire_CFLAGS = $(tests_unit_xl_config_CFLAGS)
tests_unit_xl_wire_LDADD = $(tests_unit_xl_config_LDADD)
tests_unit_xl_config_SOURCES = tests/unit/xl_config.c
tests_unit_xl_config_CFLAGS = $(toolstack_lib_libtoolstack_la_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_xl_config_LDADD = $(TOOLSTACK_LIBS) $(CRITERION_LIBS)
tests_unit_xl_config_fuzz_SOURCES = tests/unit/xl_config_fuzz.c
tests_unit_xl_config_fuzz_CFLAGS = $(tests_unit_xl_config_CFLAGS)
tests_unit_xl_config_fuzz_LDADD = $(tests_unit_xl_config_LDADD)
EXTRA_DIST += tests/xllib.sh tests/system/xl-commands.sh tests/system/xl-bad-input.sh \
	tests/system/xl-restart.sh tests/system/xl-daemons.sh tests/system/xl-man.sh tests/system/xl-vcpus.sh
dist_man_MANS += man/xl.1 man/xl.cfg.5
dist_man_MANS += man/xl-disk-configuration.5
dist_man_MANS += man/xl-network-configuration.5
