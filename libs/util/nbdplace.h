/* SPDX-License-Identifier: MIT */
/*
 * Where an NBD server is, as it stands in a disk's target.  The forms are those of QEMU and of the NBD
 * URI: nbd:unix:PATH[:exportname=NAME], nbd:HOST:PORT[:exportname=NAME], nbd://HOST[:PORT][/NAME],
 * nbd+unix:///[NAME]?socket=PATH.  The text is the operator's, but is judged like anybody's.
 */
#ifndef PVN_UTIL_NBDPLACE_H
#define PVN_UTIL_NBDPLACE_H

#include <stdbool.h>

#define NBD_PLACE_PORT	"10809"

struct nbd_place {
	char path[108];		/* of the Unix socket; "": TCP */
	char host[256];
	char port[6];
	char export[1024];	/* "": the server's default */
};

/* Does the text begin as such a place? */
bool nbd_place_is(const char *text);

/* NULL, or what is wrong with it: the end of a sentence that begins with the text. */
const char *nbd_place_parse(const char *text, struct nbd_place *place);

#endif
