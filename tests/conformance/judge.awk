# SPDX-License-Identifier: MIT
# Judges one case.  Usage: awk -v name=CASE -v expect=verdict|crash -v domains=N -v ended=gone|crash|hang|nothing [-v record=VERSION]
#	-f judge.awk file=1 DEVIATIONS file=2 TCG file=3 ANSWERS file=4 OUTPUT
# ANSWERS: "key = value" as Xen gave them; OUTPUT: the console of the case's domains.
# Prints one line, "ok|skip|error|not ok - CASE: why", after the details; with record the file of answers instead.
function bad(what) { print "  " name ": " what; problems++ }
function trim(s) { sub(/^[ \t]+/, "", s); sub(/[ \t\r]+$/, "", s); return s }
BEGIN {
	level["success"] = 1; level["skip"] = 2; level["error"] = 3; level["failure"] = 4
	worst = 0
}
# CASE | KEY | OURS | XEN'S | REASON, and CASE | KEY | HARDWARE'S | TCG'S | REASON
file <= 2 && !/^#/ && NF {
	n = split($0, f, "|")
	if (n < 5 || trim(f[1]) != name)
		next
	if (file == 1) { ours[trim(f[2])] = trim(f[3]); xens[trim(f[2])] = trim(f[4]) }
	else { hard[trim(f[2])] = trim(f[3]); tcgs[trim(f[2])] = trim(f[4]) }
	next
}
file == 3 && !/^#/ && NF {
	i = index($0, " = ")
	want[substr($0, 1, i - 1)] = substr($0, i + 3)
	recorded = 1
	next
}
file == 4 {
	sub(/\r$/, "")
	if (sub(/^answer: /, "")) {
		i = index($0, " = ")
		k = substr($0, 1, i - 1)
		if (k in got)
			bad("answers " k " twice")
		order[++keys] = k
		got[k] = substr($0, i + 3)
	} else if (/^check: /) {
		failed_checks = failed_checks "\n  " name ": " substr($0, 8)
	} else if (/^crash-next: /) {
		crash_said++
	} else if (/^not ok - /) {
		worst = 4
		why = substr($0, 10)
	} else if (sub(/^Result: /, "")) {
		verdicts++
		v = $0
		sub(/:.*/, "", v)
		if (level[v] >= worst) { worst = level[v]; why = $0; sub(/^[a-z]*:? ?/, "", why) }
	}
}
END {
	if (failed_checks != "" && worst < 4) { worst = 4; why = "checks failed" }
	if (ended == "nothing") {
		worst = 3
		why = "no domain could be made, see test-logs/conformance"
	} else if (worst < 3 && expect == "crash") {
		if (verdicts) { worst = 4; why = "lived on where the hypervisor must crash it" }
		else if (ended == "crash" && crash_said) worst = 1
		else { worst = 3; why = "ended (" ended ") before what must crash it" }
	} else if (worst < 3 && ended != "gone") {
		worst = 4
		why = ended == "crash" ? "the hypervisor crashed it" : "did not end in time"
	} else if (worst < 3 && verdicts < domains) {
		worst = 3
		why = "no verdict"
	}
	split("success skip error failure", names, " ")
	got["result"] = names[worst]
	if (record) {
		print "# " name ": what Xen " record " answered"
		for (i = 1; i <= keys; i++)
			print order[i] " = " got[order[i]]
		print "result = " got["result"]
		if (worst >= 3)
			print "  " name ": " why failed_checks > "/dev/stderr"
		exit
	}
	if (failed_checks != "")
		print substr(failed_checks, 2)
	if (worst == 2) {
		print "skip - " name ": " why
		exit
	}
	# What was recorded where the CPU or Xen lacked something says nothing.
	if (recorded && want["result"] != "skip") {
		for (k in hard) {
			if (!(k in want) || want[k] != tcgs[k])
				bad("tests/conformance/tcg says " k " = " tcgs[k] ", recorded is " want[k] ": stale")
			want[k] = hard[k]
		}
		for (k in ours) {
			if (!(k in want) || want[k] != xens[k] || !(k in got) || got[k] != ours[k])
				bad("deviation of " k " is stale: ours " got[k] ", Xen's " want[k])
			else
				want[k] = ours[k]
		}
		for (k in got)
			if (!(k in want))
				bad(k " = " got[k] ", and Xen gave no such answer")
			else if (got[k] != want[k])
				bad(k " = " got[k] ", Xen says " want[k])
		for (k in want)
			if (!(k in got))
				bad("no answer " k ", Xen says " want[k])
	}
	if (worst == 3)
		print "error - " name ": " why
	else if (worst == 4 && !("result" in ours && ours["result"] == "failure"))
		print "not ok - " name ": " why
	else if (problems)
		print "not ok - " name ": answers differ from Xen's"
	else
		print "ok - " name (recorded ? "" : " (no recorded answers)")
}
