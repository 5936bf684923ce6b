# SPDX-License-Identifier: MIT
# The domain builder: an ELF PV kernel becomes a domain's start of day.
noinst_HEADERS += toolstack/builder/builder.h
