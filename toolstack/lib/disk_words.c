/* SPDX-License-Identifier: MIT */
/* What stands in a disk specification beside what libxlutil makes of it.  The text is untrusted. */
#include "config.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libs/util/nbdplace.h"
#include "toolstack/lib/disk_words.h"

#define STANDS_FOR	"qcow2"

static const char *const newer[] = { "vmdk", "vhdx", "vdi" };

static const char *newer_word(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		if (strlen(newer[i]) == len && !strncmp(newer[i], s, len))
			return newer[i];
	return NULL;
}

/* A parameter without `=' that is a flag and takes no position. */
static bool is_flag(const char *s, size_t len)
{
	static const char *const flags[] = { "cdrom", "direct-io-safe", "discard", "no-discard", "trusted",
					     "untrusted", "colo", "no-colo" };
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strlen(flags[i]) == len && !strncmp(flags[i], s, len))
			return true;
	return false;
}

/* Where in part a newer format's word stands, or NULL.  *position counts over all parts. */
static const char *find_word(const char *part, int *position)
{
	const char *s = part;
	size_t len, name = strlen("format=");

	for (;;) {
		s += strspn(s, " \t\n");
		len = strcspn(s, ",");
		if (!strncmp(s, "target=", 7))
			return NULL;	/* it takes all that follows */
		if (!strncmp(s, "format=", name) && newer_word(s + name, len - name))
			return s + name;
		if (!memchr(s, '=', len) && !is_flag(s, len) && ++*position == 2 && newer_word(s, len))
			return s;
		if (!s[len])
			return NULL;
		s += len + 1;
	}
}

char **disk_words_newer_format(int nr, const char *const *parts, const char **format)
{
	size_t bytes = (size_t)nr * sizeof(char *);
	const char *word = NULL, *found;
	int i, at = 0, position = 0;
	char **copy, *text;

	for (i = 0; i < nr; i++) {
		found = word ? NULL : find_word(parts[i], &position);
		at = found ? i : at;
		word = found ? found : word;
		bytes += strlen(parts[i]) + sizeof(STANDS_FOR);
	}
	*format = word ? newer_word(word, strcspn(word, ",")) : NULL;
	copy = *format ? malloc(bytes) : NULL;
	if (!copy)
		return NULL;
	text = (char *)(copy + nr);
	for (i = 0; i < nr; i++) {
		copy[i] = text;
		if (i == at)
			text += 1 + sprintf(text, "%.*s" STANDS_FOR "%s", (int)(word - parts[i]), parts[i],
					    word + strlen(*format));
		else
			text += 1 + sprintf(text, "%s", parts[i]);
	}
	return copy;
}

const char *disk_format_name(libxl_disk_format format)
{
	switch (format) {
	case LIBXL_DISK_FORMAT_UNKNOWN:
	case LIBXL_DISK_FORMAT_RAW:
		return "raw";
	case LIBXL_DISK_FORMAT_QCOW:
		return "qcow";
	case LIBXL_DISK_FORMAT_QCOW2:
		return "qcow2";
	case LIBXL_DISK_FORMAT_VHD:
		return "vhd";
	case LIBXL_DISK_FORMAT_QED:
		return "qed";
	default:
		return NULL;
	}
}

int disk_script_is_nbd(const libxl_device_disk *d)
{
	return d->script && !strcmp(d->script, "block-nbd");
}

const char *disk_target(const libxl_device_disk *d, char **target)
{
	struct nbd_place place;
	const char *problem;

	*target = NULL;
	if (disk_script_is_nbd(d) && !nbd_place_is(d->pdev_path)) {
		if (asprintf(target, "nbd:%s", d->pdev_path) < 0)
			return "out of memory";
	} else if (d->pdev_path[0] == '/' || nbd_place_is(d->pdev_path)) {
		*target = strdup(d->pdev_path);
	} else if (asprintf(target, "/dev/%s", d->pdev_path) < 0) {
		return "out of memory";
	}
	if (!*target)
		return "out of memory";
	problem = (*target)[0] == '/' ? NULL : nbd_place_parse(*target, &place);
	if (problem) {
		free(*target);
		*target = NULL;
	}
	return problem;
}
