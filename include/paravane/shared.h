/* SPDX-License-Identifier: MIT */
/*
 * The shared page set of one domain: the only memory that the hv image of a
 * domain, paravaned and the control-domain libraries have in common, besides
 * the domain's RAM itself.
 *
 * Tour: 2. Read this before anything in hv/, paravaned/ or libs/.
 *
 * Trust.  The domain can write every byte of this.  paravaned and the libraries
 * write here what the hv image needs to know; they never read their own truth
 * back from it.  What they do read (grant entries, doorbell bits, vCPU states)
 * is a hint or a request: copy once, check the copy.  No pointer ever goes in.
 *
 * Frames.  The machine numbers frames.  A domain owns the range
 *   (mfn_base is a multiple of 512, never 0; all mfns are below PVN_MAX_MFN)
 *   [mfn_base, mfn_base + PVN_HEAP_FRAMES)        heap frames, in the page set:
 *                                                 shared_info, grant table, status
 *   [mfn_base + PVN_HEAP_FRAMES, ... + max_pages) RAM, in the memory object
 * so an mfn becomes (descriptor, offset) by subtraction.
 */
#ifndef PARAVANE_SHARED_H
#define PARAVANE_SHARED_H

#include <stdint.h>

#define PVN_SHARED_MAGIC	0x31646d6f646e7670ULL	/* "pvndomd1" */
#define PVN_SHARED_VERSION	1

#define PVN_PAGE_SHIFT		12
#define PVN_PAGE_SIZE		4096UL

#define PVN_MAX_VCPUS		32	/* vcpu_info slots of shared_info (XEN_LEGACY_MAX_VCPUS) */
#define PVN_MAX_PORTS		4096	/* 2-level event channels, 64-bit (EVTCHN_2L_NR_CHANNELS) */
#define PVN_PORT_WORDS		(PVN_MAX_PORTS / 64)
#define PVN_MAX_LINKS		8	/* control-domain handles one domain can be bound to */
#define PVN_MAX_GRANT_FRAMES	64
#define PVN_MAX_GREFS		(PVN_MAX_GRANT_FRAMES * 512)	/* version 1; half as many in version 2 */
#define PVN_STATUS_PER_FRAME	2048	/* grant_status_t of version 2 */

#define PVN_MAX_MFN		(1UL << 32)	/* what a v1 grant entry can name */
#define PVN_PFN_NONE		(~0UL)		/* no pfn; what the M2P says of a frame without one */

/* Heap frames: index i is mfn_base + i, at byte offset PVN_HEAP_OFFSET + i*4096. */
#define PVN_HEAP_FRAMES		256
#define PVN_HEAP_SHARED_INFO	0
#define PVN_HEAP_GRANT		16	/* .. +64, grant table frames */
#define PVN_HEAP_STATUS		96	/* .. +32, grant v2 status frames */

/* Byte offsets in the page set. */
#define PVN_HEADER_OFFSET	0x000000UL	/* struct pvn_header */
#define PVN_SECCOMP_OFFSET	0x004000UL	/* struct sock_filter[seccomp_len], set before the first instruction */
#define PVN_MAPPER_SECCOMP_OFFSET 0x00c000UL	/* the mapper's: [mapper_seccomp_len] */
#define PVN_PORTS_OFFSET	0x010000UL	/* struct pvn_port[PVN_MAX_PORTS] */
#define PVN_LINKS_OFFSET	0x030000UL	/* struct pvn_link[PVN_MAX_LINKS], a page each */
#define PVN_PINS_OFFSET		0x040000UL	/* struct pvn_pin[PVN_MAX_GREFS] */
#define PVN_E820_OFFSET		0x078000UL	/* struct pvn_e820 */
#define PVN_VCPU_OFFSET		0x080000UL	/* struct pvn_vcpu of vCPU i at + i * PVN_VCPU_STRIDE */
#define PVN_VCPU_STRIDE		PVN_PAGE_SIZE
#define PVN_CONTEXT_OFFSET	0x0a0000UL	/* vcpu_guest_context, PVN_CONTEXT_STRIDE apart */
#define PVN_CONTEXT_STRIDE	0x002000UL
#define PVN_COPY_OFFSET		0x0e0000UL	/* struct pvn_copy_ring of vCPU i at + i * PVN_PAGE_SIZE */
#define PVN_HEAP_OFFSET		0x100000UL	/* heap frames */
#define PVN_M2P_OFFSET		0x200000UL	/* uint64_t[frames of the range], slot = mfn - mfn_base */
#define PVN_FIXED_SIZE		PVN_M2P_OFFSET	/* size of the page set without the M2P */

