/* SPDX-License-Identifier: MIT */
/*
 * The toolstack: what xl's commands and the monitor do with domains.  One struct toolstack is one
 * process's access to the machine and the store.
 *
 * Functions return 0 (or a count) or -errno and then have left one line in t->error, made for the
 * user: "SUBJECT: what happened; what to do next", without newline.
 */
#ifndef PARAVANE_TOOLSTACK_H
#define PARAVANE_TOOLSTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xenstore.h>

#include "libs/ctl/ctl.h"
#include "toolstack/lib/domain_config.h"

#define PATH_BYTES	256	/* enough for every store path xl makes */
#define DOMAINS_MAX	4096	/* domains one listing can have */

struct toolstack {
	struct pvn_ctl *ctl;
	struct xs_handle *xs;
	char error[1024];
	char notice[1024];	/* by toolstack_open: a line the user must see, or "" */
};

/* --- session.c --- */

enum toolstack_need {
	NEED_MACHINE,	/* paravaned */
	NEED_STORE,	/* and xenstored */
	NEED_CONSOLE,	/* and xenconsoled */
	NEED_ALL,	/* and the backends: domains are going to be made */
};

/* Start the daemons that are missing, then connect. */
int toolstack_open(struct toolstack *t, enum toolstack_need need);
/* Connect to what runs; starts nothing. */
int toolstack_connect(struct toolstack *t);
void toolstack_close(struct toolstack *t);
/* Have the daemon run.  0 or -errno. */
int session_daemon(struct toolstack *t, const char *name);
/* Set t->error and return err. */
int ts_fail(struct toolstack *t, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- store.c: single nodes, outside of transactions --- */

/* The value at a path, to be freed; NULL if it cannot be read. */
char *store_read(struct toolstack *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The value as a number in decimal, `missing` if there is none. */
long store_number(struct toolstack *t, long missing, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* 0 or -errno, t->error set. */
int store_write(struct toolstack *t, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Remove a tree; one that is not there is fine. */
void store_remove(struct toolstack *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Names below a path: array of *nr to be freed with one free(); NULL if there are none. */
char **store_list(struct toolstack *t, unsigned int *nr, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- names.c --- */

/* A domain's id from its id or name.  -ESRCH. */
int domain_find(struct toolstack *t, const char *who, uint32_t *domid);
/* A domain's id from its name alone.  -ESRCH. */
int domain_find_name(struct toolstack *t, const char *name, uint32_t *domid);
/* Name of a domain, to be freed; NULL if it has none. */
char *domain_name(struct toolstack *t, uint32_t domid);
/* All domains, the control domain first: *infos to be freed.  Count or -errno. */
int domain_list(struct toolstack *t, struct xen_domctl_getdomaininfo **infos);
/* The names of n domains as domain_name() has them: *names to be freed with names_free. 0 or -errno. */
int domain_names(struct toolstack *t, const struct xen_domctl_getdomaininfo *infos, int n,
		 char ***names);
void names_free(char **names, int n);
/* What a domain is saved under.  0, or -errno if there is none. */
int domain_uuid(struct toolstack *t, uint32_t domid, uuid_t uuid);
int domain_rename(struct toolstack *t, uint32_t domid, const char *name);

/* Reason of a shutdown (SHUTDOWN_*), -1 if the domain is not shut down. */
int domain_shutdown_reason(const struct xen_domctl_getdomaininfo *info);

/* --- create.c, destroy.c --- */

/* Kernel, ramdisk and disks: what can be known to be wrong without any daemon. */
int domain_preflight(struct toolstack *t, const struct domain_config *c);
int disk_preflight(struct toolstack *t, const struct domain_config *c, const struct disk_config *d);

/* Has the host the memory?  Only a good guess; the machine decides. */
int domain_check_memory(struct toolstack *t, const struct domain_config *c);

/* Make a domain, paused, with nodes, devices and introduction.  On failure nothing is left. */
int domain_create(struct toolstack *t, struct domain_config *c, uint32_t *domid);

/* End a domain and remove everything that belongs to it. */
int domain_destroy(struct toolstack *t, uint32_t domid);

/* Remove store nodes and saved files of a domain that is gone. */
void domain_cleanup(struct toolstack *t, uint32_t domid, const uuid_t uuid);

/* Only one xl at a time makes or renames domains.  A descriptor to close, or -errno. */
int toolstack_lock(struct toolstack *t);
void toolstack_unlock(int fd);

/*
 * While a domain is being made a signal must not end the process and leave half of one: between
 * begin and end SIGINT, SIGTERM and SIGHUP are noted, and the creation undoes itself.
 */
void interrupt_begin(void);
void interrupt_end(void);
bool interrupted(void);

/* --- devices.c --- */

/* Start the daemons that only some domains need, if this one does.  0 or -errno. */
int devices_daemons(struct toolstack *t, const struct domain_config *c);
/* Wait until the backends of a new domain are ready for its frontends. */
int devices_wait(struct toolstack *t, uint32_t domid, const struct domain_config *c);
/* Tell the backends that a domain's devices go, give them a moment, remove the nodes. */
void devices_remove(struct toolstack *t, uint32_t domid);
/* The backend is told that one device of kind "vbd" or "vif" goes.  1 it has let go, 0 not within some seconds: the guest has
 * not, -errno. */
int device_release(struct toolstack *t, uint32_t domid, const char *kind, uint32_t devid);

/* --- hotplug.c, hotplug_nic.c: devices of a domain that runs --- */

/* The last of c->disks is new: nodes, backend, saved configuration.  On failure nothing is left.
 * c is the domain's saved configuration with that disk added.  0 or -errno. */
int disk_attach(struct toolstack *t, uint32_t domid, struct domain_config *c);
/* A disk goes, with force even if the guest does not let go of it.  -EBUSY: it does not. */
int disk_detach(struct toolstack *t, uint32_t domid, uint32_t devid, bool force);

/* The same for the last of c->nics, and for one that goes. */
int nic_attach(struct toolstack *t, uint32_t domid, struct domain_config *c);
int nic_detach(struct toolstack *t, uint32_t domid, uint32_t devid);

/* --- userdata.c: the saved configuration of a running domain --- */

int userdata_save(struct toolstack *t, uint32_t domid, const uuid_t uuid,
		  const struct domain_config *c);
/* -ENOENT if there is none. */
int userdata_load(struct toolstack *t, uint32_t domid, const uuid_t uuid,
		  struct domain_config *c);
void userdata_remove(uint32_t domid, const uuid_t uuid);

/* --- control.c: words to a running guest --- */

/* control/shutdown = "poweroff" or "reboot", control/sysrq = letter. */
int domain_control(struct toolstack *t, uint32_t domid, const char *node, const char *word);

#endif
