/* SPDX-License-Identifier: MIT */
/* xl trigger: an NMI for a vCPU.  The buttons and lines of HVM guests are refused, as by Xen for PV. */
#include "config.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/commands/xl.h"

static const struct {
	const char *name;
	int trigger;	/* -1: no domctl, of an HVM guest's own */
} triggers[] = {
	{"nmi", XEN_DOMCTL_SENDTRIGGER_NMI},	 {"reset", XEN_DOMCTL_SENDTRIGGER_RESET},
	{"init", XEN_DOMCTL_SENDTRIGGER_INIT},	 {"power", XEN_DOMCTL_SENDTRIGGER_POWER},
	{"sleep", XEN_DOMCTL_SENDTRIGGER_SLEEP}, {"s3resume", -1},
};

static int find_trigger(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++)
		if (!strcmp(triggers[i].name, name))
			return (int)i;
	return -1;
}

static int send(struct toolstack *t, uint32_t domid, const char *who, int i, uint32_t vcpu)
{
	int ret = triggers[i].trigger < 0 ? -EINVAL
					  : pvn_ctl_trigger(t->ctl, domid, (uint32_t)triggers[i].trigger, vcpu);

	switch (ret) {
	case 0:
		return XL_OK;
	case -ESRCH:
		return xl_say("%s: Send trigger '%s' failed: it has no vCPU %u", who, triggers[i].name, vcpu);
	case -EINVAL:
	case -ENOSYS:
		return xl_say("%s: Send trigger '%s' failed: it is for HVM guests, a PV guest only knows nmi; "
			      "`xl shutdown' and `xl reboot' ask it to end", who, triggers[i].name);
	default:
		return xl_say("%s: Send trigger '%s' failed: %s", who, triggers[i].name, strerror(-ret));
	}
}

int cmd_trigger(int argc, char **argv)
{
	struct toolstack t;
	uint32_t domid;
	unsigned long vcpu = 0;
	int i, ret = XL_FAILED;
	char *end;

	while (xl_getopt("trigger", argc, argv, "h", 2) >= 0)
		;
	i = find_trigger(argv[optind + 1]);
	if (i < 0)
		return xl_say("Invalid trigger \"%s\"", argv[optind + 1]);
	if (argc > optind + 2) {
		vcpu = strtoul(argv[optind + 2], &end, 10);
		if (*end || end == argv[optind + 2] || argv[optind + 2][0] == '-' || vcpu > UINT32_MAX)
			return xl_say("%s: not a number of a vCPU", argv[optind + 2]);
	}
	if (xl_open(&t, NEED_STORE))
		return XL_FAILED;
	if (!xl_find(&t, argv[optind], &domid))
		ret = domid ? send(&t, domid, argv[optind], i, (uint32_t)vcpu)
			    : xl_say("0: the control domain is the host; it takes no triggers");
	toolstack_close(&t);
	return ret;
}
