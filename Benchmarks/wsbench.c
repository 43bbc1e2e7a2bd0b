/*
 * wsbench - puts WebSockets on a server and checks every frame that comes back.
 *
 * One thread around one epoll set, so that it takes one core at most; it says how much it took, and how many
 * operations a second it could have served with a core of its own. `wsbench --help` tells the rest.
 */
#include "wsbench.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options options = { .group = "liveblog", .window = 16, .size = 100, .seconds = 3, .warm_up = 1, .patience = 3 };

/* ------------------------------------------------------------------ texts */

static void put_hex(char *out, uint64_t v, int digits)
{
	while (digits--) {
		out[digits] = "0123456789abcdef"[v & 15];
		v >>= 4;
	}
}

static bool get_hex(const char *p, int digits, uint64_t *v)
{
	*v = 0;
	while (digits--) {
		char c = *p++;
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (digit < 0) return false;
		*v = *v << 4 | (uint64_t)digit;
	}
	return true;
}

void text_write(char *text, uint64_t number, uint64_t ns)
{
	put_hex(text, number, 16);
	put_hex(text + 16, ns, 16);
	put_hex(text + 32, (uint64_t)getpid(), MESSAGE_MIN - 32);
	memset(text + MESSAGE_MIN, 'x', options.size - MESSAGE_MIN);
}

void text_read(const struct socket *s, const struct ws_message *m, uint64_t *number, uint64_t *ns)
{
	static char filling[MESSAGE_MAX];
	uint64_t pid;
	if (!filling[0]) memset(filling, 'x', sizeof filling);
	if (m->opcode != WS_TEXT) fail(EXIT_WRONG, "socket %u got bytes instead of text", s->index);
	if (m->n != options.size || !get_hex(m->p, 16, number) || !get_hex(m->p + 16, 16, ns)
	    || !get_hex(m->p + 32, MESSAGE_MIN - 32, &pid) || pid != (uint64_t)getpid()
	    || memcmp(m->p + MESSAGE_MIN, filling, m->n - MESSAGE_MIN))
		fail(EXIT_WRONG, "socket %u got a text that was not sent: %.*s", s->index, m->n < 80 ? (int)m->n : 80, m->p);
}

/* --------------------------------------------------------------- accounts */

void accounts_begin(struct accounts *a)
{
	a->own = own_cpu();
	a->machine = machine_cpu();
	for (int i = 0; i < options.process_count; i++) a->processes[i] = process_cpu(options.processes[i].pid);
	a->start = clock_ns();
}

void accounts_print(struct accounts *a, const char *load, uint64_t operations, const struct histogram *latencies)
{
	double seconds = (double)(clock_ns() - a->start) / 1e9, each = operations ? 1e6 / (double)operations : 0;
	double own = own_cpu() - a->own, others = machine_cpu() - a->machine - own;
	printf("load=%s sockets=%u size=%zu secs=%.2f ops=%llu rate=%.0f", load, sockets.count, options.size, seconds,
		(unsigned long long)operations, (double)operations / seconds);
	if (latencies)
		printf(" p50_ms=%.3f p99_ms=%.3f max_ms=%.3f", histogram_ms(latencies, 0.5), histogram_ms(latencies, 0.99),
			(double)latencies->max / 1e6);
	for (int i = 0; i < options.process_count; i++) {
		double used = process_cpu(options.processes[i].pid) - a->processes[i];
		printf(" %s_us=%.3f %s_cpu_pct=%.0f", options.processes[i].name, used * each, options.processes[i].name, used / seconds * 100);
		others -= used;
	}
	printf(" client_us=%.3f client_cpu_pct=%.0f client_could=%.0f others_cpu_pct=%.0f", own * each, own / seconds * 100,
		own > 0 ? (double)operations / own : 0, others > 0 ? others / seconds * 100 : 0);
}

/* ------------------------------------------------------------------- echo */

static struct {
	bool counts;
	uint64_t operations;
	struct histogram latencies;
} echo;

static void ask(struct socket *s)
{
	char text[MESSAGE_MAX];
	s->sent_at = clock_ns();
	text_write(text, s->next, s->sent_at);
	socket_put_text(s, text, options.size);
}

