/* SPDX-License-Identifier: MIT */
/* Percentiles of many times taken, on one line: "WHAT 1=12.3 50=14.0 99.9=80.2", percentile and microseconds. */
#include <pv/percentiles.h>
#include <pv/printk.h>

/* In tenths of a percent. */
static const uint16_t shown[] = { 10, 50, 100, 250, 500, 750, 900, 950, 990, 999, 1000 };

void sort_u32(uint32_t *v, uint64_t n)
{
	for (uint64_t gap = n / 2; gap > 0; gap /= 2) {
		for (uint64_t i = gap; i < n; i++) {
			uint32_t x = v[i];
			uint64_t k = i;

			for (; k >= gap && v[k - gap] > x; k -= gap)
				v[k] = v[k - gap];
			v[k] = x;
		}
	}
}

void percentiles_print(const char *what, const uint32_t *sorted_ns, uint64_t n)
{
	printf("%s", what);
	for (unsigned int i = 0; n > 0 && i < ARRAY_SIZE(shown); i++) {
		uint64_t at = n * shown[i] / 1000;
		uint32_t ns = sorted_ns[at < n ? at : n - 1];

		if (shown[i] % 10 != 0)
			printf(" %u.%u", shown[i] / 10, shown[i] % 10);
		else
			printf(" %u", shown[i] / 10);
		printf("=%u.%02u", ns / 1000, ns / 10 % 100);
	}
	printf("\n");
}