/*
 * A pvclock parameter set (the rule is <xen/xen.h>, struct vcpu_time_info):
 * system_time = ((tsc - tsc_base) << shift) * mul >> 32, in ns since the machine
 * started; wallclock at system_time 0 is wc_sec.wc_nsec.
 */
struct pvn_clock {
	uint64_t tsc_base;
	uint32_t tsc_to_system_mul;
	int32_t tsc_shift;
	uint64_t wc_sec;
	uint32_t wc_nsec;
	uint32_t tsc_khz;
};

struct pvn_header {
	uint64_t magic;			/* 0 once the domain is destroyed: mappings of it are stale */
	uint32_t version;
	uint16_t domid;
	uint16_t nr_vcpus;
	uint64_t mfn_base;
	uint64_t range_frames;		/* heap + RAM frames reserved for the domain */
	uint64_t nr_pages;		/* RAM frames populated at start: the first nr_pages of RAM */
	uint64_t max_pages;		/* ceiling; the machine enforces it */
	uint64_t hypercall_mfn;		/* page to fill with hypercall stubs, 0 = none */
	struct pvn_clock clock;
	uint8_t handle[16];		/* the domain's uuid */
	uint32_t valid_ports;		/* ports 0..valid_ports-1 are there; grows up to max_event_channels */
	uint32_t max_grant_frames;
	uint32_t nr_grant_frames;	/* set by the builder's first grant, then by the image */
	uint32_t seccomp_len;		/* instructions at PVN_SECCOMP_OFFSET */
	uint32_t mapper_seccomp_len;	/* and at PVN_MAPPER_SECCOMP_OFFSET */
	uint32_t poll_max_ns;		/* ceiling of the idle poll window, 0 = never poll */
	uint32_t trace;			/* log unknown hypercalls to the machine's log */
	/* Written by paravaned: grows whenever RAM frames of the domain are punched out.  Who has
	 * pinned pages of it (io_uring registered buffers) must then let go of them. */
	uint64_t mem_generation;
	/* Written by paravaned: grows when another domain has transferred a frame to this one.  The
	 * image then asks for the frames it does not know (PVN_REQ_MEM_OWNED). */
	uint32_t transfers;
	uint32_t max_grant_version;	/* 1 or 2 */
	/* Of the grant table: 1 or 2, written by the image; 0 while it converts the table, when no
	 * entry grants anything.  Who pins an entry counts first and looks here afterwards, who converts
	 * writes 0 first and looks at the pins afterwards. */
	uint32_t grant_version;
	/* 1: a vCPU process may signal its siblings itself; 0: it has to ask (PVN_REQ_VCPU_KICK). */
	uint32_t sibling_signals;
	uint32_t pad;
	/* Written by the image, read by nobody who decides anything: `xl` debugging. */
	uint32_t upcalls;
	uint32_t crashed;
};

/* What an image needs to know of a port.  Written by paravaned only. */
enum pvn_port_state {
	PVN_PORT_FREE = 0,
	PVN_PORT_UNBOUND,	/* waits for a peer: sends succeed and vanish */
	PVN_PORT_INTERDOMAIN,	/* bound to the control domain: use link */
	PVN_PORT_VIRQ,
	PVN_PORT_IPI,
	PVN_PORT_LOOPBACK,	/* both ends in this domain: peer = remote_port */
	PVN_PORT_PEER,		/* bound to another domain: PVN_REQ_SEND */
};

