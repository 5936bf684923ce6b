/* SPDX-License-Identifier: MIT */
/*
 * Copies to and from user memory, page by page through the direct map. The address is the
 * process's word, so each page is looked up, and faulted in, as if the process had touched it.
 */
#include <pv/errno.h>
#include <pv/proc.h>
#include <pv/string.h>
#include <pv/user_mm.h>

static size_t page_part(uint64_t addr, size_t n)
{
	return MIN(n, (size_t)(PAGE_SIZE - (addr & (PAGE_SIZE - 1))));
}

static int copy(struct mm *mm, uint64_t user, void *to, const void *from, size_t n)
{
	if (n != 0 && !user_range_ok(user, n))
		return -EFAULT;
	while (n > 0) {
		size_t part = page_part(user, n);
		char *page = user_page_pin(mm, user, to != NULL ? MM_READ : MM_WRITE);
		char *at = page + (user & (PAGE_SIZE - 1));

		if (page == NULL)
			return -EFAULT;
		if (to != NULL) {
			memcpy(to, at, part);
			to = (char *)to + part;
		} else if (from != NULL) {
			memcpy(at, from, part);
			from = (const char *)from + part;
		} else {
			memset(at, 0, part);
		}
		user_page_put(page);
		user += part;
		n -= part;
	}
	return 0;
}

int copy_from_user(void *dst, uint64_t src, size_t n)
{
	return copy(current_proc()->mm, src, dst, NULL, n);
}

int copy_to_user(uint64_t dst, const void *src, size_t n)
{
	return copy(current_proc()->mm, dst, NULL, src, n);
}

int mm_copy_to(struct mm *mm, uint64_t dst, const void *src, size_t n)
{
	return copy(mm, dst, NULL, src, n);
}

int clear_user(uint64_t dst, size_t n)
{
	return copy(current_proc()->mm, dst, NULL, NULL, n);
}

long string_from_user(char *dst, uint64_t src, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t part = page_part(src, size - done);
		char *page = user_page_pin(current_proc()->mm, src, MM_READ);
		char *end;

		if (page == NULL)
			return -EFAULT;
		memcpy(dst + done, page + (src & (PAGE_SIZE - 1)), part);
		user_page_put(page);
		end = memchr(dst + done, 0, part);
		if (end != NULL)
			return end - dst;
		done += part;
		src += part;
	}
	return -ENAMETOOLONG;
}
