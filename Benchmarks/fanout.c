/* One group, one publisher, so many members; each must get each message, once and in order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wsbench.h"

/* Nanoseconds that what is under way at the end of a phase may take. */
static const uint64_t drain_limit = 60000000000u;
/* At a rate this many messages are timed at least, as long as that takes no more seconds than this. */
static const double paced_least = 8, paced_limit = 60;

/* One of the newest publications, and how many members have yet to get it. */
struct publication { uint64_t number; unsigned missing; };

static struct {
	/* The pacing: a rate (messages a second), a window of deliveries, or one of answers. */
	double rate;
	bool flood;
	uint64_t start, published_in_phase;
	/* Every message has a number; those from `first` on belong to this phase, from `timed` on their latency counts. */
	uint64_t next, first, timed;
	struct publication window[WINDOW_MAX];
	unsigned outstanding;
	uint64_t last_delivery;
	/* Seen in this phase. */
	bool counts;
	uint64_t deliveries, counted, full;
	struct histogram latencies;
	/* Seen in the whole run. */
	uint64_t disorder, duplicates;
} run;

/* ------------------------------------------------------------- deliveries */

/* One member has got this publication, or never will. */
static void settle(uint64_t number)
{
	struct publication *p = &run.window[number % WINDOW_MAX];
	if (p->number == number && p->missing && --p->missing == 0) run.outstanding--;
}

/* Nanoseconds without any delivery after which what is missing counts as lost. */
static uint64_t patience(void)
{
	return (uint64_t)(options.patience * 1e9);
}

/* What has not come by now will not: the window is free again. */
static void give_up(void)
{
	for (unsigned i = 0; i < WINDOW_MAX; i++) run.window[i].missing = 0;
	run.outstanding = 0;
}

/* Whether the message is one that this socket has yet to get; keeps what it has got of the last 64. */
static bool is_new(struct socket *s, uint64_t number)
{
	if (number >= s->next) {
		uint64_t ahead = number - s->next;
		for (uint64_t hole = s->next; hole < number; hole++) settle(hole);
		s->recent = ahead < 63 ? s->recent << (ahead + 1) | 1 : 1;
		s->next = number + 1;
		settle(number);
		return true;
	}
	uint64_t behind = s->next - 1 - number, bit = behind < 64 ? 1ull << behind : 0;
	if (s->recent & bit) {
		run.duplicates++;
		return false;
	}
	s->recent |= bit;
	run.disorder++;
	return true;
}

static void delivered(struct socket *s, const struct ws_message *m)
{
	uint64_t number, due;
	text_read(s, m, &number, &due);
	if (number >= run.next) fail(EXIT_WRONG, "socket %u got message %llu, which was never sent", s->index, (unsigned long long)number);
	if (!is_new(s, number)) return;
	run.last_delivery = stream_now;
	if (run.counts) run.counted++;
	if (number >= run.first) run.deliveries++;
	if (number >= run.timed) histogram_add(&run.latencies, stream_now > due ? stream_now - due : 0);
}

static void cut(struct socket *s)
{
	for (uint64_t number = s->next; number < run.next; number++) settle(number);
	if (sockets.open == 0) fail(EXIT_CUT, "the server has closed all sockets");
}

/* ------------------------------------------------------------- publishing */

static void publish(uint64_t due)
{
	char text[MESSAGE_MAX];
	struct publication *p = &run.window[run.next % WINDOW_MAX];
	if (p->missing) run.outstanding--;	/* so old that it is out of sight */
	*p = (struct publication){ run.next, sockets.open };
	run.outstanding++;
	text_write(text, run.next++, due);
	publisher_put(text, options.size);
	run.published_in_phase++;
}

static bool window_is_open(void)
{
	uint64_t unanswered = publisher.asked - publisher.answered;
	return unanswered < options.window && (run.flood || run.outstanding < options.window);
}