static void echoed(struct socket *s, const struct ws_message *m)
{
	uint64_t number, ns;
	text_read(s, m, &number, &ns);
	if (number != s->next || ns != s->sent_at) fail(EXIT_WRONG, "socket %u got what it had not just sent", s->index);
	if (echo.counts) {
		echo.operations++;
		histogram_add(&echo.latencies, stream_now - s->sent_at);
	}
	s->next++;
	ask(s);
}

static void turn_for(double seconds)
{
	uint64_t end = clock_ns() + (uint64_t)(seconds * 1e9);
	while (clock_ns() < end) streams_turn(10000000);
}

int run_echo(void)
{
	struct accounts accounts;
	sockets_prepare(options.count);
	sockets.on_message = echoed;
	sockets_open(options.count, &options.server);
	for (unsigned i = 0; i < sockets.count; i++)
		if (sockets.all[i].state == OPEN) ask(&sockets.all[i]);
	turn_for(options.warm_up);
	echo.counts = true;
	accounts_begin(&accounts);
	turn_for(options.seconds);
	echo.counts = false;
	accounts_print(&accounts, "echo", echo.operations, &echo.latencies);
	sockets_print_cuts();
	putchar('\n');
	unsigned cut_before = sockets.cut;
	sockets.on_message = NULL;
	sockets_close(5);
	return cut_before ? EXIT_CUT : 0;
}

/* ------------------------------------------------------------------- idle */

static void measure_memory(struct memory found[PROCESSES_MAX])
{
	for (int i = 0; i < options.process_count; i++) found[i] = process_memory(options.processes[i].pid);
}

int run_idle(void)
{
	/* The first sockets pay for what is loaded once. */
	enum { FIRST = 100 };
	struct memory before[PROCESSES_MAX], with[PROCESSES_MAX], after[PROCESSES_MAX];
	struct accounts accounts;
	sockets_prepare(FIRST + options.count);
	sockets_open(FIRST, &options.server);
	turn_for(options.warm_up);
	measure_memory(before);
	uint64_t start = clock_ns();
	sockets_open(options.count, &options.server);
	double opening = (double)(clock_ns() - start) / 1e9;
	turn_for(options.warm_up);
	accounts_begin(&accounts);
	turn_for(options.seconds);
	measure_memory(with);
	accounts_print(&accounts, "idle", 0, NULL);
	printf(" opened_per_s=%.0f", options.count / opening);
	sockets_print_cuts();
	unsigned cut = sockets.cut, unanswered = sockets_close(10);
	turn_for(options.warm_up);
	measure_memory(after);
	for (int i = 0; i < options.process_count; i++) {
		const char *name = options.processes[i].name;
		printf(" %s_pss=%.0f %s_private=%.0f %s_kept=%.0f", name, (with[i].pss - before[i].pss) / options.count,
			name, (with[i].private - before[i].private) / options.count, name, (after[i].pss - before[i].pss) / options.count);
	}
	printf(" unanswered_closes=%u\n", unanswered);
	return cut ? EXIT_CUT : 0;
}

/* ---------------------------------------------------------------- options */

static const char help[] =
	"usage: wsbench fanout|echo|idle ws://HOST:PORT/PATH [options]\n"
	"\n"
	"  fanout   sockets of one group; --publish puts messages into it, as fast as all members take them, then at half\n"
	"           of that rate. A line for each: deliveries a second, share delivered, latency from when a message was due\n"
	"  echo     each socket sends a text, waits for the same text, and sends the next\n"
	"  idle     sockets that do nothing: bytes of memory that the processes named take for each, and keep afterwards\n"
	"\n"
	"  -n, --sockets N           how many (fanout 200, echo 32, idle 5000)\n"
	"  -p, --publish HOST:PORT   fanout: where `GSEND` is understood\n"
	"  -g, --group NAME          fanout: the group (liveblog)\n"
	"  -w, --window N            fanout: messages that not everybody has yet, at most (16)\n"
	"  -f, --flood               fanout: instead, as fast as GSENDs are answered, W of them unanswered\n"
	"  -r, --rate N              fanout: instead, so many messages a second\n"
	"  -q, --patience S          fanout: nothing came for so long: what is missing is lost (3)\n"
	"  -s, --size BYTES          of a message, 40 to 60000 (100)\n"
	"  -t, --seconds S           length of a measurement (3)\n"
	"  -u, --warm-up S           before it (1)\n"
	"  -b, --process NAME=PID    whose CPU and memory is told, as NAME_us, NAME_cpu_pct, NAME_pss …; up to 8 times\n"
	"  -h, --help\n"
	"\n"
	"Prints KEY=VALUE words: rate and ops are deliveries (fanout) or round trips (echo); …_us is CPU time for each;\n"
	"client_could is what this client could have taken in a second with a core of its own; full counts deliveries that\n"
	"the layer refused; closed and codes tell which sockets the server has ended.\n"
	"\n"
	"Exit code: 0 measured; 1 it could not be measured; 3 something came that must not (a broken frame, a wrong, repeated\n"
	"or disordered message); 4 the server ended sockets; 64 the command is wrong. Linux only.\n";

