/* SPDX-License-Identifier: MIT */
/*
 * A process gets a new program: a fresh address space is built beside the old one, so that any
 * failure leaves the process as it was; then the two change places.
 */
#include <pv/elf.h>
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>
#include <pv/time.h>
#include <xen/xen.h>

#define STACK_STRINGS_MAX	(EXEC_ARGS_MAX + 8192)
#define RFLAGS_IF		0x200UL
#define CMDLINE_KEPT		1024UL

enum { AT_NULL, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7, AT_FLAGS = 8,
       AT_ENTRY = 9, AT_UID = 11, AT_EUID = 12, AT_GID = 13, AT_EGID = 14, AT_HWCAP = 16,
       AT_CLKTCK = 17, AT_SECURE = 23, AT_RANDOM = 25, AT_EXECFN = 31, AT_MINSIGSTKSZ = 51 };

int exec_args_add(struct exec_args *a, const char *s, size_t n)
{
	if (n + 1 > EXEC_ARGS_MAX - a->bytes)
		return -E2BIG;
	if (a->bytes + n + 1 > a->size) {
		size_t size = MIN(MAX(a->size * 2, a->bytes + n + 1), EXEC_ARGS_MAX);
		char *more = krealloc(a->strings, size);

		if (more == NULL)
			return -ENOMEM;
		a->strings = more;
		a->size = size;
	}
	memcpy(a->strings + a->bytes, s, n);
	a->strings[a->bytes + n] = 0;
	a->bytes += n + 1;
	return 0;
}

static int map_segment(struct mm *mm, struct filemap *file, const struct elf_segment *s,
		       uint64_t bias)
{
	uint64_t start = s->start + bias, end = s->end + bias;
	uint64_t file_pages = s->file_end == 0 ? start : ROUND_UP(s->file_end + bias, PAGE_SIZE);
	struct vma *v;

	if (file_pages > start) {
		v = vma_new(mm, start, file_pages, s->prot, 0);
		if (v == NULL)
			return -ENOMEM;
		filemap_get(file);
		v->file = file;
		v->offset = s->offset;
		v->file_end = s->end > ROUND_UP(s->file_end, PAGE_SIZE) || (s->prot & PROT_WRITE) ?
			      s->file_end + bias : file_pages;
	}
	if (end > file_pages && vma_new(mm, file_pages, end, s->prot, 0) == NULL)
		return -ENOMEM;
	return 0;
}

static int map_image(struct mm *mm, struct filemap *file, struct elf_image *image)
{
	uint64_t bias = image->moves ? USER_PIE_BASE - image->low : 0;
	int rc = 0;

	for (unsigned int i = 0; i < image->nr_segments && rc == 0; i++)
		rc = map_segment(mm, file, &image->segment[i], bias);
	image->entry += bias;
	if (image->phdr_va != 0)
		image->phdr_va += bias;
	mm->brk_start = mm->brk = image->high + bias;
	if (rc == 0 && vma_new(mm, USER_STACK_TOP - USER_STACK_MAX, USER_STACK_TOP,
			       PROT_READ | PROT_WRITE, 0) == NULL)
		rc = -ENOMEM;
	return rc;
}

static uint32_t hwcap(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return d;
}

struct stack_image {
	uint64_t strings;	/* user address of the copy of args->strings */
	uint64_t execfn, random;
	uint64_t *words;
	unsigned int n;
};

static void auxv(struct stack_image *s, uint64_t type, uint64_t value)
{
	s->words[s->n++] = type;
	s->words[s->n++] = value;
}

static void pointers(struct stack_image *s, const struct exec_args *a)
{
	const char *at = a->strings;

	s->words[s->n++] = a->argc;
	for (unsigned int i = 0; i < a->argc + a->envc; i++) {
		if (i == a->argc)
			s->words[s->n++] = 0;
		s->words[s->n++] = s->strings + (at - a->strings);
		at += strlen(at) + 1;
	}
	if (a->envc == 0)
		s->words[s->n++] = 0;
	s->words[s->n++] = 0;
}

