#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

enum { READ_SIZE = 256 * 1024, EVENTS = 512 };

struct listener { int fd; void (*welcome)(int fd); };

uint64_t stream_now;
/* Streams with something to send at the end of the turn. */
static struct stream *waiting;
static struct listener listeners[4];
static int listener_count;

static int epoll_set(void)
{
	static int set = -1;
	if (set < 0 && (set = epoll_create1(EPOLL_CLOEXEC)) < 0) fail(1, "epoll: %s", strerror(errno));
	return set;
}

static void watch(struct stream *s, int operation)
{
	struct epoll_event e = { .events = EPOLLIN | (s->wants_out ? EPOLLOUT : 0u), .data.ptr = s };
	if (epoll_ctl(epoll_set(), operation, s->fd, &e)) fail(1, "epoll: %s", strerror(errno));
}

void stream_adopt(struct stream *s, int fd)
{
	int one = 1;
	s->fd = fd;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	watch(s, EPOLL_CTL_ADD);
}

void stream_connect(struct stream *s, const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) fail(1, "socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) && errno != EINPROGRESS) fail(1, "connect: %s", strerror(errno));
	s->wants_out = true;
	stream_adopt(s, fd);
}

void streams_listen(int port, void (*welcome)(int fd))
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) || listen(fd, 4096))
		fail(1, "port %d: %s", port, strerror(errno));
	struct listener *l = &listeners[listener_count++];
	*l = (struct listener){ fd, welcome };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = l };
	if (epoll_ctl(epoll_set(), EPOLL_CTL_ADD, fd, &e)) fail(1, "epoll: %s", strerror(errno));
}

/* ---------------------------------------------------------------- writing */

static void append(struct bytes *b, const void *p, size_t n)
{
	if (b->size + n > b->room) {
		size_t room = b->room ? b->room : 512;
		while (room < b->size + n) room *= 2;
		char *larger = realloc(b->p, room);
		if (!larger) fail(1, "out of memory");
		b->p = larger;
		b->room = room;
	}
	memcpy(b->p + b->size, p, n);
	b->size += n;
}

static void drop(struct bytes *b, size_t n)
{
	if (n < b->size) memmove(b->p, b->p + n, b->size - n);
	b->size -= n;
}

void stream_put(struct stream *s, const void *p, size_t n)
{
	append(&s->out, p, n);
	if (s->is_waiting) return;
	s->is_waiting = true;
	s->next_waiting = waiting;
	waiting = s;
}

static void end(struct stream *s, const char *why)
{
	stream_close(s);
	s->ended(s, why);
}

void stream_flush(struct stream *s)
{
	size_t sent = 0;
	while (s->fd >= 0 && sent < s->out.size) {
		ssize_t n = send(s->fd, s->out.p + sent, s->out.size - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) break;
		if (n < 0) {
			end(s, strerror(errno));
			return;
		}
		sent += (size_t)n;
	}
	if (s->fd < 0) return;
	drop(&s->out, sent);
	bool wants_out = s->out.size > 0;
	if (wants_out != s->wants_out) {
		s->wants_out = wants_out;
		watch(s, EPOLL_CTL_MOD);
	}
}

void stream_close(struct stream *s)
{
	if (s->fd < 0) return;
	close(s->fd);
	s->fd = -1;
	free(s->in.p);
	free(s->out.p);
	s->in = s->out = (struct bytes){ NULL, 0, 0 };
}

/* ---------------------------------------------------------------- reading */

static size_t parse_all(struct stream *s, char *p, size_t n)
{
	size_t used = 0, one;
	while (used < n && s->fd >= 0 && (one = s->parse(s, p + used, n - used)) > 0) used += one;
	return used;
}

static void take(struct stream *s)
{
	static char fresh[READ_SIZE];
	ssize_t n = recv(s->fd, fresh, sizeof fresh, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
	if (n <= 0) {
		end(s, n ? strerror(errno) : "end of stream");
		return;
	}
	stream_now = clock_ns();
	if (s->in.size == 0) {		/* the usual case: frames are taken where they were read */
		size_t used = parse_all(s, fresh, (size_t)n);
		if (s->fd >= 0 && used < (size_t)n) append(&s->in, fresh + used, (size_t)n - used);
		return;
	}
	append(&s->in, fresh, (size_t)n);
	/* Parsing may close the stream, which frees its input. */
	struct bytes whole = s->in;
	s->in = (struct bytes){ NULL, 0, 0 };
	size_t used = parse_all(s, whole.p, whole.size);
	if (s->fd >= 0 && used < whole.size) {
		drop(&whole, used);
		s->in = whole;
	} else free(whole.p);
}

static bool welcomes(void *source)
{
	for (int i = 0; i < listener_count; i++) {
		if (source != &listeners[i]) continue;
		int fd;
		while ((fd = accept(listeners[i].fd, NULL, NULL)) >= 0) listeners[i].welcome(fd);
		return true;
	}
	return false;
}

static void flush_waiting(void)
{
	while (waiting) {
		struct stream *s = waiting;
		waiting = s->next_waiting;
		s->is_waiting = false;
		if (!s->wants_out) stream_flush(s);
	}
}

void streams_turn(uint64_t ns)
{
	struct epoll_event events[EVENTS];
	struct timespec patience = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
	flush_waiting();
	int n = epoll_pwait2(epoll_set(), events, EVENTS, &patience, NULL);
	for (int i = 0; i < n; i++) {
		struct stream *s = events[i].data.ptr;
		if (welcomes(s)) continue;
		if (s->fd >= 0 && (events[i].events & EPOLLOUT)) stream_flush(s);
		if (s->fd >= 0 && (events[i].events & ~(unsigned)EPOLLOUT)) take(s);
	}
	flush_waiting();
}
