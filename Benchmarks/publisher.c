#include "publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

struct publisher publisher;

static void say(const char *line)
{
	stream_put(&publisher.stream, line, strlen(line));
}

static size_t parse_line(struct stream *stream, char *p, size_t n)
{
	(void)stream;
	const char *end = memchr(p, '\n', n), *full;
	if (!end) return 0;
	int size = (int)(end - p);
	if (!strncmp(p, "OK sent=", 8)) {
		publisher.answered++;
		full = memmem(p, (size_t)size, "full=", 5);
		publisher.full += full ? strtoull(full + 5, NULL, 10) : 0;
	} else if (!strncmp(p, "HELLO ", 6)) {
		publisher.ready = true;
	} else if (!strncmp(p, "PING", 4)) {
		say("PONG\n");
	} else {
		fail(EXIT_CANNOT, "the publisher was answered: %.*s", size, p);
	}
	return (size_t)size + 1;
}

static void ended(struct stream *stream, const char *why)
{
	(void)stream;
	fail(EXIT_CANNOT, "the publisher's connection has ended: %s", why);
}

void publisher_open(const struct address *to, const char *group)
{
	uint64_t end = clock_ns() + 10000000000u;
	publisher.group = group;
	publisher.stream.parse = parse_line;
	publisher.stream.ended = ended;
	say("HELLO 1 format=msgpack client=wsbench\n");
	stream_connect(&publisher.stream, &to->at);
	while (!publisher.ready) {
		streams_turn(100000000);
		if (clock_ns() > end) fail(EXIT_CANNOT, "the publisher's HELLO was not answered in 10 s");
	}
}

void publisher_put(const char *text, size_t n)
{
	/* The map {"text": text} in MessagePack: its head, and the text's length in one byte or two. */
	char line[128], head[9] = { (char)0x81, (char)0xa4, 't', 'e', 'x', 't', (char)(n < 256 ? 0xd9 : 0xda) };
	size_t head_size = n < 256 ? 8 : 9;
	head[7] = (char)(n < 256 ? n : n >> 8);
	head[8] = (char)n;
	snprintf(line, sizeof line, "GSEND :%zu %s\n", n + head_size, publisher.group);
	say(line);
	stream_put(&publisher.stream, head, head_size);
	stream_put(&publisher.stream, text, n);
	say("\n");
	publisher.asked++;
}
