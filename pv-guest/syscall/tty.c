/* SPDX-License-Identifier: MIT */
/*
 * The console as a terminal of processes: lines are edited and echoed, ^C is a signal, or, as a
 * program wishes, bytes come as they are typed. Bytes are put in by whoever waits for the foreground
 * (proc_wait_foreground): the shell's own reading and this never happen at the same time.
 */
#include <pv/console.h>
#include <pv/errno.h>
#include <pv/printk.h>
#include <pv/signal.h>
#include <pv/string.h>
#include <pv/syscall.h>

#include "calls.h"

#define TCGETS		0x5401U
#define TCSETS		0x5402U
#define TCSETSW		0x5403U
#define TCSETSF		0x5404U
#define TIOCSCTTY	0x540eU
#define TIOCGPGRP	0x540fU
#define TIOCSPGRP	0x5410U
#define TIOCGWINSZ	0x5413U
#define TIOCSWINSZ	0x5414U
#define FIONREAD	0x541bU
#define TIOCNOTTY	0x5422U
#define TIOCGSID	0x5429U

#define ICRNL		0400U
#define ISIG		1U
#define ICANON		2U
#define ECHO		010U
#define ECHOE		020U
#define VINTR		0
#define VQUIT		1
#define VERASE		2
#define VKILL		3
#define VEOF		4

#define TTY_BYTES	4096U

struct termios_user {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[19];
};
_Static_assert(sizeof(struct termios_user) == 36, "struct termios");

static const struct termios_user sane = {
	.iflag = ICRNL, .oflag = 5, .cflag = 0xbf, .lflag = ISIG | ICANON | ECHO | ECHOE | 0x8000,
	.cc = { 3, 28, 0x7f, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22 },
};

static struct termios_user termios;
static spinlock_t tty_lock = SPINLOCK_INIT;
/* Finished input, [0, ready), and behind it the line being typed. */
static char input[TTY_BYTES];
static unsigned int ready, typed;
static unsigned int eofs;		/* ^D on an empty line, not read yet */
static uint32_t foreground;
static struct wait_queue tty_wq = WAIT_QUEUE_INIT(tty_wq);

void tty_foreground(uint32_t pgid)
{
	unsigned long flags = spin_lock_irqsave(&tty_lock);

	foreground = pgid;
	termios = sane;
	ready = typed = eofs = 0;
	spin_unlock_irqrestore(&tty_lock, flags);
}

static void wake_readers(void)
{
	wake_up(&tty_wq);
	wake_up(&poll_wq);
}

/* Takes back the last byte of the line. */
static bool erase(void)
{
	if (typed == ready)
		return false;
	typed--;
	return true;
}

/* One byte of a line being edited; what is to be echoed goes to echo. tty_lock held. */
static bool edit(int c, char *echo)
{
	if (c == termios.cc[VERASE] || c == '\b') {
		if (erase())
			str_copy(echo, "\b \b", 8);
		return false;
	}
	if (c == termios.cc[VKILL]) {
		while (erase())
			;
		str_copy(echo, "^U\n", 8);
		return false;
	}
	if (c == termios.cc[VEOF]) {
		if (typed == ready)
			eofs++;
		ready = typed;
		return true;
	}
	if (typed < TTY_BYTES - 1 || (c == '\n' && typed < TTY_BYTES)) {
		input[typed++] = (char)c;
		echo[0] = (char)c;
		echo[1] = 0;
	}
	if (c != '\n')
		return false;
	ready = typed;
	return true;
}

static unsigned int signal_of(int c)
{
	if (!(termios.lflag & ISIG))
		return 0;
	return c == termios.cc[VINTR] ? SIGINT : c == termios.cc[VQUIT] ? SIGQUIT : 0;
}

