/* Many WebSockets of one client, and what became of each. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "stream.h"
#include "websocket.h"

enum { NORMAL_CLOSURE = 1000, NO_CLOSE_FRAME = 1006 };
/* Exit codes of everything that uses sockets. */
enum { EXIT_CANNOT = 1, EXIT_WRONG = 3, EXIT_CUT = 4, EXIT_USAGE_ERROR = 64 };

struct address { struct sockaddr_in at; char host[64], path[256]; };

struct socket {
	struct stream stream;
	struct ws_reader reader;
	enum { SHAKING, OPEN, CLOSING, CLOSED } state;
	unsigned index;
	char accept[WS_ACCEPT_SIZE];
	/* What a load keeps for each socket. */
	uint64_t next, recent, sent_at;
};

struct sockets {
	struct socket *all;
	unsigned count, open, cut;
	unsigned cut_by_code[5000];	/* sockets that the server has ended, by close code */
	void (*on_message)(struct socket *s, const struct ws_message *m);
	void (*on_cut)(struct socket *s);
};
extern struct sockets sockets;

/* `ws://HOST[:PORT][/PATH]` or, without a scheme, `HOST:PORT`; false when it is neither or no IPv4 address. */
bool address_read(const char *text, bool is_url, struct address *a);

/* Makes room for so many sockets; none is opened. */
void sockets_prepare(unsigned capacity);

/* Opens so many more, a few at a time, and waits until all are accepted. */
void sockets_open(unsigned more, const struct address *to);

/* Puts one masked text message. */
void socket_put_text(struct socket *s, const char *text, size_t n);

/* Closes all with 1000 and waits for the answers, at most so many seconds. Returns how many have not answered. */
unsigned sockets_close(double patience);

/* ` closed=2 codes=1001:1,1008:1`, or ` closed=0`. */
void sockets_print_cuts(void);

#endif
