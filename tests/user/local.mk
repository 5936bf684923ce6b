# SPDX-License-Identifier: MIT
# Programs for the user mode of guests: static, freestanding, on Linux's system calls alone. Each
# checks one way into the kernel (tests/system/guest-user.sh); ubench measures.
USER_TEST_FILES = tests/user/bases.user tests/user/breakpoint.user tests/user/fault.user \
	tests/user/fpu.user tests/user/int80.user tests/user/kernel.user tests/user/preempt.user \
	tests/user/step.user tests/user/syscall.user tests/user/sysenter.user tests/user/ubench.user
USER_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -O1 -ffreestanding -fno-builtin -nostdlib -static -fno-pic -no-pie \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -mno-red-zone \
	-mno-sse -U_FORTIFY_SOURCE -Wno-unused-command-line-argument -Wl,--build-id=none -Wl,-z,noexecstack

SUFFIXES += .user
.c.user:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CC) $(USER_CFLAGS) -o $@ $<
$(USER_TEST_FILES): tests/user/user.h
all-local: $(USER_TEST_FILES)
CLEANFILES += $(USER_TEST_FILES)
noinst_HEADERS += tests/user/user.h
EXTRA_DIST += $(USER_TEST_FILES:.user=.c)