struct pvn_port {
	uint8_t state;		/* enum pvn_port_state, stored last with release */
	uint8_t link;		/* index of struct pvn_link, and of the doorbell */
	uint16_t remote_domid;
	uint32_t remote_port;	/* the peer's number for its end */
	uint16_t virq;
	uint16_t vcpu;		/* vCPU to notify; also written by the image (EVTCHNOP_bind_vcpu) */
	uint32_t pad;
};

enum pvn_run_state {
	PVN_VCPU_DOWN = 0,	/* not started, or its process is not there: nobody to wake */
	PVN_VCPU_RUNNING,	/* in the guest or a non-blocking hypercall: wake = PVN_KICK_SIGNAL */
	PVN_VCPU_POLLING,	/* looks at inbound_sel by itself: nothing to do */
	PVN_VCPU_BLOCKED,	/* futex-waits on `wake`: bump it, FUTEX_WAKE (shared, not private) */
};

/*
 * One page each, so that vCPUs do not share cache lines; what a waker touches for the first
 * 256 ports is one line.  To raise port p for the vCPU that the port table names:
 *   1. atomically set bit p of pending[]
 *   2. atomically set bit p/64 of inbound_sel
 *   3. full barrier, then look at run_state:
 *      RUNNING: if exchange(kicked, 1) == 0, pidfd_send_signal(PVN_KICK_SIGNAL)
 *      BLOCKED: atomically add 1 to wake; FUTEX_WAKE 1
 * The image drains: exchange inbound_sel with 0, then each word it names.  A bit may be set
 * again between; then the selector is set again too.  To sleep it does: w = wake; store BLOCKED;
 * full barrier; if inbound_sel == 0, FUTEX_WAIT(wake, w); store RUNNING.  Either the
 * image sees the bit, or the waker sees BLOCKED.
 */
struct pvn_vcpu {
	uint32_t run_state;	/* enum pvn_run_state */
	uint32_t wake;
	uint32_t kicked;
	uint32_t nmi;		/* an NMI is pending: set, then wake as for an event */
	uint64_t inbound_sel;
	uint32_t down;		/* VCPUOP_down: kept by the images, paravaned says how it is at the start */
	uint32_t pad;
	uint64_t pending[PVN_PORT_WORDS];
	/* Accounting hints in ns, kept by the image: running, runnable, blocked, offline. */
	uint64_t runstate_time[4];
};

/* A signal no guest event uses; the image installs its handler before the guest runs. */
#define PVN_KICK_SIGNAL		12	/* SIGUSR2 */

/*
 * A link: the way from one domain to one control-domain event-channel handle.
 * To send on local port p bound over link l the image
 *   1. atomically sets bit p of pending[], 2. sets bit p/64 of pending_sel,
 *   3. full barrier; if polling == 0, writes 8 bytes to doorbell l (an eventfd).
 * The handle drains like the image does (exchange sel, exchange words).  It keeps
 * polling != 0 only while it promises to look again: polling = 0; barrier; look.
 * Bits are numbered by the DOMAIN's port; the handle knows which of its ports that is.
 */
struct pvn_link {
	uint64_t pending_sel;		/* with the first words of pending[] in one cache line */
	uint32_t polling;
	uint32_t pad;
	uint64_t pending[PVN_PORT_WORDS];
	uint64_t pad2[446];
};

/* How often a grant is mapped, by the control domain or, through paravaned, by other domains.
 * GTF_reading/GTF_writing in the grant entry (version 2: in its status) are set on the first and
 * cleared with the last.  paravaned's own truth about domains is in paravaned/grant*.c. */
struct pvn_pin {
	uint16_t readers;	/* mappings, read-only or writable */
	uint16_t writers;	/* of these, writable */
};

/* The guest's memory map: written by paravaned for the toolstack and by the image for the guest, read by
 * the guest alone. */
