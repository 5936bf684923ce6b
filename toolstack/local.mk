# SPDX-License-Identifier: MIT
include toolstack/builder/local.mk
