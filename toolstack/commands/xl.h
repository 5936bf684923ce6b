/* SPDX-License-Identifier: MIT */
/*
 * xl: the commands.  A command is one file cmd_NAME.c and one row in table.c; help and the
 * manual's synopsis come from the row.
 *
 * Exit status, as of Xen's xl: 0 done, 1 failed, 2 wrong usage.
 */
#ifndef PARAVANE_XL_H
#define PARAVANE_XL_H

#include <stdbool.h>
#include "toolstack/lib/toolstack.h"

enum { XL_OK = 0, XL_FAILED = 1, XL_USAGE = 2 };

struct xl_command {
	const char *name;
	int (*run)(int argc, char **argv);	/* argv[0] is the command; getopt is reset */
	bool dry_run;				/* -N means something */
	const char *arguments;			/* "[options] <Domain>" */
	const char *help;			/* one line, no full stop */
	const char *options;			/* lines for the help, or NULL */
};

extern const struct xl_command xl_commands[];
extern const int nr_xl_commands;

/* Global options. */
extern bool xl_dry_run, xl_force;
extern int xl_verbose;

/* Exact name, else the only one that begins so.  NULL with *ambiguous set. */
const struct xl_command *xl_find_command(const char *name, bool *ambiguous);
void xl_print_help(const struct xl_command *cmd);

/*
 * getopt of a command: handles -h (prints help, exits 0), wrong options (exits 2), and at the end
 * fewer than min_args arguments (exits 2).  Returns the option or -1.  `name' finds the row.
 */
int xl_getopt(const char *name, int argc, char **argv, const char *options, int min_args);

/* Connect, or print the error.  0 or -errno. */
int xl_open(struct toolstack *t, enum toolstack_need need);
/* Print t->error as xl's line.  Returns XL_FAILED. */
int xl_error(const struct toolstack *t);
/* Print a line of our own.  Returns XL_FAILED. */
int xl_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Domain by id or name, or print the error. */
int xl_find(struct toolstack *t, const char *who, uint32_t *domid);
/* Is each of the arguments a domain?  For commands with a table: the error of one that is not is
 * printed instead of the table.  0 or -errno. */
int xl_find_all(struct toolstack *t, int argc, char **argv);

/* A command on each domain named in argv, or on all guests if there is none.  name may be NULL:
 * a domain that is just being made or unmade has none. */
typedef int xl_each(struct toolstack *t, const struct xen_domctl_getdomaininfo *info,
		    const char *name, void *arg);
int xl_for_domains(struct toolstack *t, int argc, char **argv, bool control_domain, xl_each *fn,
		   void *arg);

/* Shared by shutdown and reboot. */
int xl_stop_command(int argc, char **argv, const char *word, const char *saying);

/* "128", "128m", "1g": a size in KiB, bare numbers are MiB as in Xen's xl.  -1: not a size. */
int64_t xl_parse_kib(const char *text);

/* `xl NAME DOMAIN AMOUNT': checks both, then set(); the command's exit code. */
int xl_memory(int argc, char **argv, const char *name,
	      int (*set)(struct toolstack *t, uint32_t domid, int64_t kib));

/* From arguments "[file] key=value ..." to a configuration; announces the file unless quiet. */
struct xl_config_args {
	const char *file;		/* NULL: the first argument without '=' */
	bool quiet;
};
int xl_load_config(const struct xl_config_args *a, int argc, char **argv,
		   struct domain_config *c);

int cmd_block_attach(int argc, char **argv);
int cmd_block_detach(int argc, char **argv);
int cmd_block_list(int argc, char **argv);
int cmd_config_update(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_destroy(int argc, char **argv);
int cmd_debug_keys(int argc, char **argv);
int cmd_dmesg(int argc, char **argv);
int cmd_domid(int argc, char **argv);
int cmd_domname(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_mem_max(int argc, char **argv);
int cmd_mem_set(int argc, char **argv);
int cmd_network_attach(int argc, char **argv);
int cmd_network_detach(int argc, char **argv);
int cmd_network_list(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_reboot(int argc, char **argv);
int cmd_rename(int argc, char **argv);
int cmd_sched_credit2(int argc, char **argv);
int cmd_shutdown(int argc, char **argv);
int cmd_sysrq(int argc, char **argv);
int cmd_trigger(int argc, char **argv);
int cmd_unpause(int argc, char **argv);
int cmd_uptime(int argc, char **argv);
int cmd_vcpu_list(int argc, char **argv);
int cmd_vcpu_pin(int argc, char **argv);
int cmd_vcpu_set(int argc, char **argv);
int cmd_vm_list(int argc, char **argv);

#endif
