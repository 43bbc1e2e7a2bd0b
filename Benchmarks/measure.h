/* Clocks, a histogram of latencies, and what /proc tells of the processes that are measured. Linux only. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Prints the text with the program's name in front of it and ends the program with `code`. */
__attribute__((noreturn, format(printf, 2, 3))) void fail(int code, const char *text, ...);

/* Nanoseconds of the monotonic clock. */
uint64_t clock_ns(void);

/* Seconds of CPU, user and system: of this process, of another one, of the whole machine. */
double own_cpu(void);
double process_cpu(pid_t pid);
double machine_cpu(void);

/* Bytes of memory of one process: `pss` shares what is mapped by several, `private` is its own alone. */
struct memory { double pss, private; };
struct memory process_memory(pid_t pid);

/* Allows this process as many open files as it may have; fails when that is less than `needed`. */
void raise_file_limit(unsigned long needed);

/* 64 steps for each power of two of nanoseconds, so a value is known to 1.6 %. */
enum { HISTOGRAM_STEPS = 64, HISTOGRAM_SIZE = HISTOGRAM_STEPS * 60 };
struct histogram { uint64_t count, max, at[HISTOGRAM_SIZE]; };

void histogram_add(struct histogram *h, uint64_t ns);

/* The value in milliseconds below which the share `q` (0 to 1) of all lies. */
double histogram_ms(const struct histogram *h, double q);

#endif
