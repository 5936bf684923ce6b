/* SPDX-License-Identifier: MIT */
/* Commands that read files: cat, head, wc, hexdump. */
#include "cmd.h"

static int write_out(void *arg, const uint8_t *buf, size_t n)
{
	ssize_t ret = out_write(buf, n);

	return ret < 0 ? ret : 0;
}

static int cmd_cat(int argc, char **argv)
{
	int status = argc < 2 ? 2 : 0;

	for (int i = 1; i < argc; i++) {
		int ret = cmd_read_file(argv[i], write_out, NULL);

		if (ret)
			status = cmd_fail("cat", argv[i], ret);
	}
	return status;
}
SHELL_COMMAND("cat", cmd_cat, "FILE... - print files");

struct count {
	uint64_t lines, words, bytes;
	bool in_word;
};

static int count(void *arg, const uint8_t *buf, size_t n)
{
	struct count *c = arg;

	c->bytes += n;
	for (size_t i = 0; i < n; i++) {
		bool space = buf[i] == ' ' || (buf[i] >= '\t' && buf[i] <= '\r');

		c->lines += buf[i] == '\n';
		c->words += !space && !c->in_word;
		c->in_word = !space;
	}
	return 0;
}

static int cmd_wc(int argc, char **argv)
{
	int status = argc < 2 ? 2 : 0;

	for (int i = 1; i < argc; i++) {
		struct count c = { 0 };
		int ret = cmd_read_file(argv[i], count, &c);

		if (ret) {
			status = cmd_fail("wc", argv[i], ret);
			continue;
		}
		printf("%llu %llu %llu ", (unsigned long long)c.lines,
		       (unsigned long long)c.words, (unsigned long long)c.bytes);
		cmd_puts(argv[i]);
		cmd_puts("\n");
	}
	return status;
}
SHELL_COMMAND("wc", cmd_wc, "FILE... - count lines, words, bytes");

/* As `hexdump -C` prints, without folding equal lines. */
static void dump_line(uint64_t pos, const uint8_t *p, size_t n)
{
	char text[17];

	printf("%08llx", (unsigned long long)pos);
	for (size_t i = 0; i < 16; i++) {
		if (i < n)
			printf("%s%02x", i % 8 ? " " : "  ", p[i]);
		else
			cmd_puts(i % 8 ? "   " : "    ");
		text[i] = i < n && p[i] >= 32 && p[i] < 127 ? (char)p[i] : '.';
	}
	text[n] = 0;
	printf("  |%s|\n", text);
}

static int cmd_hexdump(int argc, char **argv)
{
	uint64_t pos = 0, bytes = UINT64_MAX;
	uint8_t line[16];
	struct file *f;
	int64_t n = 0;
	int ret;

	if (argc < 2 || argc > 4 || (argc > 2 && parse_u64(argv[2], &pos)) ||
	    (argc > 3 && parse_u64(argv[3], &bytes))) {
		eprintf("usage: hexdump FILE [OFFSET [BYTES]]\n");
		return 2;
	}
	ret = vfs_open(argv[1], VFS_RDONLY, 0, &f);
	if (ret)
		return cmd_fail("hexdump", argv[1], ret);
	while (bytes && !console_interrupted()) {
		n = vfs_pread(f, line, MIN(bytes, (uint64_t)sizeof(line)), pos);
		if (n <= 0)
			break;
		dump_line(pos, line, n);
		pos += n;
		bytes -= n;
	}
	vfs_close(f);
	return n < 0 ? cmd_fail("hexdump", argv[1], n) : 0;
}
SHELL_COMMAND("hexdump", cmd_hexdump, "FILE [OFFSET [BYTES]] - bytes of a file");

static int cmd_head(int argc, char **argv)
{
	uint64_t bytes;
	struct file *f;
	char *buf;
	int64_t n = 0;
	int ret;

	if (argc != 4 || strcmp(argv[1], "-c") || parse_u64(argv[2], &bytes)) {
		eprintf("usage: head -c BYTES FILE\n");
		return 2;
	}
	ret = vfs_open(argv[3], VFS_RDONLY, 0, &f);
	if (ret)
		return cmd_fail("head", argv[3], ret);
	buf = kmalloc(CMD_BUF_BYTES);
	n = buf ? 1 : -ENOMEM;
	while (n > 0 && bytes && !console_interrupted()) {
		n = vfs_read(f, buf, MIN(bytes, (uint64_t)CMD_BUF_BYTES));
		if (n > 0) {
			bytes -= n;
			n = out_write(buf, n);
		}
	}
	kfree(buf);
	vfs_close(f);
	return n < 0 ? cmd_fail("head", argv[3], n) : 0;
}
SHELL_COMMAND("head", cmd_head, "-c BYTES FILE - the beginning of a file");
