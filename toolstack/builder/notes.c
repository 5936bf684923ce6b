/* SPDX-License-Identifier: MIT */
/*
 * The Xen ELF notes of a kernel (xen/elfnote.h).  Called by elf.c with the bytes of each note
 * segment; they come from the file and are not trusted: every size is checked against what is
 * left, strings must end inside their note, numbers are 1, 2, 4 or 8 bytes.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/elfnote.h>
#include <xen/features.h>

#include "toolstack/builder/kernel.h"

struct note {
	uint32_t type;
	const uint8_t *desc;
	uint32_t size;
};

/* Names a kernel may require in FEATURES.  A PV builder knows these and no others; dom0 is
 * known and refused, because no kernel built here becomes the control domain. */
static const struct feature {
	const char *name;
	unsigned bit;
} features[] = {
	{ "writable_page_tables", XENFEAT_writable_page_tables },
	{ "writable_descriptor_tables", XENFEAT_writable_descriptor_tables },
	{ "auto_translated_physmap", XENFEAT_auto_translated_physmap },
	{ "supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel },
	{ "pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb },
	{ "dom0", XENFEAT_dom0 },
};

void kernel_notes_init(struct kernel_notes *notes)
{
	*notes = (struct kernel_notes){
		.entry = NOTE_UNSET,
		.hypercall_page = NOTE_UNSET,
		.init_p2m = NOTE_UNSET,
		.hv_start_low = NOTE_UNSET,
	};
}

static int note_number(const struct note *n, uint64_t *value, struct report *r)
{
	uint64_t v = 0;

	if (n->size != 1 && n->size != 2 && n->size != 4 && n->size != 8)
		return report_fail(r, -EINVAL, "Xen note %u is a number of %u bytes", n->type, n->size);
	memcpy(&v, n->desc, n->size);	/* little endian on both sides */
	*value = v;
	return 0;
}

static int note_string(const struct note *n, const char **s, struct report *r)
{
	if (n->size == 0 || !memchr(n->desc, 0, n->size))
		return report_fail(r, -EINVAL, "Xen note %u is a string without an end", n->type);
	*s = (const char *)n->desc;
	return 0;
}

static int note_flag(const struct note *n, bool *flag, struct report *r)
{
	uint64_t v;
	int err = note_number(n, &v, r);

	if (!err)
		*flag = v != 0;
	return err;
}

static int feature_check(const char *name, size_t len, struct report *r)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (strlen(features[i].name) != len || memcmp(features[i].name, name, len))
			continue;
		if (features[i].bit == XENFEAT_dom0)
			return report_fail(r, -EOPNOTSUPP,
					   "the kernel only runs as the control domain (it requires dom0)");
		return 0;
	}
	return report_fail(r, -EOPNOTSUPP, "the kernel requires the unknown feature \"%.*s\"",
			   len > 64 ? 64 : (int)len, name);
}

/* FEATURES is names separated by '|'; one that begins with '!' is required.  The rest are offers. */
static int note_features(const char *s, struct report *r)
{
	while (*s) {
		size_t len = strcspn(s, "|");
		int err = 0;

		if (*s == '!')
			err = feature_check(s + 1, len - 1, r);
		if (err)
			return err;
		s += len;
		if (*s == '|')
			s++;
	}
	return 0;
}

static int note_text(struct kernel_notes *notes, const struct note *n, struct report *r)
{
	const char *s = "";
	int err = note_string(n, &s, r);

	if (err)
		return err;
	switch (n->type) {
	case XEN_ELFNOTE_XEN_VERSION:
		notes->xen_3 = strncmp(s, "xen-3.0", 7) == 0;
		return 0;
	case XEN_ELFNOTE_GUEST_OS:
		notes->linux_os = strncmp(s, "linux", 5) == 0;
		return 0;
	case XEN_ELFNOTE_LOADER:
		notes->generic_loader = strncmp(s, "generic", 7) == 0;
		return 0;
	case XEN_ELFNOTE_BSD_SYMTAB:
		notes->bsd_symtab = strcmp(s, "yes") == 0;
		return 0;
	case XEN_ELFNOTE_FEATURES:
		return note_features(s, r);
	default:	/* GUEST_VERSION and PAE_MODE (32-bit only) decide nothing */
		return 0;
	}
}

static int note_apply(struct kernel_notes *notes, const struct note *n, struct report *r)
{
	uint64_t ignored;

	switch (n->type) {
	case XEN_ELFNOTE_ENTRY:
		return note_number(n, &notes->entry, r);
	case XEN_ELFNOTE_HYPERCALL_PAGE:
		return note_number(n, &notes->hypercall_page, r);
	case XEN_ELFNOTE_VIRT_BASE:
		return note_number(n, &notes->virt_base, r);
	case XEN_ELFNOTE_PADDR_OFFSET:
		return note_number(n, &notes->paddr_offset, r);
	case XEN_ELFNOTE_HV_START_LOW:
		return note_number(n, &notes->hv_start_low, r);
	case XEN_ELFNOTE_INIT_P2M:
		return note_number(n, &notes->init_p2m, r);
	case XEN_ELFNOTE_MOD_START_PFN:
		return note_flag(n, &notes->mod_start_pfn, r);
	case XEN_ELFNOTE_SUSPEND_CANCEL:
	case XEN_ELFNOTE_SUPPORTED_FEATURES:
		return note_number(n, &ignored, r);
	case XEN_ELFNOTE_GUEST_OS:
	case XEN_ELFNOTE_GUEST_VERSION:
	case XEN_ELFNOTE_XEN_VERSION:
	case XEN_ELFNOTE_LOADER:
	case XEN_ELFNOTE_PAE_MODE:
	case XEN_ELFNOTE_FEATURES:
	case XEN_ELFNOTE_BSD_SYMTAB:
		return note_text(notes, n, r);
	default:	/* INFO, L1_MFN_VALID, PHYS32_ENTRY: for migration and HVM */
		return 0;
	}
}

static uint64_t note_align(uint64_t n)
{
	return (n + 3) & ~3ULL;
}

int kernel_notes_parse(struct kernel_notes *notes, const void *p, size_t size, struct report *r)
{
	const uint8_t *at = p;
	Elf64_Nhdr h;
	int err;

	while (size >= sizeof(h)) {
		memcpy(&h, at, sizeof(h));
		at += sizeof(h);
		size -= sizeof(h);
		/* 32-bit sizes, 64-bit sums: nothing here can overflow. */
		uint64_t name = note_align(h.n_namesz), all = name + note_align(h.n_descsz);

		/* The last note of a block may lack its padding. */
		if (name > size || name + h.n_descsz > size)
			return report_fail(r, -EINVAL, "an ELF note is longer than its segment");
		if (h.n_namesz == sizeof("Xen") && !memcmp(at, "Xen", sizeof("Xen"))) {
			struct note n = { .type = h.n_type, .desc = at + name, .size = h.n_descsz };

			notes->seen++;
			err = note_apply(notes, &n, r);
			if (err)
				return err;
		}
		if (all > size)
			all = size;
		at += all;
		size -= all;
	}
	return 0;
}
