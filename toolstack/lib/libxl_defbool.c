/* SPDX-License-Identifier: MIT */
/*
 * The one libxl function that libxlutil's configuration and disk parsers call.  Having it here
 * lets them be linked from libxlutil.a alone: libxenlight would load twenty libraries into every
 * xl command.  The rule is libxl.h's: a defbool is unset (0), true (> 0) or false (< 0).
 */
#include "config.h"
#include <libxl.h>

void libxl_defbool_set(libxl_defbool *db, bool b)
{
	db->val = b ? 1 : -1;
}
