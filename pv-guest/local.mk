# SPDX-License-Identifier: MIT
include pv-guest/fs.mk
