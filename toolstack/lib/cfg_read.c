/* SPDX-License-Identifier: MIT */
/*
 * Reading a configuration: file and overrides into one text, the text through libxlutil's
 * parser, then through our tables.  Called by `xl create' and its relatives, and by the monitor
 * for a saved text.  Neither file nor overrides are trusted.
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "toolstack/lib/cfg_parser.h"

const char *domain_config_where(const struct domain_config *c, int line, char *buf, size_t size)
{
	if (line > c->file_lines)
		snprintf(buf, size, "%s: command line", c->source);
	else if (line > 0)
		snprintf(buf, size, "%s:%d", c->source, line);
	else
		snprintf(buf, size, "%s", c->source);
	return buf;
}

int cfg_fail(struct cfg_parser *p, int line, const char *key, const char *fmt, ...)
{
	char *text = NULL, where[PATH_MAX + 32];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	domain_config_where(p->c, line, where, sizeof(where));
	free(*p->error);
	if (asprintf(p->error, "%s: %s%s%s", where, key ? key : "", key ? ": " : "", text) < 0)
		*p->error = NULL;
	free(text);
	/* One line, whatever bytes the configuration had. */
	for (char *s = *p->error; s && *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			*s = '?';
	return -EINVAL;
}

/* libxlutil says "SOURCE:LINE: ..." and counts on from the file into the overrides. */
static char *syntax_place(const struct cfg_parser *p, const char *said)
{
	size_t len = strlen(p->c->source);
	char where[PATH_MAX + 32], *rest, *text;
	long line;

	if (strncmp(said, p->c->source, len) || said[len] != ':')
		return strdup(said);
	line = strtol(said + len + 1, &rest, 10);
	if (line <= p->c->file_lines || line > INT_MAX || *rest != ':')
		return strdup(said);
	domain_config_where(p->c, line, where, sizeof(where));
	return asprintf(&text, "%s%s", where, rest) < 0 ? NULL : text;
}

/* libxlutil's complaint, several lines perhaps, as our one line. */
static int syntax_error(struct cfg_parser *p, char *said)
{
	char *s, *end = said + strlen(said);

	while (end > said && end[-1] == '\n')
		*--end = 0;
	for (s = said; (s = strchr(s, '\n'));)
		*s = ';';
	free(*p->error);
	*p->error = said[0] ? syntax_place(p, said) : strdup("the configuration cannot be parsed");
	for (s = *p->error; s && *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			*s = '?';
	return -EINVAL;
}

static int parse_text(struct cfg_parser *p)
{
	struct domain_config *c = p->c;
	char *said = NULL;
	size_t size;
	FILE *report = open_memstream(&said, &size);
	int ret = -ENOMEM;

	if (!report)
		return -ENOMEM;
	p->xlu = xlu_cfg_init(report, c->source);
	if (p->xlu)
		ret = -xlu_cfg_readdata(p->xlu, c->text, c->text_len);
	if (!ret)
		ret = cfg_scan(c->text, c->text_len, &p->statements, &p->nr_statements);
	if (!ret)
		ret = cfg_check_keys(p);
	if (!ret)
		ret = cfg_fill(p);
	if (p->xlu)
		xlu_cfg_destroy(p->xlu);
	fclose(report);
	if (ret && !*p->error)
		ret = syntax_error(p, said);
	free(said);
	free(p->statements);
	return ret;
}

static int count_lines(const char *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

int domain_config_parse(struct domain_config *c, const char *source, const char *text, size_t len,
			size_t file_len, char **error)
{
	struct cfg_parser p = {.c = c, .error = error};
	const char *nul = memchr(text, 0, len);
	int ret;

	memset(c, 0, sizeof(*c));
	*error = NULL;
	c->file_lines = count_lines(text, file_len) + (file_len && text[file_len - 1] != '\n');
	c->source = strdup(source);
	c->text = malloc(len + 1);
	if (!c->source || !c->text) {
		domain_config_free(c);
		return -ENOMEM;
	}
	memcpy(c->text, text, len);
	c->text[len] = 0;
	c->text_len = len;
	if (len > CFG_TEXT_MAX)
		ret = cfg_fail(&p, 0, NULL, "is larger than 1 MiB; is it a configuration?");
	else if (nul)
		ret = cfg_fail(&p, count_lines(text, nul - text) + 1, NULL, "has a NUL byte; is it a configuration?");
	else
		ret = parse_text(&p);
	if (ret)
		domain_config_free(c);
	if (ret && !*error && asprintf(error, "%s: %s", source, strerror(-ret)) < 0)
		*error = NULL;
	return ret;
}

/* The whole file into *text, with room for extra bytes after it. */
static int read_file(const char *path, size_t extra, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	ssize_t n = 0;
	int ret = 0;

	*len = 0;
	*text = NULL;
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		ret = -EISDIR;
	*text = malloc(CFG_TEXT_MAX + 2 + extra);
	if (!*text)
		ret = -ENOMEM;
	while (!ret && *len <= CFG_TEXT_MAX) {
		n = read(fd, *text + *len, CFG_TEXT_MAX + 1 - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ret = -errno;
		if (n <= 0)
			break;
		*len += n;
	}
	close(fd);
	return ret;
}

int domain_config_load(struct domain_config *c, const char *path, const char *const *overrides,
		       int nr_overrides, char **error)
{
	size_t extra = 0, len, file_len;
	char *text;
	int i, ret;

	memset(c, 0, sizeof(*c));
	*error = NULL;
	for (i = 0; i < nr_overrides; i++)
		extra += strlen(overrides[i]) + 1;
	ret = read_file(path, extra, &text, &len);
	if (ret) {
		free(text);
		if (asprintf(error, "%s: cannot read the configuration: %s", path, strerror(-ret)) < 0)
			*error = NULL;
		return ret;
	}
	if (len && text[len - 1] != '\n')
		text[len++] = '\n';
	file_len = len;
	for (i = 0; i < nr_overrides; i++) {
		size_t n = strlen(overrides[i]);

		memcpy(text + len, overrides[i], n);
		len += n;
		text[len++] = '\n';
	}
	ret = domain_config_parse(c, path, text, len, file_len, error);
	free(text);
	return ret;
}

static void free_disks(struct domain_config *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_disks; i++) {
		free(c->disks[i].target);
		free(c->disks[i].vdev);
		free(c->disks[i].format);
	}
	free(c->disks);
}

static void free_p9s(struct domain_config *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_p9s; i++) {
		free(c->p9s[i].tag);
		free(c->p9s[i].path);
	}
	free(c->p9s);
}

void domain_config_free(struct domain_config *c)
{
	unsigned int i;

	free_disks(c);
	for (i = 0; i < c->nr_nics; i++)
		nic_free(&c->nics[i]);
	free(c->nics);
	free_p9s(c);
	free(c->source);
	free(c->text);
	free(c->name);
	free(c->kernel);
	free(c->ramdisk);
	free(c->cmdline);
	memset(c, 0, sizeof(*c));
}
