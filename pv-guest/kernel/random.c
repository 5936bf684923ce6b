/* SPDX-License-Identifier: MIT */
/* Random numbers: the CPU's own, mixed with a counter so that none comes twice. */
#include <pv/cpu.h>
#include <pv/time.h>

#define CPUID1_ECX_RDRAND	(1U << 30)
#define RDRAND_TRIES		10

static bool rdrand(uint64_t *v)
{
	uint32_t a = 1, b, c = 0, d;
	bool ok = false;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c & CPUID1_ECX_RDRAND))
		return false;
	for (int i = 0; i < RDRAND_TRIES && !ok; i++)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(*v), "=qm"(ok) : : "cc");
	return ok;
}

/* splitmix64: every bit of the sum reaches every bit of the result. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint64_t random_u64(void)
{
	static uint64_t state;
	uint64_t hw = 0;

	rdrand(&hw);
	return mix(hw ^ rdtsc() ^
		   __atomic_add_fetch(&state, 0x9e3779b97f4a7c15ULL, __ATOMIC_RELAXED));
}
