# SPDX-License-Identifier: MIT
# Reads cases' sources; prints what their opening comments say, one line each:
#	config NAME memory vcpus maxvcpus domains timeout expect extra
#	covers NAME WHAT good|bad
# Usage: awk -f tags.awk CASE.c...
function begin() {
	if (name != "")
		print "config", name, memory, vcpus, maxvcpus ? maxvcpus : vcpus, domains, timeout, expect, extra
}
FNR == 1 {
	begin()
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.c$/, "", name)
	memory = 16
	vcpus = domains = 1
	maxvcpus = 0
	timeout = 60
	expect = "verdict"
	extra = ""
	open = 1
}
/\*\// && FNR > 1 { last = 1 }
open && /^ \* covers: / {
	if (NF != 4 || ($4 != "good" && $4 != "bad"))
		print "error", name, "covers: wants WHAT good|bad, not: " $0
	else
		print "covers", name, $3, $4
}
open && /^ \* config: / {
	for (i = 3; i <= NF; i++) {
		split($i, w, "=")
		if (w[1] == "memory") memory = w[2]
		else if (w[1] == "vcpus") vcpus = w[2]
		else if (w[1] == "maxvcpus") maxvcpus = w[2]
		else if (w[1] == "domains") domains = w[2]
		else if (w[1] == "timeout") timeout = w[2]
		else if (w[1] == "expect") expect = w[2]
		else if (w[1] == "extra") extra = extra (extra == "" ? "" : ",") substr($i, 7)
		else print "error", name, "config: knows no " w[1]
	}
}
last { open = last = 0 }
END { begin() }
