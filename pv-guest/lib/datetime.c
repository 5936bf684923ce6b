/* SPDX-License-Identifier: MIT */
/* Seconds since 1970 to a calendar date (UTC, Gregorian). Host-tested (tests/unit/guest_lib.c). */
#include <pv/time.h>

#define DAYS_400Y	146097

/* Years are counted from March, so that the leap day is the last of its year. */
void datetime_from_unix(uint64_t seconds, struct datetime *dt)
{
	uint64_t days = seconds / 86400 + 719468;	/* since 0000-03-01 */
	uint32_t rest = seconds % 86400;
	uint32_t era = days / DAYS_400Y, day = days % DAYS_400Y;
	uint32_t year = (day - day / 1460 + day / 36524 - day / (DAYS_400Y - 1)) / 365;
	uint32_t month;

	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	dt->day = day - (153 * month + 2) / 5 + 1;
	dt->month = month < 10 ? month + 3 : month - 9;
	dt->year = era * 400 + year + (dt->month <= 2);
	dt->hour = rest / 3600;
	dt->minute = rest / 60 % 60;
	dt->second = rest % 60;
	dt->weekday = (seconds / 86400 + 4) % 7;
}
