#!/bin/bash
# SPDX-License-Identifier: MIT
# Every conformance case, compared with Xen's recorded answers: see tests/conformance/README.
exec "$(dirname "$0")/../conformance/run"
