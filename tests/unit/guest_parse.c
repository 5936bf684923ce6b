/* SPDX-License-Identifier: MIT */
/*
 * What the guest kernel takes apart: its command line, shell lines, numbers, dates. What would
 * break: scripts on the kernel command line would run something else than was written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <criterion/criterion.h>
#include <pv/init.h>
#include <pv/shell_internal.h>
#include <pv/string.h>
#include <pv/time.h>

void cmdline_init(const char *text);

Test(guest_parse, cmdline_words_and_quotes)
{
	cmdline_init(" quiet root=/dev/xvda  rw script=\"echo \\\"a b\\\"; cat 'x y' \\\\n \" x='1 \"2\"' ");
	cr_assert(cmdline_has("quiet") && cmdline_has("rw"));
	cr_assert(!cmdline_has("ro") && !cmdline_has("roo") && !cmdline_has("qui"));
	cr_assert_str_eq(cmdline_get("root"), "/dev/xvda");
	cr_assert_str_eq(cmdline_get("script"), "echo \"a b\"; cat 'x y' \\n ");
	cr_assert_str_eq(cmdline_get("x"), "1 \"2\"");
	cr_assert_str_eq(cmdline_get("quiet"), "");
}

Test(guest_parse, cmdline_last_wins_and_limits_hold)
{
	char text[4000];

	cmdline_init("a=1 a=2 b= 'quoted key=3'");
	cr_assert_str_eq(cmdline_get("a"), "2");
	cr_assert_str_eq(cmdline_get("b"), "");
	cr_assert_str_eq(cmdline_get("quoted key"), "3");
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "k ", 2);
	text[sizeof(text) - 2] = text[sizeof(text) - 1] = 0;
	cmdline_init(text);
	cr_assert(cmdline_has("k"));
	memset(text, '"', sizeof(text) - 1);
	cmdline_init(text);
	cmdline_init("");
	cr_assert_null(cmdline_get("k"));
}

/* One line to "[word][word]>file;..." so that a case is a pair of strings. */
static const char *shell_dump(const char *line, int status)
{
	static char out[4096];
	static struct shell_simple cmd;
	static const char *const joins[] = { "", ";", "&&", "||" };
	const char *error;
	size_t n = 0;

	out[0] = 0;
	do {
		if (shell_parse(&line, &cmd, status, &error) != 0) {
			snprintf(out + n, sizeof(out) - n, "!%s", error);
			return out;
		}
		for (int i = 0; i < cmd.argc; i++)
			n += snprintf(out + n, sizeof(out) - n, "[%s]", cmd.argv[i]);
		cr_assert_null(cmd.argv[cmd.argc]);
		if (cmd.redirect != NULL)
			n += snprintf(out + n, sizeof(out) - n, "%s%s", cmd.append ? ">>" : ">",
				      cmd.redirect);
		n += snprintf(out + n, sizeof(out) - n, "%s", joins[cmd.join]);
	} while (cmd.join != JOIN_END);
	return out;
}

Test(guest_parse, shell_lines)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "ls", "[ls]" },
		{ "  ls   -l\t/a ", "[ls][-l][/a]" },
		{ "echo 'a b' \"c d\"e", "[echo][a b][c de]" },
		{ "echo '' \"\"", "[echo][][]" },
		{ "echo a\\ b \\; \"\\\"\\$?\\\\ \\n\" '\\'", "[echo][a b][;][\"$?\\ \\n][\\]" },
		{ "a;b && c||d", "[a];[b]&&[c]||[d]" },
		{ "a ; ", "[a];" },
		{ "echo x>f", "[echo][x]>f" },
		{ "echo x >> 'a b' y", "[echo][x][y]>>a b" },
		{ "> f", ">f" },
		{ "echo $? \"$?\" '$?' $x", "[echo][7][7][$?][$x]" },
		{ "echo a # b; c", "[echo][a]" },
		{ "echo a#b", "[echo][a#b]" },
		{ "echo 'x", "!' without its partner" },
		{ "echo \"x", "!\" without its partner" },
		{ "echo >", "!no file name after >" },
		{ "echo > ; ls", "!no file name after >" },
		{ "a & b", "!no background jobs" },
		{ "a | b", "!no pipes" },
		{ "&& b", "!a command is missing" },
		{ "a && ; b", "[a]&&;[b]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_str_eq(shell_dump(cases[i][0], 7), cases[i][1], "%s", cases[i][0]);
}

Test(guest_parse, shell_limits)
{
	char line[4096];
	size_t n = 0;

	for (int i = 0; i < SHELL_ARGS_MAX; i++)
		n += snprintf(line + n, sizeof(line) - n, "w ");
	cr_assert_neq(shell_dump(line, 0)[0], '!');
	strcpy(line + n, "w");
	cr_assert_str_eq(shell_dump(line, 0), "!too many words");
	memset(line, 'x', sizeof(line));
	line[SHELL_LINE_MAX - 1] = 0;
	cr_assert_neq(shell_dump(line, 0)[0], '!');
	line[SHELL_LINE_MAX - 1] = 'x';
	line[SHELL_LINE_MAX] = 0;
	cr_assert_str_eq(shell_dump(line, 0), "!line too long");
}

/* Any bytes: no crash, and the parser always moves on. */
Test(guest_parse, shell_fuzz)
{
	static const char alphabet[] = "ab '\"\\;&|>$?#\t\n";
	static struct shell_simple cmd;
	char line[64];

	srand(3);
	for (int round = 0; round < 50000; round++) {
		const char *p = line, *error;
		size_t n = rand() % sizeof(line);

		for (size_t i = 0; i < n; i++)
			line[i] = alphabet[rand() % (sizeof(alphabet) - 1)];
		line[n] = 0;
		for (unsigned int i = 0; i <= n + 1; i++) {
			cr_assert_lt(i, n + 1);
			if (shell_parse(&p, &cmd, 0, &error) != 0 || cmd.join == JOIN_END)
				break;
		}
		cr_assert(p >= line && p <= line + n);
	}
}

Test(guest_parse, numbers)
{
	static const struct { const char *text; int rc; uint64_t value; } cases[] = {
		{ "0", 0, 0 }, { "42", 0, 42 }, { "0x1F", 0, 31 }, { "010", 0, 8 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 }, { "0x10000000000000000", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { "0x", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 },
		{ "08", -EINVAL, 0 }, { "a", -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t v = 0;

		cr_assert_eq(parse_u64(cases[i].text, &v), cases[i].rc, "%s", cases[i].text);
		if (cases[i].rc == 0)
			cr_assert_eq(v, cases[i].value);
	}
}

Test(guest_parse, dates_like_libc)
{
	srand(5);
	for (int i = 0; i < 20000; i++) {
		uint64_t t = ((uint64_t)rand() << 20 ^ (uint64_t)rand()) % 40000000000ULL;
		time_t tt = t;
		struct datetime dt;
		struct tm tm;

		gmtime_r(&tt, &tm);
		datetime_from_unix(t, &dt);
		cr_assert(dt.year == tm.tm_year + 1900 && dt.month == tm.tm_mon + 1 &&
			  dt.day == tm.tm_mday && dt.hour == tm.tm_hour && dt.minute == tm.tm_min &&
			  dt.second == tm.tm_sec && dt.weekday == tm.tm_wday, "%lu", t);
	}
}
