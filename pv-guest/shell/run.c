/* SPDX-License-Identifier: MIT */
/*
 * Runs command lines: looks commands up in the table the linker gathered, redirects, chains.
 * Where printf goes belongs to the thread, so a watch callback that prints does not end up in
 * somebody's file.
 */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/shell_internal.h>
#include <pv/string.h>
#include <pv/thread_struct.h>

#define STATUS_NOT_FOUND	127
#define STATUS_SYNTAX		2

extern const struct shell_command shell_commands_start[], shell_commands_end[];
static const struct shell_file_ops *file_ops;

void shell_set_file_ops(const struct shell_file_ops *ops)
{
	file_ops = ops;
}

ssize_t out_write(const void *buf, size_t n)
{
	struct shell_out *out = current()->out;
	ssize_t rc;

	if (out == NULL) {
		console_write(buf, n);
		return n;
	}
	if (out->error != 0)
		return out->error;
	rc = file_ops->write(out->file, buf, n);
	if (rc < 0)
		out->error = rc;
	return rc;
}

int printf(const char *fmt, ...)
{
	char buf[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = pv_vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	out_write(buf, MIN((size_t)n, sizeof(buf) - 1));
	return n;
}

void eprintf(const char *fmt, ...)
{
	char buf[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = pv_vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	console_write(buf, MIN((size_t)n, sizeof(buf) - 1));
}

const struct shell_command *shell_command_find(const char *name)
{
	const struct shell_command *c;

	for (c = shell_commands_start; c < shell_commands_end; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

static int call(struct shell_simple *cmd)
{
	const struct shell_command *c = shell_command_find(cmd->argv[0]);

	if (c != NULL)
		return c->fn(cmd->argc, cmd->argv);
	if (strchr(cmd->argv[0], '/') != NULL)
		return proc_run(false, cmd->argv);
	eprintf("%s: no such command (try help)\n", cmd->argv[0]);
	return STATUS_NOT_FOUND;
}

static int call_redirected(struct shell_simple *cmd)
{
	struct shell_out out = { .error = 0 };
	int rc, status = 0;

	rc = file_ops == NULL ? -ENODEV : file_ops->open(cmd->redirect, cmd->append, &out.file);
	if (rc != 0) {
		eprintf("%s: %s\n", cmd->redirect, error_text(rc));
		return 1;
	}
	if (cmd->argc > 0) {
		current()->out = &out;
		status = call(cmd);
		current()->out = NULL;
	}
	rc = file_ops->close(out.file);
	if (out.error != 0)
		rc = out.error;
	if (rc != 0) {
		eprintf("%s: %s\n", cmd->redirect, error_text(rc));
		return 1;
	}
	return status;
}

static bool wanted(enum shell_join join, int status)
{
	return (join != JOIN_AND || status == 0) && (join != JOIN_OR || status != 0);
}

static int last_status;

int shell_run(const char *line)
{
	struct shell_simple *cmd = kmalloc(sizeof(*cmd));
	enum shell_join join = JOIN_ALWAYS;
	const char *error;

	if (cmd == NULL)
		return last_status = 1;
	do {
		if (shell_parse(&line, cmd, last_status, &error) != 0) {
			eprintf("shell: %s\n", error);
			last_status = STATUS_SYNTAX;
			break;
		}
		if ((cmd->argc > 0 || cmd->redirect != NULL) && wanted(join, last_status))
			last_status = cmd->redirect != NULL ? call_redirected(cmd) : call(cmd);
		join = cmd->join;
	} while (join != JOIN_END);
	kfree(cmd);
	return last_status;
}
