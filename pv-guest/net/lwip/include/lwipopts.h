/* SPDX-License-Identifier: MIT */
/*
 * How lwIP is built for this kernel: with threads and one lock for its core, which the threads of
 * network queues take themselves; memory from kmalloc; TCP checksums left to the port (ethif_tx.c).
 */
#ifndef PV_LWIPOPTS_H
#define PV_LWIPOPTS_H

#define NO_SYS				0
#define SYS_LIGHTWEIGHT_PROT		1
#define LWIP_TCPIP_CORE_LOCKING		1
#define LWIP_TCPIP_CORE_LOCKING_INPUT	1
void lwip_core_lock(void);
void lwip_core_unlock(void);
#define LOCK_TCPIP_CORE()		lwip_core_lock()
#define UNLOCK_TCPIP_CORE()		lwip_core_unlock()

#define MEM_LIBC_MALLOC			1
#define MEMP_MEM_MALLOC			1
#define MEM_ALIGNMENT			16
void *kmalloc(unsigned long size);
void *lwip_calloc(unsigned long n, unsigned long size);
void kfree(void *p);
#define mem_clib_malloc			kmalloc
#define mem_clib_calloc			lwip_calloc
#define mem_clib_free			kfree
#define PBUF_POOL_BUFSIZE		1600
#define LWIP_SUPPORT_CUSTOM_PBUF	1

#define TCPIP_THREAD_NAME		"tcpip"
#define TCPIP_THREAD_STACKSIZE		0
#define TCPIP_MBOX_SIZE			0
#define DEFAULT_RAW_RECVMBOX_SIZE	0
#define DEFAULT_UDP_RECVMBOX_SIZE	0
#define DEFAULT_TCP_RECVMBOX_SIZE	0
#define DEFAULT_ACCEPTMBOX_SIZE		0

#define LWIP_IPV4			1
#define LWIP_IPV6			1
#define LWIP_IPV6_MLD			1
#define IPV6_FRAG_COPYHEADER		1
#define LWIP_IPV6_AUTOCONFIG		1
#define LWIP_IPV6_NUM_ADDRESSES		4
#define LWIP_ICMP			1
#define LWIP_RAW			1
#define LWIP_DHCP			1
#define DHCP_DOES_ARP_CHECK		0
#define LWIP_DNS			1
#define LWIP_NETIF_HOSTNAME		1
#define LWIP_NETIF_STATUS_CALLBACK	1
#define LWIP_NETIF_LINK_CALLBACK	1
#define LWIP_SINGLE_NETIF		0
#define LWIP_CHECKSUM_CTRL_PER_NETIF	1
#define ARP_QUEUEING			1
#define IP_REASS_MAX_PBUFS		64

#define LWIP_TCP			1
#define TCP_MSS				1460
#define LWIP_WND_SCALE			1
#define TCP_RCV_SCALE			4
#define TCP_WND				(512 * 1024)
#define TCP_SND_BUF			(512 * 1024)
#define TCP_SND_QUEUELEN		2048
#define TCP_SNDLOWAT			(128 * 1024)
#define MEMP_NUM_TCP_SEG		4096
#define TCP_QUEUE_OOSEQ			1
#define TCP_LISTEN_BACKLOG		1
#define LWIP_DISABLE_TCP_SANITY_CHECKS	1

#define LWIP_NETCONN			1
#define LWIP_SOCKET			0
#define LWIP_SO_RCVTIMEO		1
#define LWIP_SO_SNDTIMEO		1
#define LWIP_STATS			0
#define LWIP_COMPAT_MUTEX		0

#endif
