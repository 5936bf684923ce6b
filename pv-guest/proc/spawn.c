/* SPDX-License-Identifier: MIT */
/*
 * Programs started by the kernel: by the shell (exec, or a path as a command), by init= on the
 * command line. The thread that started one serves it the console until it ends.
 */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/shell.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>
#include <pv/thread_struct.h>

#define STATUS_NOT_FOUND	127

static int own_files(struct proc *p)
{
	for (unsigned int i = 0; i < 3; i++) {
		p->files[i] = console_ofile();
		if (p->files[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int add_all(struct exec_args *args, char *const list[], unsigned int *count)
{
	int rc = 0;

	for (*count = 0; list[*count] != NULL && rc == 0; (*count)++)
		rc = exec_args_add(args, list[*count], strlen(list[*count]));
	return rc;
}

int proc_check_program(const char *path)
{
	struct vfs_stat st;
	int rc = vfs_stat(path, &st);

	if (rc != 0)
		return rc;
	return VFS_ISREG(st.mode) && (st.mode & 0111) ? 0 : -EACCES;
}

static void discard(struct proc *p)
{
	for (unsigned int i = 0; i < PROC_FILES; i++) {
		if (p->files[i] != NULL)
			ofile_put(p->files[i]);
	}
	if (p->mm != NULL)
		mm_put(p->mm);
	if (p->thread != NULL) {
		fpu_free(p->thread);
		page_free(p->thread, STACK_ORDER);
	}
	proc_free(p);
}

int proc_spawn(bool first, char *const argv[], char *const envp[], struct proc **out)
{
	struct exec_args args = { 0 };
	struct proc *p = proc_alloc(first);
	char *absolute = kmalloc(VFS_PATH_MAX);
	int rc = p == NULL || absolute == NULL ? -ENOMEM : vfs_realpath(argv[0], absolute);

	if (rc == 0)
		rc = proc_check_program(absolute);
	if (rc == 0)
		rc = add_all(&args, argv, &args.argc);
	if (rc == 0)
		rc = add_all(&args, envp, &args.envc);
	if (rc == 0)
		rc = own_files(p);
	if (rc == 0) {
		p->cwd = kstrdup(vfs_getcwd());
		rc = p->cwd == NULL ? -ENOMEM : proc_start(p);
	}
	if (rc == 0)
		rc = proc_exec(p, absolute, &args, &p->start);
	kfree(args.strings);
	kfree(absolute);
	if (rc != 0) {
		if (p != NULL)
			discard(p);
		return rc;
	}
	tty_foreground(p->pgid);
	*out = p;
	thread_launch(p->thread);
	return 0;
}

static bool ended(void *arg)
{
	struct proc *p = arg;

	return __atomic_load_n(&p->state, __ATOMIC_ACQUIRE) == PROC_ZOMBIE;
}

int proc_wait_foreground(struct proc *p)
{
	int status, c;

	while ((c = console_getc_until(ended, p)) >= 0)
		tty_input(c);
	status = p->exit_status;
	proc_free(p);
	return status;
}

/* As a shell counts: 128 + the signal. */
static int exit_code(int status)
{
	return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

int proc_run(bool first, char *const argv[])
{
	static char *const env[] = { "PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/", "TERM=vt100",
				     NULL };
	struct proc *p;
	int rc = proc_spawn(first, argv, env, &p);

	if (rc != 0) {
		eprintf("%s: %s\n", argv[0], error_text(rc));
		return STATUS_NOT_FOUND;
	}
	return exit_code(proc_wait_foreground(p));
}

static int cmd_exec(int argc, char **argv)
{
	if (argc < 2) {
		eprintf("usage: exec PROGRAM [ARG]...\n");
		return 2;
	}
	return proc_run(false, argv + 1);
}
SHELL_COMMAND("exec", cmd_exec, "PROGRAM [ARG]... - run a program in user mode and wait for it");
