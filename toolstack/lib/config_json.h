/* SPDX-License-Identifier: MIT */
/* A configuration in the shape of libxl's JSON, which scripts read from `xl list -l'. */
#ifndef PARAVANE_CONFIG_JSON_H
#define PARAVANE_CONFIG_JSON_H

#include <json-c/json.h>
#include "toolstack/lib/domain_config.h"

/* As libxl's printer does it: "key": value, one a line. */
#define CONFIG_JSON_STYLE                                                                          \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

/* {"c_info": .., "b_info": .., "disks": [..], "on_..": ..}.  NULL: out of memory. */
struct json_object *config_json(const struct domain_config *c);

/* One element of "disks". */
struct json_object *config_json_disk(const struct disk_config *d);
struct json_object *config_json_nic(const struct domain_config *c, const struct nic_config *n);

/* {"domid": N or null, "config": config}; takes the reference to config.  domid < 0: null. */
struct json_object *config_json_domain(long domid, struct json_object *config);

/* The control domain's configuration: its name and memory. */
struct json_object *config_json_control(uint64_t kib, unsigned int vcpus);

#endif
