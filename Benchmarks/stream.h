/* Byte streams over TCP around one epoll set, in one thread. */
#ifndef STREAM_H
#define STREAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes { char *p; size_t size, room; };

/*
 * One connection, first member of what it belongs to. Its memory must outlive the turn in which it was closed.
 *
 * parse   takes one frame from the n bytes at p, which it may change; returns its length, 0 when it is not complete.
 * ended   the peer has closed or broken the connection, which is closed already; `why` is for people.
 */
struct stream {
	int fd;		/* -1 when it is closed */
	bool wants_out, is_waiting;
	struct stream *next_waiting;
	struct bytes in, out;
	size_t (*parse)(struct stream *s, char *p, size_t n);
	void (*ended)(struct stream *s, const char *why);
};

/* Begins to connect. What is put before the connection stands is sent when it does. */
void stream_connect(struct stream *s, const struct sockaddr_in *to);

/* Takes over a connection that stands. */
void stream_adopt(struct stream *s, int fd);

/* A socket that listens on loopback; `welcome` is called for each connection. */
void streams_listen(int port, void (*welcome)(int fd));

/* Puts bytes, which are sent at the end of the turn: all that was put during a turn leaves in one write. */
void stream_put(struct stream *s, const void *p, size_t n);

/* Sends what was put now, as far as the peer takes it; the rest follows by itself. For what comes before a close. */
void stream_flush(struct stream *s);

void stream_close(struct stream *s);

/* One turn: sends what was put, then waits at most so long until something can be read or written, and does that. */
void streams_turn(uint64_t ns);

/* When the last bytes were read, in nanoseconds of the monotonic clock. */
extern uint64_t stream_now;

#endif
