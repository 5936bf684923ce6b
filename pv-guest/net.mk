# SPDX-License-Identifier: MIT
# Network: the device layer, netfront, the frame generator.
GUEST_NETFRONT_CORE = pv-guest/drivers/netfront_queue.c pv-guest/drivers/netfront_rx.c \
	pv-guest/drivers/netfront_tx.c pv-guest/net/netbuf.c pv-guest/net/netlib.c pv-guest/net/pkt.c
GUEST_NET_SOURCES = $(GUEST_NETFRONT_CORE) pv-guest/drivers/netfront.c \
	pv-guest/drivers/netfront_connect.c pv-guest/drivers/netfront_lane.c \
	pv-guest/drivers/netfront_ops.c pv-guest/net/cmd_ifconfig.c pv-guest/net/netdev.c \
	pv-guest/net/pktgen.c pv-guest/net/pktsink.c

noinst_HEADERS += pv-guest/drivers/netfront.h pv-guest/drivers/netfront_queue.h \
	pv-guest/include/pv/net.h pv-guest/net/pkt.h

# TCP/IP: lwIP's sources lie outside of the tree, only its port is ours.
GUEST_LWIP_PORT = pv-guest/net/lwip/cmd_httpd.c pv-guest/net/lwip/cmd_iperf.c \
	pv-guest/net/lwip/cmd_ping.c pv-guest/net/lwip/cmd_wget.c pv-guest/net/lwip/ethif.c \
	pv-guest/net/lwip/ethif_rx.c pv-guest/net/lwip/ethif_tx.c pv-guest/net/lwip/ipconfig.c \
	pv-guest/net/lwip/netcmd.c pv-guest/net/lwip/sys_arch.c
GUEST_LWIP_INCLUDES = pv-guest/net/lwip/ethif.h pv-guest/net/lwip/include/arch/cc.h \
	pv-guest/net/lwip/include/arch/sys_arch.h pv-guest/net/lwip/include/lwipopts.h \
	pv-guest/net/lwip/netcmd.h
EXTRA_DIST += $(GUEST_LWIP_PORT) $(GUEST_LWIP_INCLUDES) pv-guest/net/fetch-lwip
if LWIP
GUEST_TCPIP = pv-guest/libpv-guest-tcpip.a
noinst_LIBRARIES += pv-guest/libpv-guest-tcpip.a
GUEST_LWIP_CPPFLAGS = $(GUEST_CPPFLAGS) -I$(top_srcdir)/pv-guest/net/lwip/include \
	-isystem $(LWIP_DIR)/src/include -isystem $(LWIP_DIR)/src
pv_guest_libpv_guest_tcpip_a_SOURCES = $(GUEST_LWIP_PORT)
pv_guest_libpv_guest_tcpip_a_CPPFLAGS = $(GUEST_LWIP_CPPFLAGS)
pv_guest_libpv_guest_tcpip_a_CFLAGS = $(GUEST_CFLAGS)
pv_guest_libpv_guest_tcpip_a_LIBADD = $(GUEST_LWIP_OBJECTS)
GUEST_LWIP_OBJECTS = \
	pv-guest/lwip/api/api_lib.o pv-guest/lwip/api/api_msg.o pv-guest/lwip/api/err.o \
	pv-guest/lwip/api/if_api.o pv-guest/lwip/api/netbuf.o pv-guest/lwip/api/netdb.o \
	pv-guest/lwip/api/netifapi.o pv-guest/lwip/api/tcpip.o \
	pv-guest/lwip/core/def.o pv-guest/lwip/core/dns.o pv-guest/lwip/core/inet_chksum.o \
	pv-guest/lwip/core/init.o pv-guest/lwip/core/ip.o pv-guest/lwip/core/mem.o \
	pv-guest/lwip/core/memp.o pv-guest/lwip/core/netif.o pv-guest/lwip/core/pbuf.o \
	pv-guest/lwip/core/raw.o pv-guest/lwip/core/stats.o pv-guest/lwip/core/sys.o \
	pv-guest/lwip/core/tcp.o pv-guest/lwip/core/tcp_in.o pv-guest/lwip/core/tcp_out.o \
	pv-guest/lwip/core/timeouts.o pv-guest/lwip/core/udp.o \
	pv-guest/lwip/core/ipv4/dhcp.o pv-guest/lwip/core/ipv4/etharp.o \
	pv-guest/lwip/core/ipv4/icmp.o pv-guest/lwip/core/ipv4/ip4.o \
	pv-guest/lwip/core/ipv4/ip4_addr.o pv-guest/lwip/core/ipv4/ip4_frag.o \
	pv-guest/lwip/core/ipv6/ethip6.o pv-guest/lwip/core/ipv6/icmp6.o \
	pv-guest/lwip/core/ipv6/inet6.o pv-guest/lwip/core/ipv6/ip6.o \
	pv-guest/lwip/core/ipv6/ip6_addr.o pv-guest/lwip/core/ipv6/ip6_frag.o \
	pv-guest/lwip/core/ipv6/mld6.o pv-guest/lwip/core/ipv6/nd6.o \
	pv-guest/lwip/netif/ethernet.o
# Its warnings are not ours to mend.
pv-guest/lwip/%.o: $(LWIP_DIR)/src/%.c $(GUEST_LWIP_INCLUDES)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(CC) $(GUEST_LWIP_CPPFLAGS) $(CPPFLAGS) $(GUEST_CFLAGS) $(CFLAGS) -w -c -o $@ $<
CLEANFILES += $(GUEST_LWIP_OBJECTS)
endif

# The rings on the host, with a made-up backend.
check_PROGRAMS += tests/unit/guest_netfront
UNIT_TESTS += tests/unit/guest_netfront
tests_unit_guest_netfront_SOURCES = tests/unit/guest_netfront.c $(GUEST_NETFRONT_CORE)
tests_unit_guest_netfront_CPPFLAGS = $(GUESTFS_TEST_CPPFLAGS)
tests_unit_guest_netfront_CFLAGS = $(AM_CFLAGS) -fno-strict-aliasing
tests_unit_guest_netfront_LDADD = $(GUESTFS_TEST_LIBS)
EXTRA_DIST += tests/system/net-guests.sh
