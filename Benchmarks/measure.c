#include "measure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void fail(int code, const char *text, ...)
{
	va_list ap;
	va_start(ap, text);
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, text, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(code);
}

uint64_t clock_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* -------------------------------------------------------------------- CPU */

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

double own_cpu(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return seconds(u.ru_utime) + seconds(u.ru_stime);
}

double process_cpu(pid_t pid)
{
	char path[64], line[1024], *rest = NULL;
	unsigned long long user, system;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "r");
	if (!file) fail(1, "process %d: %s", (int)pid, strerror(errno));
	if (fgets(line, sizeof line, file)) rest = strrchr(line, ')');
	fclose(file);
	if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
		fail(1, "%s holds no times", path);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double machine_cpu(void)
{
	unsigned long long user, nice, system, interrupts, soft;
	FILE *file = fopen("/proc/stat", "r");
	if (!file) return 0;
	int found = fscanf(file, "cpu %llu %llu %llu %*u %*u %llu %llu", &user, &nice, &system, &interrupts, &soft);
	fclose(file);
	return found == 5 ? (double)(user + nice + system + interrupts + soft) / (double)sysconf(_SC_CLK_TCK) : 0;
}

/* ----------------------------------------------------------------- memory */

struct memory process_memory(pid_t pid)
{
	struct memory sum = { 0, 0 };
	char path[64], line[256];
	long kb;
	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	FILE *file = fopen(path, "r");
	if (!file) fail(1, "process %d: %s", (int)pid, strerror(errno));
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, "Pss: %ld kB", &kb) == 1) sum.pss = (double)kb * 1024;
		else if (sscanf(line, "Private_Clean: %ld kB", &kb) == 1) sum.private += (double)kb * 1024;
		else if (sscanf(line, "Private_Dirty: %ld kB", &kb) == 1) sum.private += (double)kb * 1024;
	}
	fclose(file);
	return sum;
}

void raise_file_limit(unsigned long needed)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit)) return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < needed)
		fail(1, "%lu open files are needed, %lu are allowed (ulimit -Hn)", needed, (unsigned long)limit.rlim_cur);
}

/* -------------------------------------------------------------- histogram */

void histogram_add(struct histogram *h, uint64_t ns)
{
	int shift = ns < 2 * HISTOGRAM_STEPS ? 0 : 63 - __builtin_clzll(ns) - 6;
	size_t i = (size_t)shift * HISTOGRAM_STEPS + (size_t)(ns >> shift);
	h->at[i < HISTOGRAM_SIZE ? i : HISTOGRAM_SIZE - 1]++;
	h->count++;
	if (ns > h->max) h->max = ns;
}

double histogram_ms(const struct histogram *h, double q)
{
	uint64_t wanted = (uint64_t)(q * (double)h->count), sum = 0;
	for (size_t i = 0; i < HISTOGRAM_SIZE; i++)
		if ((sum += h->at[i]) > wanted) {
			unsigned shift = i < 2 * HISTOGRAM_STEPS ? 0 : (unsigned)(i / HISTOGRAM_STEPS - 1);
			return (double)((i - shift * HISTOGRAM_STEPS) << shift) / 1e6;
		}
	return (double)h->max / 1e6;
}