static void auxvec(struct stack_image *s, const struct elf_image *image)
{
	auxv(s, AT_PHDR, image->phdr_va);
	auxv(s, AT_PHENT, ELF_PHDR_BYTES);
	auxv(s, AT_PHNUM, image->phnum);
	auxv(s, AT_PAGESZ, PAGE_SIZE);
	auxv(s, AT_BASE, 0);
	auxv(s, AT_FLAGS, 0);
	auxv(s, AT_ENTRY, image->entry);
	auxv(s, AT_UID, 0);
	auxv(s, AT_EUID, 0);
	auxv(s, AT_GID, 0);
	auxv(s, AT_EGID, 0);
	auxv(s, AT_HWCAP, hwcap());
	auxv(s, AT_CLKTCK, 100);
	auxv(s, AT_SECURE, 0);
	auxv(s, AT_RANDOM, s->random);
	auxv(s, AT_EXECFN, s->execfn);
	auxv(s, AT_MINSIGSTKSZ, fpu_bytes() + 1024);
	auxv(s, AT_NULL, 0);
}

/* From the top: the path, 16 random bytes, the strings, then the words rsp points at. */
static int build_stack(struct proc *p, struct mm *mm, const char *path, const struct exec_args *a,
		       const struct elf_image *image, uint64_t *sp)
{
	struct stack_image s = { .n = 0 };
	uint64_t random[2], at = USER_STACK_TOP - 8;
	size_t words = 1 + a->argc + 1 + a->envc + 1 + 2 * 18 + 2;
	int rc;

	random[0] = random_u64();
	random[1] = random_u64();
	s.words = kmalloc(words * 8);
	if (s.words == NULL)
		return -ENOMEM;
	s.execfn = at -= strlen(path) + 1;
	s.random = at = (at - 16) & ~15UL;
	s.strings = at -= a->bytes;
	pointers(&s, a);
	auxvec(&s, image);
	BUG_ON(s.n > words);
	*sp = (at - s.n * 8) & ~15UL;
	rc = mm_copy_to(mm, s.execfn, path, strlen(path) + 1);
	if (rc == 0)
		rc = mm_copy_to(mm, s.random, random, sizeof(random));
	if (rc == 0 && a->bytes > 0)
		rc = mm_copy_to(mm, s.strings, a->strings, a->bytes);
	if (rc == 0)
		rc = mm_copy_to(mm, *sp, s.words, s.n * 8);
	kfree(s.words);
	p->arg_start = s.strings;
	p->arg_end = s.strings + a->bytes;
	return rc == -EFAULT ? -ENOMEM : rc;
}

static int load(struct filemap *file, struct mm *mm, struct elf_image *image)
{
	char header[ELF_HEADER_BYTES];
	char *phdrs;
	int64_t n = filemap_read(file, header, sizeof(header), 0);
	int rc = n < 0 ? (int)n : elf_parse_header(header, n, image);
	size_t bytes = image->phnum * ELF_PHDR_BYTES;

	if (rc != 0)
		return rc;
	phdrs = kmalloc(bytes);
	if (phdrs == NULL)
		return -ENOMEM;
	n = filemap_read(file, phdrs, bytes, image->phoff);
	rc = n != (int64_t)bytes ? -ENOEXEC : elf_parse_phdrs(phdrs, filemap_size(file), image);
	kfree(phdrs);
	return rc != 0 ? rc : map_image(mm, file, image);
}

/* Handlers are gone with the program; what was ignored stays so. */
static void reset_signals(struct proc *p)
{
	for (unsigned int i = 0; i < NSIG; i++) {
		bool ignored = p->actions[i].handler == SIG_IGN;

		memset(&p->actions[i], 0, sizeof(p->actions[i]));
		if (ignored)
			p->actions[i].handler = SIG_IGN;
	}
	p->alt_sp = p->alt_size = 0;
}

/* What /proc tells; others read it. */
static void name_set(struct proc *p, char *exe, const struct exec_args *args)
{
	const char *end = args->strings;
	unsigned long flags;
	char *cmdline, *old_exe = p->exe, *old_cmdline = p->cmdline;
	size_t n;

	for (unsigned int i = 0; i < args->argc; i++)
		end += strlen(end) + 1;
	n = MIN((size_t)(end - args->strings), CMDLINE_KEPT);
	cmdline = kmalloc(MAX(n, (size_t)1));
	if (cmdline != NULL)
		memcpy(cmdline, args->strings, n);
	flags = spin_lock_irqsave(&proc_lock);
	p->execed = true;
	p->exe = exe;
	p->cmdline = cmdline;
	p->cmdline_bytes = cmdline != NULL ? n : 0;
	spin_unlock_irqrestore(&proc_lock, flags);
	kfree(old_exe);
	kfree(old_cmdline);
}

