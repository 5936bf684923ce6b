/* SPDX-License-Identifier: MIT */
/* Bounded copies, numbers from text, names of errors. Host-tested (tests/unit/guest_lib.c). */
#include <pv/errno.h>
#include <pv/string.h>

size_t str_copy(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src);

	if (size > 0) {
		size_t take = n < size ? n : size - 1;

		memcpy(dst, src, take);
		dst[take] = 0;
	}
	return n;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int parse_u64(const char *s, uint64_t *value)
{
	unsigned int base = 10;
	uint64_t v = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0' && s[1] != 0) {
		base = 8;
		s++;
	}
	if (*s == 0)
		return -EINVAL;
	for (; *s != 0; s++) {
		unsigned int d = digit(*s);

		if (d >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v))
			return -ERANGE;
	}
	*value = v;
	return 0;
}

const char *error_text(int err)
{
	switch (err < 0 ? -err : err) {
	case 0: return "Success";
	case EPERM: return "Operation not permitted";
	case ENOENT: return "No such file or directory";
	case ESRCH: return "No such domain";
	case EINTR: return "Interrupted";
	case EIO: return "Input/output error";
	case ENOEXEC: return "Not a program that can run here";
	case ELIBBAD: return "Not a static program";
	case E2BIG: return "Too big";
	case EBADF: return "Bad file descriptor";
	case EAGAIN: return "Try again";
	case EFBIG: return "File too large";
	case ELOOP: return "Too many levels of symbolic links";
	case EUCLEAN: return "Structure needs cleaning";
	case ENXIO: return "No such device or address";
	case ENOMEM: return "Out of memory";
	case EACCES: return "Permission denied";
	case EFAULT: return "Bad address";
	case EBUSY: return "Device or resource busy";
	case EEXIST: return "File exists";
	case EXDEV: return "Cross-device link";
	case ENODEV: return "No such device";
	case ENOTDIR: return "Not a directory";
	case EISDIR: return "Is a directory";
	case EINVAL: return "Invalid argument";
	case ENFILE: return "Too many open files";
	case EMFILE: return "Too many open files";
	case ENOSPC: return "No space left on device";
	case EROFS: return "Read-only file system";
	case EMLINK: return "Too many links";
	case ERANGE: return "Out of range";
	case ENAMETOOLONG: return "File name too long";
	case ENOSYS: return "Function not implemented";
	case ENOTEMPTY: return "Directory not empty";
	case EOPNOTSUPP: return "Operation not supported";
	case ETIMEDOUT: return "Timed out";
	default: return "Unknown error";
	}
}
