# SPDX-License-Identifier: MIT
# The sorted output of nm -> assembly of the symbol table kernel/symbols.c reads.
# Only functions; kernel_start is the first text address and the origin of the offsets.
BEGIN { n = 0 }
$3 == "kernel_start" { start = $1 }
($2 == "T" || $2 == "t") && $3 !~ /^(text_end|kernel_start|\.L)/ {
	addr[n] = $1
	name[n++] = $3
}
END {
	print "\t.section ksymbol_table, \"a\""
	print "\t.balign 8"
	print "\t.globl ksymbols, ksymbols_count, ksymbol_names"
	print "ksymbols:"
	at = 0
	for (i = 0; i < n; i++) {
		printf "\t.long 0x%s - 0x%s, %d\n", addr[i], start, at
		at += length(name[i]) + 1
	}
	print "ksymbols_count:"
	printf "\t.long %d\n", n
	print "ksymbol_names:"
	for (i = 0; i < n; i++)
		printf "\t.asciz \"%s\"\n", name[i]
	print "\t.section .note.GNU-stack, \"\", @progbits"
}
