/* SPDX-License-Identifier: MIT */
/*
 * The processes of a vCPU, found through /proc: all of them and nobody else, however many there are.
 * What would break: a pin that leaves some where they were, CPU time that is not counted, and, with a
 * list that is cut in the middle of a number, a stranger's process that is pinned instead.
 */
#include "config.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "paravaned/process.h"

/* Their numbers need more room than one page. */
#define MANY	1000

static pid_t child[MANY];
static int seen[MANY];
static int nr_self, nr_strangers;

static void note(pid_t pid, void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < MANY; i++)
		if (child[i] == pid) {
			seen[i]++;
			return;
		}
	if (pid == getpid())
		nr_self++;
	else
		nr_strangers++;
}

static void let_go(int fd)
{
	int i;

	close(fd);
	for (i = 0; i < MANY; i++)
		waitpid(child[i], NULL, 0);
}

/* They live until the pipe's other end is closed. */
static int have_children(void)
{
	int fd[2], i;
	char c;

	cr_assert(pipe(fd) == 0);
	for (i = 0; i < MANY; i++) {
		child[i] = fork();
		cr_assert(child[i] >= 0);
		if (child[i] == 0) {
			close(fd[1]);
			_exit(read(fd[0], &c, 1) != 0);
		}
	}
	close(fd[0]);
	return fd[1];
}

Test(paravaned_tree, each_child_once_and_nobody_else)
{
	int fd = have_children(), i;

	process_tree_each(getpid(), note, NULL);
	let_go(fd);
	cr_assert(nr_self == 1 && nr_strangers == 0, "%d times itself, %d strangers", nr_self, nr_strangers);
	for (i = 0; i < MANY; i++)
		cr_assert(seen[i] == 1, "child %d was seen %d times", i, seen[i]);
}

Test(paravaned_tree, no_process_is_no_tree)
{
	process_tree_each(0, note, NULL);
	process_tree_each(-1, note, NULL);
	cr_assert(nr_self == 0 && nr_strangers == 0);
}
