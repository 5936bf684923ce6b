/* SPDX-License-Identifier: MIT */
/* Making what an uplink stands on: a tap in a Linux bridge, or a passt with a socket to it. */
#include "config.h"
#include "backends/net_uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TUN	"/dev/net/tun"
#define SOCKET_BYTES	(1 << 20)

static int say(int rc, char *why, size_t size, const char *what, const char *name)
{
	snprintf(why, size, "%s %s: %s", what, name, strerror(-rc));
	return rc;
}

static int tun_attach(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open(TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

bool net_tap_possible(const char *bridge)
{
	char path[128];
	int fd;

	if (strchr(bridge, '/') || snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", bridge) >= (int)sizeof(path) ||
	    access(path, F_OK))
		return false;
	fd = tun_attach("");	/* the kernel chooses a name; gone again when closed */
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Into the bridge, and up.  0 or -errno. */
static int tap_plug(const char *bridge, const char *name, unsigned int mtu)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;
	struct ifreq br = { 0 }, ifr = { 0 };

	if (s < 0)
		return -errno;
	strncpy(br.ifr_name, bridge, sizeof(br.ifr_name) - 1);
	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	br.ifr_ifindex = (int)if_nametoindex(name);
	ifr.ifr_mtu = (int)mtu;
	if (ioctl(s, SIOCSIFMTU, &ifr) || ioctl(s, SIOCBRADDIF, &br) || ioctl(s, SIOCGIFFLAGS, &ifr)) {
		rc = -errno;
	} else {
		ifr.ifr_flags |= IFF_UP;
		if (ioctl(s, SIOCSIFFLAGS, &ifr))
			rc = -errno;
	}
	close(s);
	return rc;
}

int net_tap_open(const char *bridge, const char *name, unsigned int mtu, char *why, size_t size)
{
	int fd = tun_attach(name), rc;

	if (fd < 0)
		return say(fd, why, size, "cannot make the tap", name);
	if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)) {
		rc = say(-errno, why, size, "cannot offload to the tap", name);
	} else {
		rc = tap_plug(bridge, name, mtu);
		if (rc)
			say(rc, why, size, "cannot plug a tap into the Linux bridge", bridge);
	}
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static void passt_exec(int fd, unsigned int mtu)
{
	char number[16], bytes[16];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fcntl(fd, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", fd);
	snprintf(bytes, sizeof(bytes), "%u", mtu > 65520 ? 65520 : mtu);
	execlp("passt", "passt", "--foreground", "--quiet", "--mtu", bytes, "--fd", number, NULL);
	_exit(127);
}

int net_passt_start(unsigned int mtu, int *pid, char *why, size_t size)
{
	int fds[2], bytes = SOCKET_BYTES, status;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return say(-errno, why, size, "cannot talk to", "passt");
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	*pid = fork();
	if (!*pid)
		passt_exec(fds[1], mtu);
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	usleep(50000);	/* one that does not start, because it is not installed for instance, has ended by then */
	if (*pid < 0 || waitpid(*pid, &status, WNOHANG) == *pid) {
		close(fds[0]);
		snprintf(why, size, "passt cannot be started; install the package passt, or see what `passt -f' says");
		return -ENOENT;
	}
	return fds[0];
}
