/* What the loads of wsbench share. */
#ifndef WSBENCH_H
#define WSBENCH_H

#include "measure.h"
#include "publisher.h"
#include "sockets.h"

enum { PROCESSES_MAX = 8, MESSAGE_MIN = 40, MESSAGE_MAX = 60000, WINDOW_MAX = 4096 };

struct process { char name[16]; pid_t pid; };

struct options {
	struct address server, publisher;
	bool publishes, flood;
	const char *group;
	unsigned count, window;
	size_t size;
	double seconds, warm_up, rate, patience;
	struct process processes[PROCESSES_MAX];
	int process_count;
};
extern struct options options;

/*
 * The text of a message: its number, when it was due (ns) and this process, in hexadecimal, then filling.
 * `text_read` fails the program when what came is not a text of this run.
 */
void text_write(char *text, uint64_t number, uint64_t ns);
void text_read(const struct socket *s, const struct ws_message *m, uint64_t *number, uint64_t *ns);

/* CPU from `accounts_begin` to `accounts_print`: of the client, of the processes for each operation, of all others. */
struct accounts { uint64_t start; double own, machine, processes[PROCESSES_MAX]; };
void accounts_begin(struct accounts *a);
void accounts_print(struct accounts *a, const char *load, uint64_t operations, const struct histogram *latencies);

/* Each runs one load and returns the exit code. */
int run_fanout(void);
int run_echo(void);
int run_idle(void);

#endif
