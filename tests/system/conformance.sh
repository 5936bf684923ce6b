#!/bin/bash
# SPDX-License-Identifier: MIT
# Every conformance case, compared with Xen's recorded answers, and each row of the hypercall table
# has one: see tests/conformance/README.
STRICT=1 exec "$(dirname "$0")/../conformance/run"