void tty_input(int c)
{
	unsigned long flags = spin_lock_irqsave(&tty_lock);
	char echo[8] = "";
	bool wake = true, show;
	unsigned int sig;

	if (c == '\r' && (termios.iflag & ICRNL))
		c = '\n';
	sig = signal_of(c);
	show = termios.lflag & ECHO;
	if (sig != 0) {
		typed = ready;
		str_copy(echo, sig == SIGINT ? "^C\n" : "^\\\n", 8);
	} else if (termios.lflag & ICANON) {
		wake = edit(c, echo);
	} else if (typed < TTY_BYTES) {
		input[typed++] = (char)c;
		ready = typed;
		echo[0] = (char)c;
		echo[1] = 0;
	}
	spin_unlock_irqrestore(&tty_lock, flags);
	if (show && echo[0] != 0)
		console_write(echo, strlen(echo));
	if (sig != 0)
		signal_group(foreground, sig);
	if (wake)
		wake_readers();
}

/* A line at most, where lines are edited. -1: nothing yet. */
static int64_t take(char *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&tty_lock);
	int64_t got = -1;

	if (ready > 0) {
		got = (int64_t)MIN(n, (size_t)ready);
		if (termios.lflag & ICANON) {
			char *end = memchr(input, '\n', got);

			if (end != NULL)
				got = end - input + 1;
		}
		memcpy(buf, input, got);
		memmove(input, input + got, typed - got);
		ready -= got;
		typed -= got;
	} else if (eofs > 0) {
		eofs--;
		got = 0;
	}
	spin_unlock_irqrestore(&tty_lock, flags);
	return got;
}

static int64_t console_read(struct ofile *f, void *buf, size_t n)
{
	for (;;) {
		int64_t got = n == 0 ? 0 : take(buf, n);
		int rc;

		if (got >= 0)
			return got;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (!(termios.lflag & ICANON) && termios.cc[6] == 0)	/* VMIN */
			return 0;
		rc = wait_event_signal(&tty_wq, ready > 0 || eofs > 0);
		if (rc != 0)
			return rc;
	}
}

static int64_t console_file_write(struct ofile *f, const void *buf, size_t n)
{
	console_write(buf, n);
	return n;
}

static uint32_t console_poll(struct ofile *f)
{
	return POLLOUT | (ready > 0 || eofs > 0 ? POLLIN : 0);
}

static int console_stat(struct ofile *f, struct vfs_stat *st)
{
	*st = (struct vfs_stat){ .mode = VFS_IFCHR | 0620, .nlink = 1, .rdev = 5 << 8 | 1,
				 .blksize = 1024, .ino = 3, .dev = 1 };
	return 0;
}

static long set_termios(uint64_t from, bool flush)
{
	struct termios_user t;
	unsigned long flags;

	if (copy_from_user(&t, from, sizeof(t)) != 0)
		return -EFAULT;
	flags = spin_lock_irqsave(&tty_lock);
	termios = t;
	if (flush)
		ready = typed = eofs = 0;
	else if (!(t.lflag & ICANON))
		ready = typed;
	spin_unlock_irqrestore(&tty_lock, flags);
	return 0;
}

long console_ioctl(struct ofile *f, uint32_t cmd, uint64_t arg)
{
	static const uint16_t window[4] = { 24, 80, 0, 0 };
	int32_t n;

	switch (cmd) {
	case TCGETS:
		return copy_to_user(arg, &termios, sizeof(termios));
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(arg, cmd == TCSETSF);
	case TIOCGWINSZ:
		return copy_to_user(arg, window, sizeof(window));
	case TIOCGPGRP:
		return copy_to_user(arg, &foreground, sizeof(foreground));
	case TIOCSPGRP:
		if (copy_from_user(&n, arg, sizeof(n)) != 0)
			return -EFAULT;
		if (n <= 0)
			return -EINVAL;
		foreground = (uint32_t)n;
		return 0;
	case TIOCGSID:
		n = (int32_t)current_proc()->sid;
		return copy_to_user(arg, &n, sizeof(n));
	case FIONREAD:
		n = (int32_t)ready;
		return copy_to_user(arg, &n, sizeof(n));
	case TIOCSWINSZ:
	case TIOCSCTTY:
	case TIOCNOTTY:
		return 0;
	}
	return -ENOTTY;
}

static const struct ofile_ops console_ops = {
	.read = console_read,
	.write = console_file_write,
	.ioctl = console_ioctl,
	.stat = console_stat,
	.poll = console_poll,
};

struct ofile *console_ofile(void)
{
	return ofile_new(&console_ops, 2);
}