static void take_over(struct proc *p, struct mm *mm, const char *path, char *exe,
		      const struct exec_args *args)
{
	const char *base = strrchr(path, '/');
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct mm *old = p->mm;

	p->mm = mm;
	spin_unlock_irqrestore(&proc_lock, flags);
	if (current()->proc == p)
		proc_mm_activate();
	vfork_done(p);
	if (old != NULL)
		mm_put(old);
	for (unsigned int i = 0; i < PROC_FILES; i++) {
		if (p->files[i] != NULL && (p->cloexec >> i & 1))
			fd_close(p, i);
	}
	reset_signals(p);
	p->clear_tid = 0;
	name_set(p, exe, args);
	str_copy(p->comm, base != NULL ? base + 1 : path, sizeof(p->comm));
	str_copy(p->thread->name, p->comm, sizeof(p->thread->name));
	if (current()->proc == p) {
		proc_segments_set(0, 0);
		fpu_reset(p->thread);
	}
}

static int exec_file(struct proc *p, const char *path, struct exec_args *args, struct trap_frame *f)
{
	struct filemap *file;
	struct elf_image image;
	struct mm *mm;
	char *exe = kmalloc(VFS_PATH_MAX);	/* the file itself, whatever links lead to it */
	uint64_t sp = 0;
	int rc = exe == NULL ? -ENOMEM : vfs_realpath(path, exe);

	if (rc == 0)
		rc = filemap_open(exe, &file);

	if (rc != 0) {
		kfree(exe);
		return rc;
	}
	mm = mm_create();
	rc = mm == NULL ? -ENOMEM : load(file, mm, &image);
	if (rc == 0)
		rc = build_stack(p, mm, path, args, &image, &sp);
	filemap_put(file);
	if (rc != 0) {
		if (mm != NULL)
			mm_put(mm);
		kfree(exe);
		return rc;
	}
	take_over(p, mm, path, exe, args);
	memset(f, 0, sizeof(*f));
	f->rip = image.entry;
	f->rsp = sp;
	f->rflags = RFLAGS_IF;
	f->cs = FLAT_RING3_CS64;
	f->ss = FLAT_RING3_SS64;
	return 0;
}

/* "#! interpreter [argument]": the interpreter runs with the argument and the script's path. */
static int script_line(const char *path, char line[128])
{
	struct filemap *file;
	int rc = filemap_open(path, &file);
	int64_t n;

	if (rc != 0)
		return rc;
	n = filemap_read(file, line, 127, 0);
	filemap_put(file);
	if (n < 4 || line[0] != '#' || line[1] != '!')
		return -ENOEXEC;
	line[n] = 0;
	if (strchr(line, '\n') == NULL)
		return -ENOEXEC;
	*strchr(line, '\n') = 0;
	return 0;
}

static int script_args(const char *path, char *line, struct exec_args *old, struct exec_args *new,
		       char **interpreter)
{
	char *at = line + 2, *end;
	int rc;

	while (*at == ' ')
		at++;
	*interpreter = at;
	end = strchr(at, ' ');
	if (*at == 0)
		return -ENOEXEC;
	if (end != NULL)
		*end++ = 0;
	while (end != NULL && *end == ' ')
		end++;
	rc = exec_args_add(new, at, strlen(at));
	new->argc = 1;
	if (rc == 0 && end != NULL && *end != 0) {
		rc = exec_args_add(new, end, strlen(end));
		new->argc++;
	}
	if (rc == 0)
		rc = exec_args_add(new, path, strlen(path));
	new->argc++;
	/* All but the old argv[0]. */
	if (rc == 0 && old->argc > 0) {
		const char *rest = old->strings + strlen(old->strings) + 1;

		for (unsigned int i = 1; i < old->argc + old->envc && rc == 0; i++) {
			rc = exec_args_add(new, rest, strlen(rest));
			rest += strlen(rest) + 1;
		}
		new->argc += old->argc - 1;
	}
	new->envc = old->envc;
	return rc;
}

int proc_exec(struct proc *p, const char *path, struct exec_args *args, struct trap_frame *f)
{
	struct exec_args script = { 0 };
	char line[128], *interpreter;
	int rc = exec_file(p, path, args, f);

	if (rc != -ENOEXEC || script_line(path, line) != 0)
		return rc;
	rc = script_args(path, line, args, &script, &interpreter);
	if (rc == 0)
		rc = exec_file(p, interpreter, &script, f);
	kfree(script.strings);
	return rc;
}