/* Publishes what is due and returns the nanoseconds until there may be more. */
static uint64_t publish_due(uint64_t now)
{
	const uint64_t while_waiting = 10000000;
	uint64_t left = while_waiting;
	if (run.rate > 0) {
		uint64_t due = run.start + (uint64_t)((double)run.published_in_phase * 1e9 / run.rate);
		for (; due <= now; due = run.start + (uint64_t)((double)run.published_in_phase * 1e9 / run.rate)) publish(due);
		left = due - now;
	} else {
		if (run.outstanding >= options.window && now > run.last_delivery + patience()) give_up();
		while (window_is_open()) publish(now);
	}
	return left < while_waiting ? left : while_waiting;
}

static void run_for(double seconds)
{
	uint64_t now, end = clock_ns() + (uint64_t)(seconds * 1e9);
	while ((now = clock_ns()) < end) streams_turn(publish_due(now));
}

/* Waits until everything has come, or nothing comes any more. */
static void drain(void)
{
	uint64_t end = clock_ns() + drain_limit;
	run.last_delivery = clock_ns();
	while (run.outstanding || publisher.answered < publisher.asked) {
		uint64_t now = clock_ns();
		if (now > end || now > run.last_delivery + patience()) break;
		streams_turn(10000000);
	}
	give_up();
}

/* Runs one phase, prints its line, and returns its rate in deliveries a second. */
static double phase(const char *name, double rate, bool flood)
{
	struct accounts accounts;
	memset(&run.latencies, 0, sizeof run.latencies);
	run.rate = rate;
	run.flood = flood;
	run.published_in_phase = run.deliveries = run.counted = 0;
	run.full = publisher.full;
	run.first = run.next;
	run.timed = UINT64_MAX;
	run.start = run.last_delivery = clock_ns();
	run_for(options.warm_up);
	run.timed = run.next;
	run.counts = true;
	accounts_begin(&accounts);
	double least = rate > 0 ? paced_least / rate : 0;
	run_for(least < options.seconds ? options.seconds : least < paced_limit ? least : paced_limit);
	double seconds = (double)(clock_ns() - accounts.start) / 1e9;
	run.counts = false;
	uint64_t counted = run.counted;
	char load[32];
	snprintf(load, sizeof load, "fanout phase=%s", name);
	accounts_print(&accounts, load, counted, NULL);
	drain();
	double expected = (double)run.published_in_phase * sockets.count;
	printf(" published=%llu share=%.5f full=%llu p50_ms=%.3f p99_ms=%.3f max_ms=%.3f disorder=%llu duplicates=%llu",
		(unsigned long long)run.published_in_phase, expected > 0 ? (double)run.deliveries / expected : 0,
		(unsigned long long)(publisher.full - run.full), histogram_ms(&run.latencies, 0.5),
		histogram_ms(&run.latencies, 0.99), (double)run.latencies.max / 1e6,
		(unsigned long long)run.disorder, (unsigned long long)run.duplicates);
	sockets_print_cuts();
	putchar('\n');
	fflush(stdout);
	return (double)counted / seconds;
}

int run_fanout(void)
{
	if (!options.publishes) fail(EXIT_USAGE_ERROR, "fanout needs --publish HOST:PORT");
	sockets_prepare(options.count);
	sockets.on_message = delivered;
	sockets.on_cut = cut;
	publisher_open(&options.publisher, options.group);
	sockets_open(options.count, &options.server);
	if (options.rate > 0) {
		phase("paced", options.rate, false);
	} else if (options.flood) {
		phase("flood", 0, true);
	} else {
		double rate = phase("full", 0, false);
		if (rate > 0) phase("half", rate / 2 / sockets.count, false);
	}
	if (run.disorder || run.duplicates) return EXIT_WRONG;
	unsigned cut_before = sockets.cut;
	sockets.on_cut = NULL;
	sockets_close(5);
	return cut_before ? EXIT_CUT : 0;
}
