/* SPDX-License-Identifier: MIT */
/* What the cfg_*.c files share while one text is being parsed. */
#ifndef PARAVANE_CFG_PARSER_H
#define PARAVANE_CFG_PARSER_H

#include <libxlutil.h>
#include "toolstack/lib/domain_config.h"

/* A key at statement level and where it stands. */
struct cfg_statement {
	char name[64];
	int line;
};

struct cfg_parser {
	struct domain_config *c;
	XLU_Config *xlu;
	struct cfg_statement *statements;
	size_t nr_statements;
	char **error;
};

/* Find the statements of a text that xlu_cfg_readdata has accepted.  0 or -ENOMEM. */
int cfg_scan(const char *text, size_t len, struct cfg_statement **out, size_t *nr);

/* Line of the last assignment to key, 0 if there is none. */
int cfg_line(const struct cfg_parser *p, const char *key);

/* Set the one-line error, "SOURCE:LINE: KEY: text".  line 0 leaves the line out, key NULL the
 * key.  Returns -EINVAL. */
int cfg_fail(struct cfg_parser *p, int line, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Judge every statement by the table of keys: unknown and refused ones fail here. */
int cfg_check_keys(struct cfg_parser *p);

/* Disks of key `disk' into the configuration. */
int cfg_disks(struct cfg_parser *p);

/* Network interfaces of key `vif'. */
int cfg_nics(struct cfg_parser *p);

/* Shared directories of key `p9' into the configuration. */
int cfg_p9(struct cfg_parser *p);

/* Keys `cpus' and `cpus_soft'. */
int cfg_cpus(struct cfg_parser *p);

/* All honoured keys into p->c. */
int cfg_fill(struct cfg_parser *p);

/* The string of a key: 0 with *value = NULL if it is absent, -EINVAL if it is a list. */
int cfg_string(struct cfg_parser *p, const char *key, const char **value);

/* The number of a key between min and max, `missing` if it is absent. */
int cfg_number(struct cfg_parser *p, const char *key, uint64_t min, uint64_t max, uint64_t missing,
	       uint64_t *value);

#endif
