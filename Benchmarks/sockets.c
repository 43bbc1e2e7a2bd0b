#include "sockets.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

struct sockets sockets;

/* Handshakes under way at a time: less than the shortest queue of connections among the servers measured. */
enum { HANDSHAKES = 32 };
/* Nanoseconds without a handshake after which opening has failed. */
static const uint64_t patience_to_open = 20000000000u;

bool address_read(const char *text, bool is_url, struct address *a)
{
	char host[48], *colon;
	const char *rest = text;
	int port = 80;
	if (is_url && strncmp(rest, "ws://", 5)) return false;
	rest += is_url ? 5 : 0;
	size_t n = strcspn(rest, "/");
	if (n == 0 || n >= sizeof host || strlen(rest + n) >= sizeof a->path || (!is_url && rest[n])) return false;
	memcpy(host, rest, n);
	host[n] = 0;
	snprintf(a->host, sizeof a->host, "%s", host);
	snprintf(a->path, sizeof a->path, "%s", rest[n] ? rest + n : "/");
	if ((colon = strchr(host, ':'))) {
		char *end;
		*colon = 0;
		port = (int)strtol(colon + 1, &end, 10);
		if (*end || port < 1 || port > 65535) return false;
	} else if (!is_url) return false;
	a->at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	return inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1", &a->at.sin_addr) == 1;
}

/* ---------------------------------------------------------------- writing */

static void put_frame(struct socket *s, int opcode, const char *p, size_t n)
{
	char head[WS_HEAD_MAX], copy[WS_CONTROL_MAX];
	uint32_t random = (uint32_t)ws_random();
	uint8_t mask[4];
	memcpy(mask, &random, 4);
	stream_put(&s->stream, head, ws_put_head(head, opcode, n, mask));
	for (size_t at = 0; at < n; at += sizeof copy - 1) {	/* 124: a multiple of the mask */
		size_t some = n - at < sizeof copy - 1 ? n - at : sizeof copy - 1;
		memcpy(copy, p + at, some);
		ws_mask(copy, some, mask);
		stream_put(&s->stream, copy, some);
	}
}

void socket_put_text(struct socket *s, const char *text, size_t n)
{
	put_frame(s, WS_TEXT, text, n);
}

static void put_close(struct socket *s, int code)
{
	char body[2] = { (char)(code >> 8), (char)code };
	put_frame(s, WS_CLOSE, body, code == 1005 ? 0 : 2);
}

/* ---------------------------------------------------------------- reading */

/* The server has ended this socket though nobody asked for it. */
static void cut(struct socket *s, int code)
{
	if (s->state == OPEN) sockets.open--;
	s->state = CLOSED;
	sockets.cut++;
	sockets.cut_by_code[code]++;
	if (sockets.on_cut) sockets.on_cut(s);
}

static void take_close(struct socket *s, const struct ws_message *m)
{
	int code = ws_close_code(m);
	if (code < 0) fail(EXIT_WRONG, "socket %u: a close frame with a code that may not be sent", s->index);
	if (s->state == CLOSING) {
		s->state = CLOSED;
	} else {
		put_close(s, code);
		stream_flush(&s->stream);
		cut(s, code);
	}
	stream_close(&s->stream);
}

static size_t parse_frame(struct stream *stream, char *p, size_t n)
{
	struct socket *s = (struct socket *)stream;
	struct ws_message m;
	const char *why;
	long used = ws_read(&s->reader, p, n, &m, &why);
	if (used < 0) fail(EXIT_WRONG, "socket %u: the server sent %s", s->index, why);
	if (used == 0) return 0;
	switch (m.opcode) {
	case WS_TEXT: case WS_BINARY:
		if (s->state == OPEN && sockets.on_message) sockets.on_message(s, &m);
		break;
	case WS_PING:
		put_frame(s, WS_PONG, m.p, m.n);
		break;
	case WS_CLOSE:
		take_close(s, &m);
		break;
	default:	/* a pong nobody asked for, or a piece of a message that goes on */
		break;
	}
	return (size_t)used;
}

static size_t parse_answer(struct stream *stream, char *p, size_t n)
{
	struct socket *s = (struct socket *)stream;
	char why[120];
	long used = ws_check_answer(p, n, s->accept, why, sizeof why);
	if (used < 0) fail(EXIT_CANNOT, "socket %u was not accepted: %s", s->index, why);
	if (used == 0) return 0;
	s->state = OPEN;
	sockets.open++;
	stream->parse = parse_frame;
	return (size_t)used;
}

static void ended(struct stream *stream, const char *why)
{
	struct socket *s = (struct socket *)stream;
	if (s->state == SHAKING) fail(EXIT_CANNOT, "socket %u could not be opened: %s", s->index, why);
	if (s->state == OPEN) cut(s, NO_CLOSE_FRAME);
	s->state = CLOSED;
}

/* ------------------------------------------------------- opening, closing */

void sockets_prepare(unsigned capacity)
{
	if (!(sockets.all = calloc(capacity, sizeof *sockets.all))) fail(EXIT_CANNOT, "out of memory");
}

static void begin(struct socket *s, const struct address *to)
{
	char key[WS_KEY_SIZE], request[640];
	ws_make_key(key);
	ws_accept_for(key, s->accept);
	int n = snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", to->path, to->host, key);
	s->stream.parse = parse_answer;
	s->stream.ended = ended;
	stream_put(&s->stream, request, (size_t)n);
	stream_connect(&s->stream, &to->at);
}

void sockets_open(unsigned more, const struct address *to)
{
	unsigned wanted = sockets.count + more, last = sockets.open + sockets.cut;
	uint64_t progress = clock_ns();
	while (sockets.open + sockets.cut < wanted) {
		while (sockets.count < wanted && sockets.count - sockets.open - sockets.cut < HANDSHAKES) {
			struct socket *s = &sockets.all[sockets.count];
			s->index = sockets.count++;
			begin(s, to);
		}
		streams_turn(100000000);
		if (sockets.open + sockets.cut > last) {
			last = sockets.open + sockets.cut;
			progress = clock_ns();
		}
		if (clock_ns() - progress > patience_to_open)
			fail(EXIT_CANNOT, "only %u of %u sockets were accepted, and none in the last 20 s", sockets.open, wanted);
	}
}

unsigned sockets_close(double patience)
{
	uint64_t end = clock_ns() + (uint64_t)(patience * 1e9);
	unsigned left = 0;
	for (unsigned i = 0; i < sockets.count; i++) {
		struct socket *s = &sockets.all[i];
		if (s->state != OPEN) continue;
		s->state = CLOSING;
		put_close(s, NORMAL_CLOSURE);
	}
	sockets.open = 0;
	do {
		left = 0;
		for (unsigned i = 0; i < sockets.count; i++) left += sockets.all[i].state != CLOSED;
		if (left) streams_turn(50000000);
	} while (left && clock_ns() < end);
	return left;
}

void sockets_print_cuts(void)
{
	printf(" closed=%u", sockets.cut);
	const char *between = " codes=";
	for (int code = 0; code < 5000; code++)
		if (sockets.cut_by_code[code]) {
			printf("%s%d:%u", between, code, sockets.cut_by_code[code]);
			between = ",";
		}
}
