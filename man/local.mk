# SPDX-License-Identifier: MIT
# Pages that belong to no one folder.
dist_man_MANS += man/paravane.7
