/* SPDX-License-Identifier: MIT */
/*
 * The name of a disk by the virtual-device number of its directory in xenstore.
 *
 * The rule is Xen's vbd interface: 202 << 8 | disk << 4 | partition for the first 16 xvd
 * disks, 1 << 28 | disk << 8 | partition for all, and the old numbers of hd and sd disks. A
 * name of ours is always xvd...: the frontend is the same whatever the number pretends.
 */
#include <pv/blk.h>
#include <pv/errno.h>
#include <pv/string.h>

struct disk {
	uint32_t index, partition;
};

static int decode(uint32_t vdev, struct disk *d)
{
	uint32_t major = vdev >> 8, minor = vdev & 0xff;

	if (vdev >> 28 == 1) {
		*d = (struct disk){ (vdev & 0xfffffff) >> 8, vdev & 0xff };
		return 0;
	}
	if (vdev >> 28)
		return -EINVAL;
	switch (major) {
	case 202:
	case 8:		/* sda.. */
		*d = (struct disk){ minor >> 4, minor & 15 };
		return 0;
	case 3:		/* hda, hdb */
		*d = (struct disk){ minor >> 6, minor & 63 };
		return 0;
	case 22:	/* hdc, hdd */
		*d = (struct disk){ 2 + (minor >> 6), minor & 63 };
		return 0;
	}
	return -EINVAL;
}

int blk_vdev_name(uint32_t vdev, char name[BLK_NAME_MAX])
{
	char letters[8], *p = letters + sizeof(letters) - 1;
	struct disk d;
	int ret = decode(vdev, &d);
	uint32_t n = d.index + 1;

	if (ret)
		return ret;
	/* a..z, aa..zz, ...: digits 1 to 26. */
	*p = 0;
	for (; n; n = (n - 1) / 26)
		*--p = 'a' + (n - 1) % 26;
	if (d.partition)
		snprintf(name, BLK_NAME_MAX, "xvd%s%u", p, d.partition);
	else
		snprintf(name, BLK_NAME_MAX, "xvd%s", p);
	return 0;
}
