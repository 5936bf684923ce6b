# SPDX-License-Identifier: MIT
# paravane-hypercalls(7) out of the table: awk -f manual.awk NUMBERS table.h subops.h deviations >PAGE
# NUMBERS: the macros of <xen/xen.h> (cc -E -dM).  With -v list=1 prints instead what needs conformance cases, one line each:
#	NAME good|bad
function words(s) { gsub(/\\/, "\\e", s); gsub(/"/, "", s); sub(/^[ \t]+/, "", s); sub(/[ \t]+$/, "", s); return s }
# A line of text: mdoc takes a word of one capital and a leading dot or quote for itself.
function text(s,	i) {
	s = words(s)
	if (s ~ /^[.']/)
		s = "\\&" s
	while (length(s) > 79) {
		for (i = 79; i > 1 && substr(s, i, 1) != " "; i--)
			;
		if (i == 1)
			break
		print substr(s, 1, i - 1)
		s = substr(s, i + 1)
	}
	print s
}
# "EINVAL: why; EPERM: why" or a sentence: errnos as mdoc has them.
function results(s,	n, part, i, at) {
	n = split(s, part, /; */)
	for (i = 1; i <= n; i++) {
		text(part[i] (i < n ? ";" : "."))
	}
}
function fields(line,	i, c, n, quoted, cur) {
	sub(/^[XS]\(/, "", line)
	sub(/\)[ \t]*\\?[ \t]*$/, "", line)
	n = 0; cur = ""; quoted = 0
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		if (c == "\"") quoted = !quoted
		if (c == "," && !quoted) { f[++n] = words(cur); cur = "" }
		else cur = cur c
	}
	f[++n] = words(cur)
	return n
}
BEGIN {
	where["image"] = "the image in the domain's own process"
	where["machine"] = "paravaned"
	where["both"] = "the image, and paravaned for what concerns more than the domain"
	where["refused"] = "nobody: always the error"
}
/^#define __HYPERVISOR_/ { number[substr($2, 14)] = $3; next }
/^\/\*.*\*\/ \\$/ { sub(/^\/\* */, ""); sub(/ *\*\/ \\$/, ""); comment = $0; next }
/^\/\*.*\\$/ { sub(/^\/\* */, ""); sub(/ *\\$/, ""); comment = $0; more = 1; next }
more && /\*\/ \\$/ { sub(/^ *\*? */, ""); sub(/ *\*\/ \\$/, ""); comment = comment " " $0; more = 0; next }
more { sub(/^ *\*? */, ""); sub(/ *\\$/, ""); comment = comment " " $0; next }
/^X\(/ {
	fields($0)
	row[++rows] = f[1]; args[f[1]] = f[2]; served[f[1]] = f[3]; brief[f[1]] = f[4]; manual[f[1]] = comment
	comment = ""
	next
}
/^S\(/ {
	fields($0)
	k = ++subs[f[1]]
	sub_name[f[1], k] = f[3]; sub_const[f[1], k] = f[2]; sub_served[f[1], k] = f[4]
	sub_arg[f[1], k] = f[5]; sub_result[f[1], k] = f[6]
	next
}
FILENAME ~ /deviations$/ && !/^#/ && /\|/ {
	split($0, d, "|")
	dev[++devs] = "The case " words(d[1]) " is answered " words(d[3]) " for " words(d[2]) ", where Xen answers " words(d[4]) ":"
	why[devs] = words(d[5])
}
function listing(	i, j, n) {
	for (i = 1; i <= rows; i++) {
		n = row[i]
		if (!(n in subs)) {
			if (served[n] != "refused")
				print n, "good"
			if (args[n] != "" && manual[n] !~ /[Aa]lways 0/)
				print n, "bad"
		}
		for (j = 1; j <= subs[n]; j++) {
			if (sub_served[n, j] != "refused")
				print n "." sub_name[n, j], "good"
			if (sub_result[n, j] !~ /^always/)
				print n "." sub_name[n, j], "bad"
		}
	}
}
END {
	if (list) { listing(); exit }
	print ".\\\" Generated from hypercalls/table.h and hypercalls/subops.h: edit those."
	print ".Dd November 24, 2026\n.Dt PARAVANE-HYPERCALLS 7\n.Os"
	print ".Sh NAME\n.Nm paravane-hypercalls\n.Nd the hypercalls of a domain under Paravane"
	print ".Sh DESCRIPTION"
	text("A 64-bit paravirtualized guest kernel asks the hypervisor by")
	print ".Li syscall"
	text("in kernel mode, or by the stubs of its hypercall page:")
	text("the number in rax, up to five arguments in rdi, rsi, rdx, r10 and r8, the result in rax.")
	text("rcx and r11 are lost.")
	text("A result from \\-4095 to \\-1 is an error, an errno with its sign changed; in user mode the same instruction is")
	text("a system call of the guest.")
	text("Numbers, structures and constants are those of the headers in")
	print ".In xen/xen.h"
	text("and its neighbours; what is said here is which of them Paravane serves, where, and what each may answer.")
	print ".Pp"
	text("Every structure is read once.")
	text("A pointer that is no memory of the domain is answered")
	print ".Er EFAULT ,"
	text("as is one into the addresses of the hypervisor; that is not repeated below where it is the only error.")
	text("A number without an entry here is answered")
	print ".Er ENOSYS ."
	print ".Ss Where a call is served"
	text("Most are answered by the image that shares the domain's process, and cost no system call of the host.")
	text("What concerns more than the domain goes to")
	print ".Xr paravaned 8 ."
	print ".Sh HYPERCALLS"
	for (i = 1; i <= rows; i++) {
		n = row[i]
		print ".Ss " n
		text("Number " number[n] (args[n] == "" ? ", no arguments" : ", arguments " args[n]) ": " brief[n] ".")
		print "Served by " where[served[n]] "."
		if (manual[n] != "") {
			m = split(manual[n], s, /\.  */)
			for (j = 1; j <= m; j++)
				if (s[j] != "") text(s[j] (s[j] ~ /\.$/ ? "" : "."))
		}
		if (!(n in subs))
			continue
		print ".Bl -tag -width Ds"
		for (j = 1; j <= subs[n]; j++) {
			print ".It Dv " sub_const[n, j] (sub_arg[n, j] == "none" ? "" : " Pq " sub_arg[n, j])
			results(sub_result[n, j])
			if (sub_served[n, j] == "refused")
				print "Always refused."
			else if (sub_served[n, j] != served[n])
				print "Served by " where[sub_served[n, j]] "."
		}
		print ".El"
	}
	print ".Sh DEVIATIONS"
	if (!devs)
		print "None is known."
	else {
		print "Compared with Xen 4.17, by the conformance cases that are part of the sources:"
		print ".Bl -bullet"
		for (i = 1; i <= devs; i++) {
			print ".It"
			text(dev[i])
			m = split(why[i], s, /\.  */)
			for (j = 1; j <= m; j++)
				if (s[j] != "") text(s[j] (s[j] ~ /\.$/ ? "" : "."))
		}
		print ".El"
	}
	print ".Sh SEE ALSO\n.Xr paravane 7 ,\n.Xr pv-guest 7 ,\n.Xr paravaned 8"
}
