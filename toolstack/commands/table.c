/* SPDX-License-Identifier: MIT */
/* The commands of xl: one row each, in the order `xl help' shows them. */
#include "config.h"
#include "toolstack/commands/xl.h"

const struct xl_command xl_commands[] = {
	{"create", cmd_create, true, "<ConfigFile> [options] [key=value ...]",
	 "Create a domain from config file <ConfigFile>",
	 "-c                      Connect to the console after the domain is created.\n"
	 "-p                      Leave the domain paused after it is created.\n"
	 "-n, --dryrun            Dry run - prints the resulting configuration\n"
	 "                         (the same as global -N).\n"
	 "-q, --quiet             Quiet.\n"
	 "-f FILE, --defconfig=FILE\n"
	 "                        Use the given configuration file.\n"
	 "-F                      Run in foreground until death of the domain.\n"
	 "-e                      Do not wait in the background for the death of the domain.\n"
	 "-d                      Print the configuration to stderr, too.\n"
	 "-V, --vncviewer         Accepted and without effect: there is no framebuffer."},
	{"config-update", cmd_config_update, true, "<Domain> <ConfigFile> [options] [key=value ...]",
	 "Update a running domain's saved configuration, used when the domain is next restarted",
	 "-f FILE, --defconfig=FILE\n"
	 "                        Use the given configuration file.\n"
	 "-d                      Print the configuration to stderr, too."},
	{"list", cmd_list, false, "[options] [Domain]", "List information about all/some domains",
	 "-l, --long              Output all domain details (a JSON array)\n"
	 "-v, --verbose           Prints out UUIDs and security context\n"
	 "-Z, --context           Prints out security context\n"
	 "-c, --cpupool           Prints the cpupool the domain is in\n"
	 "-n, --numa              Prints out NUMA node affinity"},
	{"destroy", cmd_destroy, false, "[options] <Domain>", "Terminate a domain immediately",
	 "-f                      Permit destroying domain 0, which will only fail"},
	{"shutdown", cmd_shutdown, false, "[options] <-a|Domain>",
	 "Issue a shutdown signal to a domain",
	 "-a, --all               Shutdown all guest domains.\n"
	 "-w, --wait              Wait for guest(s) to shutdown.\n"
	 "-F                      Accepted and without effect: it is for HVM guests."},
	{"reboot", cmd_reboot, false, "[options] <-a|Domain>", "Issue a reboot signal to a domain",
	 "-a, --all               Reboot all guest domains.\n"
	 "-w, --wait              Wait for guest(s) to reboot.\n"
	 "-F                      Accepted and without effect: it is for HVM guests."},
	{"pause", cmd_pause, false, "<Domain>", "Pause execution of a domain", NULL},
	{"unpause", cmd_unpause, false, "<Domain>", "Unpause a paused domain", NULL},
	{"console", cmd_console, false, "[options] <Domain>",
	 "Attach to domain's console, Ctrl-] detaches",
	 "-t <type>               Console type: pv (the only one).\n"
	 "-n <number>             Console number: 0 (the only one).\n"
	 "-e <escape>             Escape character, as ^] or a single character."},
	{"domid", cmd_domid, false, "<DomainName>", "Convert a domain name to domain id", NULL},
	{"domname", cmd_domname, false, "<DomainId>", "Convert a domain id to domain name", NULL},
	{"rename", cmd_rename, false, "<Domain> <NewDomainName>", "Rename a domain", NULL},
	{"info", cmd_info, false, "[options] [Field]", "Get information about the host",
	 "-n, --numa              List host NUMA topology information"},
	{"dmesg", cmd_dmesg, false, "[options]", "Read and/or clear dmesg buffer",
	 "-c, --clear             Clear dmesg buffer as well as printing it"},
	{"debug-keys", cmd_debug_keys, false, "<Keys>", "Send debug keys to the machine", NULL},
	{"uptime", cmd_uptime, false, "[options] [Domain ...]",
	 "Print uptime for all/some domains",
	 "-s, --short             Short form, one line each and no header"},
	{"vcpu-list", cmd_vcpu_list, false, "[Domain ...]",
	 "List the VCPUs for all/some domains", NULL},
	{"vcpu-pin", cmd_vcpu_pin, true, "[options] <Domain> <VCPU|all> <Hard affinity|-|all> [Soft affinity|-|all]",
	 "Set which CPUs a VCPU can use",
	 "-f, --force             Override what a guest has pinned itself; no guest can here"},
	{"vcpu-set", cmd_vcpu_set, false, "[options] <Domain> <vCPUs>",
	 "Set the number of active VCPUs allowed for the domain",
	 "-i, --ignore-host       Do not limit the vCPUs to the host's CPUs"},
	{"vm-list", cmd_vm_list, false, "", "List guest domains, excluding dom0", NULL},
	{"block-attach", cmd_block_attach, true, "<Domain> <disk-spec-component(s)>...",
	 "Create a new virtual block device", NULL},
	{"block-detach", cmd_block_detach, false, "[options] <Domain> <DevId>",
	 "Destroy a domain's virtual block device",
	 "-f, --force             Do not wait until the domain lets go of it"},
	{"block-list", cmd_block_list, false, "<Domain ...>",
	 "List virtual block devices for a domain", NULL},
	{"network-attach", cmd_network_attach, true,
	 "<Domain> [type=<type>] [mac=<mac>] [bridge=<bridge>] [ip=<ip>] [script=<script>] [backend=<BackDomain>] "
	 "[vifname=<name>] [rate=<rate>] [model=<model>]", "Create a new virtual network device", NULL},
	{"network-detach", cmd_network_detach, false, "<Domain> <DevId|mac>",
	 "Destroy a domain's virtual network device", NULL},
	{"network-list", cmd_network_list, false, "<Domain ...>",
	 "List virtual network interfaces for a domain", NULL},
	{"mem-set", cmd_mem_set, false, "<Domain> <MemKB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]]>",
	 "Set the current memory usage for a domain (a bare number is MiB)", NULL},
	{"mem-max", cmd_mem_max, false, "<Domain> <MemKB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]]>",
	 "Set the maximum amount reserved for a domain (a bare number is MiB)", NULL},
	{"trigger", cmd_trigger, false, "<Domain> <nmi|reset|init|power|sleep|s3resume> [<VCPU>]",
	 "Send a trigger to a domain; a PV domain takes nmi", NULL},
	{"sysrq", cmd_sysrq, false, "<Domain> <letter>", "Send a sysrq to a domain", NULL},
	{"sched-credit2", cmd_sched_credit2, false, "[options]",
	 "Get the scheduling parameters of the domains",
	 "-d DOMAIN, --domain=DOMAIN   Domain to show\n"
	 "-s, --schedparam             Show the scheduler's parameters only"},
	{"help", cmd_help, false, "[--long | <Command>]", "Print the commands, or one's options",
	 NULL},
};

const int nr_xl_commands = sizeof(xl_commands) / sizeof(xl_commands[0]);