__attribute__((noreturn)) static void misused(const char *what, const char *value)
{
	fail(EXIT_USAGE_ERROR, "%s: %s (wsbench --help)", what, value);
}

static double number(const char *name, const char *text, double least, double most)
{
	char *end;
	double v = strtod(text, &end);
	if (end == text || *end || !(v >= least && v <= most))
		fail(EXIT_USAGE_ERROR, "%s: %s is not a number from %g to %g (wsbench --help)", name, text, least, most);
	return v;
}

static void add_process(const char *text)
{
	const char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : 0;
	struct process *p = &options.processes[options.process_count];
	if (n == 0 || n >= sizeof p->name || options.process_count == PROCESSES_MAX) misused("--process", text);
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i])) misused("--process", text);
	memcpy(p->name, text, n);
	p->pid = (pid_t)number("--process", equals + 1, 1, 1 << 22);
	process_cpu(p->pid);
	options.process_count++;
}

static void read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "sockets", 1, NULL, 'n' }, { "publish", 1, NULL, 'p' }, { "group", 1, NULL, 'g' }, { "window", 1, NULL, 'w' },
		{ "flood", 0, NULL, 'f' }, { "rate", 1, NULL, 'r' }, { "size", 1, NULL, 's' }, { "seconds", 1, NULL, 't' },
		{ "warm-up", 1, NULL, 'u' }, { "patience", 1, NULL, 'q' }, { "process", 1, NULL, 'b' }, { "help", 0, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	int o;
	while ((o = getopt_long(argc, argv, "n:p:g:w:fr:q:s:t:u:b:h", names, NULL)) != -1) switch (o) {
		case 'n': options.count = (unsigned)number("--sockets", optarg, 1, 60000); break;
		case 'p':
			options.publishes = address_read(optarg, false, &options.publisher);
			if (!options.publishes) misused("--publish", optarg);
			break;
		case 'g': options.group = optarg; break;
		case 'w': options.window = (unsigned)number("--window", optarg, 1, WINDOW_MAX); break;
		case 'f': options.flood = true; break;
		case 'r': options.rate = number("--rate", optarg, 0.001, 1e6); break;
		case 'q': options.patience = number("--patience", optarg, 0.01, 600); break;
		case 's': options.size = (size_t)number("--size", optarg, MESSAGE_MIN, MESSAGE_MAX); break;
		case 't': options.seconds = number("--seconds", optarg, 0.01, 3600); break;
		case 'u': options.warm_up = number("--warm-up", optarg, 0, 600); break;
		case 'b': add_process(optarg); break;
		case 'h': fputs(help, stdout); exit(0);
		default: exit(EXIT_USAGE_ERROR);
	}
}

int main(int argc, char **argv)
{
	static const struct { const char *name; unsigned count; int (*run)(void); } loads[] = {
		{ "fanout", 200, run_fanout }, { "echo", 32, run_echo }, { "idle", 5000, run_idle },
	};
	read_options(argc, argv);
	if (argc - optind != 2) misused("a load and a URL are needed", argc > optind ? argv[optind] : "none given");
	if (strlen(options.group) > 100) misused("--group", options.group);
	if (!address_read(argv[optind + 1], true, &options.server)) misused("the URL", argv[optind + 1]);
	for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
		if (strcmp(argv[optind], loads[i].name)) continue;
		if (!options.count) options.count = loads[i].count;
		raise_file_limit(options.count + 200);
		return loads[i].run();
	}
	misused("there is no load", argv[optind]);
}
