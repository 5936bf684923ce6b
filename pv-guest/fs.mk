# SPDX-License-Identifier: MIT
# Files, block devices and their commands: the part of the guest kernel above its core.
# GUEST_FS_SOURCES goes into the kernel with everything else (pv-guest/local.mk).
GUEST_FS_SOURCES =

noinst_HEADERS += pv-guest/include/vfs.h