#define PVN_E820_MAX	1024	/* E820MAX of Xen */
struct pvn_e820 {
	uint32_t nr;		/* 0 = none was set */
	uint8_t entry[PVN_E820_MAX][20];
};

_Static_assert(PVN_E820_OFFSET + sizeof(struct pvn_e820) <= PVN_VCPU_OFFSET, "memory map");
_Static_assert(sizeof(struct pvn_header) <= 0x4000, "header grows into the seccomp program");
_Static_assert(sizeof(struct pvn_port) == 16, "port table layout");
_Static_assert(sizeof(struct pvn_link) == PVN_PAGE_SIZE, "one page per link");
_Static_assert(sizeof(struct pvn_vcpu) <= PVN_VCPU_STRIDE, "one page per vCPU");
_Static_assert(PVN_PORTS_OFFSET + sizeof(struct pvn_port) * PVN_MAX_PORTS <= PVN_LINKS_OFFSET, "ports");
_Static_assert(PVN_PINS_OFFSET + sizeof(struct pvn_pin) * PVN_MAX_GREFS <= PVN_VCPU_OFFSET, "pins");
_Static_assert(PVN_CONTEXT_OFFSET + PVN_CONTEXT_STRIDE * PVN_MAX_VCPUS <= PVN_COPY_OFFSET, "contexts");
_Static_assert(PVN_COPY_OFFSET + PVN_PAGE_SIZE * PVN_MAX_VCPUS <= PVN_HEAP_OFFSET, "copy rings");
_Static_assert(PVN_HEAP_OFFSET + PVN_HEAP_FRAMES * PVN_PAGE_SIZE <= PVN_M2P_OFFSET, "heap");

/*
 * The processes of a domain, one per vCPU that was ever up, as paravaned starts them and the image
 * expects them: argv is { "paravane-dDOMID", VCPU }.  All of a domain have the same files and the
 * same namespaces, the first one's; PVN_FD_MACHINE is each one's own.
 * Descriptors (nothing else is open):
 */
#define PVN_FD_MEM		3	/* the memory object: RAM, offset = (mfn - mfn_base - PVN_HEAP_FRAMES) << 12 */
#define PVN_FD_SHARED		4	/* the page set */
#define PVN_FD_MACHINE		5	/* SOCK_SEQPACKET to paravaned, struct pvn_request / pvn_reply */
#define PVN_FD_DOORBELL		6	/* .. +PVN_MAX_LINKS, eventfds (nonblocking) */
#define PVN_FD_MAPPER		(PVN_FD_DOORBELL + PVN_MAX_LINKS) /* the mapper's socket to paravaned */
#define PVN_FD_MAPPER_PAGE	(PVN_FD_MAPPER + 1)	/* its orders; the domain itself keeps neither */
#define PVN_FD_PRIVATE		(PVN_FD_MAPPER_PAGE + 1) /* what the images of one domain share; closed when mapped */
#define PVN_NR_FDS		(PVN_FD_PRIVATE + 1)
#define PVN_FD_USER		24	/* eventfd of a vCPU's user mode (hv/process/user.h); pidfds lie where there is room */
#define PVN_MAX_FILES		104	/* with a pidfd for each process of user mode */
#define PVN_USER_TASKS		65	/* processes of user mode, of one vCPU */

/* Size of that: for struct domain, and for the frame table.  Zero at first. */
#define PVN_PRIVATE_FIXED	0x100000UL
#define PVN_PRIVATE_FRAME_BYTES	32UL

/*
 * Address space of the process platform.  The guest has everything below
 * PVN_GUEST_END; the image and its windows live above it.
 */
