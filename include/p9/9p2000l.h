/* SPDX-License-Identifier: MIT */
/*
 * The numbers of 9P2000.L, the protocol of Linux's v9fs, for both of its ends.  No header of the system
 * has them: https://github.com/chaos/diod/blob/master/protocol.md describes the messages.
 *
 * A message is size[4] type[1] tag[2] and its fields, little-endian, size included.  A string is its
 * length in two bytes and the bytes.  A reply's type is the request's and one.  A refusal is P9_RLERROR
 * with a Linux errno in four bytes.
 */
#ifndef P9_9P2000L_H
#define P9_9P2000L_H

#define P9_VERSION	"9P2000.L"
#define P9_HEADER	7U		/* bytes */
#define P9_NOTAG	0xffffU
#define P9_NOFID	0xffffffffU
#define P9_MAX_WELEM	16U		/* names in one walk */
#define P9_NAME_MAX	255U
#define P9_QID_BYTES	13U
#define P9_IO_HEADER	11U		/* of an Rread, before its data */
#define P9_WRITE_HEADER	23U		/* of a Twrite, before its data */
#define P9_MIN_MSIZE	4096U

enum p9_type {
	P9_RLERROR = 7,
	P9_TSTATFS = 8,
	P9_TLOPEN = 12,
	P9_TLCREATE = 14,
	P9_TSYMLINK = 16,
	P9_TMKNOD = 18,
	P9_TRENAME = 20,
	P9_TREADLINK = 22,
	P9_TGETATTR = 24,
	P9_TSETATTR = 26,
	P9_TXATTRWALK = 30,
	P9_TXATTRCREATE = 32,
	P9_TREADDIR = 40,
	P9_TFSYNC = 50,
	P9_TLOCK = 52,
	P9_TGETLOCK = 54,
	P9_TLINK = 70,
	P9_TMKDIR = 72,
	P9_TRENAMEAT = 74,
	P9_TUNLINKAT = 76,
	P9_TVERSION = 100,
	P9_TAUTH = 102,
	P9_TATTACH = 104,
	P9_TFLUSH = 108,
	P9_TWALK = 110,
	P9_TREAD = 116,
	P9_TWRITE = 118,
	P9_TCLUNK = 120,
	P9_TREMOVE = 122,
};

/* qid.type */
#define P9_QTDIR	0x80
#define P9_QTSYMLINK	0x02

/* Tgetattr, Rgetattr: everything up to blocks, and all of it. */
#define P9_GETATTR_BASIC	0x7ffULL

/* Tsetattr.  Of a time without its _SET bit it is now. */
#define P9_SETATTR_MODE		0x001U
#define P9_SETATTR_UID		0x002U
#define P9_SETATTR_GID		0x004U
#define P9_SETATTR_SIZE		0x008U
#define P9_SETATTR_ATIME	0x010U
#define P9_SETATTR_MTIME	0x020U
#define P9_SETATTR_CTIME	0x040U
#define P9_SETATTR_ATIME_SET	0x080U
#define P9_SETATTR_MTIME_SET	0x100U

/* Tlopen and Tlcreate, as on most architectures of Linux. */
#define P9_O_ACCMODE	03U
#define P9_O_RDONLY	00U
#define P9_O_WRONLY	01U
#define P9_O_RDWR	02U
#define P9_O_CREAT	0100U
#define P9_O_EXCL	0200U
#define P9_O_TRUNC	01000U
#define P9_O_APPEND	02000U
#define P9_O_DSYNC	010000U
#define P9_O_DIRECTORY	0200000U
#define P9_O_SYNC	04000000U

#define P9_UNLINK_DIR	0x200U	/* Tunlinkat: AT_REMOVEDIR */

/* Rlock */
#define P9_LOCK_SUCCESS	0
#define P9_LOCK_BLOCKED	1
#define P9_LOCK_ERROR	2

#endif
