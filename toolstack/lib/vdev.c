/* SPDX-License-Identifier: MIT */
/*
 * Names of virtual block devices to numbers, by the rules of xen-vbd-interface(7).  Called by
 * the configuration parser and the block commands; the name is untrusted.
 */
#include "config.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/lib/domain_config.h"

#define XVD_MAJOR	202u
#define SD_MAJOR	8u

/* Decimal without sign, not above max; moves *s on.  -1 if there is none. */
static long take_number(const char **s, long max)
{
	long n = 0;

	if (!isdigit((unsigned char)**s))
		return -1;
	for (; isdigit((unsigned char)**s); (*s)++) {
		n = n * 10 + (**s - '0');
		if (n > max)
			return -1;
	}
	return n;
}

/* Disk letters: a = 0 ... z = 25, aa = 26 and so on. */
static long take_letters(const char **s, long max)
{
	long n = 0;

	if (!islower((unsigned char)**s))
		return -1;
	for (; islower((unsigned char)**s); (*s)++) {
		n = n * 26 + (**s - 'a' + 1);
		if (n - 1 > max)
			return -1;
	}
	return n - 1;
}

static int xvd_number(unsigned long disk, unsigned long part, uint32_t *devid)
{
	if (disk <= 15 && part <= 15)
		*devid = XVD_MAJOR << 8 | disk << 4 | part;
	else if (disk < 1ul << 20 && part <= 255)
		*devid = 1u << 28 | disk << 8 | part;
	else
		return -EINVAL;
	return 0;
}

/* "PREFIX letters [partition]". */
static int lettered(const char *s, long max_disk, long max_part, long *disk, long *part)
{
	*part = 0;
	*disk = take_letters(&s, max_disk);
	if (*disk < 0)
		return -EINVAL;
	if (*s) {
		*part = take_number(&s, max_part);
		if (*part < 1 || *s)
			return -EINVAL;
	}
	return 0;
}

static int dotted(const char *s, uint32_t *devid)
{
	long disk = take_number(&s, (1l << 20) - 1), part = 0;

	if (disk < 0)
		return -EINVAL;
	if (*s == 'p') {
		s++;
		part = take_number(&s, 255);
	}
	if (part < 0 || *s)
		return -EINVAL;
	return xvd_number(disk, part, devid);
}

int vdev_to_devid(const char *vdev, uint32_t *devid)
{
	long disk, part, number;
	char *end;

	if (isdigit((unsigned char)vdev[0])) {
		errno = 0;
		number = strtol(vdev, &end, 0);
		if (errno || *end || number < 0 || number > 0x1fffffff)
			return -EINVAL;
		*devid = number;
		return 0;
	}
	if (vdev[0] == 'd' && isdigit((unsigned char)vdev[1]))
		return dotted(vdev + 1, devid);
	if (!strncmp(vdev, "xvd", 3) && !lettered(vdev + 3, (1l << 20) - 1, 255, &disk, &part))
		return xvd_number(disk, part, devid);
	if (!strncmp(vdev, "sd", 2) && !lettered(vdev + 2, 15, 15, &disk, &part)) {
		*devid = SD_MAJOR << 8 | disk << 4 | part;
		return 0;
	}
	if (!strncmp(vdev, "hd", 2) && !lettered(vdev + 2, 3, 63, &disk, &part)) {
		*devid = (disk < 2 ? 3u : 22u) << 8 | (disk & 1) << 6 | part;
		return 0;
	}
	return -EINVAL;
}