#define PVN_GUEST_END		0x600000000000UL
#define PVN_M2P_VA		0x600000000000UL	/* uint64_t[mfn]; only the domain's slice is mapped */
#ifndef PVN_SHARED_VA		/* unit tests of the image's code place these elsewhere */
#define PVN_SHARED_VA		0x610000000000UL	/* the page set */
#define PVN_DIRECTMAP_VA	0x620000000000UL	/* the memory object */
#define PVN_PRIVATE_VA		0x640000000000UL	/* PVN_FD_PRIVATE: struct domain, frame table */
#endif
#define PVN_IMAGE_BASE		0x700000000000UL	/* text and data of the image */
/* What a domain may map over ends at PVN_IMAGE_BASE: the image's code and the orders stay what they are. */
#define PVN_MAPPER_PAGE_VA	0x710000000000UL	/* struct pvn_mapper_order, read-only */
/* The places in the image that execute SYSCALL: the value of RIP the filter sees. */
#define PVN_GATE_RIP		(PVN_IMAGE_BASE + 0x1040UL)	/* every system call of the image */
#define PVN_SIGRETURN_RIP	(PVN_IMAGE_BASE + 0x1080UL)	/* rt_sigreturn only */
#define PVN_MAPPER_RIP		(PVN_IMAGE_BASE + 0x10c0UL)	/* every system call of the mapper */

/*
 * The mapper: a task in the domain's address space with descriptors and a filter of its own.  It
 * does for paravaned what is in the order page when a datagram comes, with the descriptor that came
 * with it, and answers with a datagram whose length is the result.
 */
enum pvn_mapper_op { PVN_MAPPER_UNMAP = 0, PVN_MAPPER_MAP = 1 };
#define PVN_MAPPER_DONE		1
#define PVN_MAPPER_REFUSED	2	/* by the host's kernel */

struct pvn_mapper_order {
	uint64_t op, va, bytes, prot, offset;
};

/*
 * Requests of an image to the machine, one datagram each way, strictly
 * request/reply per vCPU.  The kernel copies, so there is no double fetch; EOF is death.
 */
enum pvn_request_op {
	/* What makes a port takes the lowest free one that is not below a[4]. */
	PVN_REQ_ALLOC_UNBOUND = 1,	/* a0 = remote domid -> ret = port */
	PVN_REQ_BIND_INTERDOMAIN,	/* a0 = remote domid, a1 = remote port -> ret = port */
	PVN_REQ_BIND_VIRQ,		/* a0 = virq, a1 = vcpu -> ret = port */
	PVN_REQ_BIND_IPI,		/* a0 = vcpu -> ret = port */
	PVN_REQ_CLOSE,			/* a0 = port */
	PVN_REQ_RESET,			/* all ports of the domain */
	PVN_REQ_STATUS,			/* a0 = port, a1 = domid -> a[0..4] = EVTCHNSTAT_*, vcpu, dom, port, virq */
	PVN_REQ_SHUTDOWN,		/* a0 = SHUTDOWN_* ; no reply: the image then waits to be killed */
	PVN_REQ_CRASH,			/* data = reason text; no reply */
	PVN_REQ_CONSOLE_WRITE,		/* data = bytes for the machine's console ring; no reply */
	PVN_REQ_LOG,			/* data = one line, no newline: for the machine's log; no reply */
	PVN_REQ_MEM_RELEASE,		/* data = uint64_t mfn[]: frames given back, hole punched -> ret = count */
	PVN_REQ_MEM_POPULATE,		/* a0 = pfn (~0 = none), a1 = order -> a0 = first mfn of the run; all or nothing */
	PVN_REQ_MEM_EXCHANGE,		/* data = uint32_t RAM frames given back, for the missing ones of the run of
					 * a1 frames from mfn a0: as many, all or nothing */
	PVN_REQ_DOMAIN,			/* a0 = domid -> 0 if there is such a domain, else -ESRCH */
	PVN_REQ_MEM_OWNED,		/* a0 = mfn -> ret = 1 if it is a populated frame of the domain, else 0 */
	PVN_REQ_GRANT_MAP,		/* data = struct pvn_grant_map[]: pinned, each with its status */
	PVN_REQ_GRANT_LOOKUP,		/* data = struct pvn_grant_map[] with handles: filled in */
	PVN_REQ_GRANT_UNMAP,		/* data = struct pvn_grant_map[]: `flags` of each handle end */
	PVN_REQ_GRANT_COPY,		/* look into this vCPU's copy ring; the reply comes after what it asked for */
	PVN_REQ_GRANT_TRANSFER,		/* a0 = mfn, a1 = domid, a2 = ref -> a0 = GNTST_*, a1 = 1 if the frame is gone */
	PVN_REQ_FOREIGN_MAP,		/* a0 = va, a1 = mfn, a2 = PROT_*: put a mapped grant's frame there */
	PVN_REQ_SEND,			/* a0 = port bound to another domain's; no reply */
	PVN_REQ_SHUTDOWN_CODE,		/* a0 = the reason it will have shut down for, unless one is set */
	PVN_REQ_WATCHDOG,		/* a0 = id, 0 = a new one, a1 = seconds, 0 = stop it -> ret = id or 0 */
	PVN_REQ_VCPU_START,		/* a0 = vcpu, whose context lies in the page set: give it a process */
	PVN_REQ_VCPU_KICK,		/* a0 = vcpu: PVN_KICK_SIGNAL; no reply */
	PVN_REQ_USER_MODE,		/* this vCPU will run user code: keep its processes on one CPU */
};

