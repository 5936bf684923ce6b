/* SPDX-License-Identifier: MIT */
/* grant_table_op's sub-operations, by file.  All return what the call returns. */
#ifndef HYPERCALLS_GRANT_H
#define HYPERCALLS_GRANT_H

#include <stdint.h>

/* grant_map.c */
long grant_op_map(uint64_t uop, uint32_t count);
long grant_op_unmap(uint64_t uop, uint32_t count);
long grant_op_unmap_and_replace(uint64_t uop, uint32_t count);

/* grant_copy.c */
long grant_op_copy(uint64_t uop, uint32_t count);
long grant_op_transfer(uint64_t uop, uint32_t count);

/* grant_version.c */
long grant_op_set_version(uint64_t uop);
long grant_op_get_version(uint64_t uop);
long grant_op_swap(uint64_t uop, uint32_t count);

#endif