/* One grant mapping in a request and its reply. */
struct pvn_grant_map {
	uint64_t mfn;		/* out */
	uint32_t ref;
	uint32_t handle;	/* out of MAP, in for the others */
	uint32_t flags;		/* GNTMAP_*; LOOKUP: out */
	uint16_t domid;
	int16_t status;		/* out: GNTST_* */
};

/* One segment of a grant copy; frames are the domain's own. */
struct pvn_grant_copy {
	uint64_t src, dst;	/* reference or frame */
	uint16_t src_domid, dst_domid;
	uint16_t src_offset, dst_offset;
	uint16_t len;
	uint16_t flags;		/* GNTCOPY_*, PVN_COPY_* */
	int16_t status;		/* out: GNTST_* */
	uint16_t pad;
};

/* Flag of pvn_grant_copy: the domain's own destination frame is in use as something else. */
#define PVN_COPY_DST_BAD	0x8000U

/*
 * The grant copies of one vCPU, which are too many and too small to send a message for each call.  The image
 * stores operations and then `asked`; paravaned, with a count of its own, takes each operation once, stores its
 * status and then `done`.  Both count operations since the start; number n lies at n % PVN_COPY_RING.
 * While `awake` is set paravaned looks by itself.  Else, and when it takes long, PVN_REQ_GRANT_COPY has
 * it look: so nothing is lost if it goes to sleep at that moment.
 */
#define PVN_COPY_RING		64
struct pvn_copy_ring {
	uint32_t asked;
	uint32_t pad[15];
	uint32_t done;		/* from here on to op[] written by paravaned */
	uint32_t awake;
	uint32_t pad2[14];
	int16_t status[PVN_COPY_RING];
	struct pvn_grant_copy op[PVN_COPY_RING];
};

_Static_assert(sizeof(struct pvn_copy_ring) <= PVN_PAGE_SIZE, "a page per vCPU");

#define PVN_DATA_MAX	4000

struct pvn_request {
	uint32_t op;
	uint32_t vcpu;
	uint64_t a[5];
	uint32_t len;		/* bytes used in data */
	uint32_t seq;
	uint8_t data[PVN_DATA_MAX];
};

struct pvn_reply {
	int64_t ret;		/* >= 0 or a negative Xen errno */
	uint64_t a[5];
	uint32_t len;
	uint32_t seq;
	uint8_t data[PVN_DATA_MAX];
};

#define PVN_REQUEST_HEAD	(sizeof(struct pvn_request) - PVN_DATA_MAX)
#define PVN_REPLY_HEAD		(sizeof(struct pvn_reply) - PVN_DATA_MAX)

#endif
