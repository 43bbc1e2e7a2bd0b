package seaway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// connectTimeout is the most that connecting may take.
const connectTimeout = 10 * time.Second

// brokerLateness is how late brokers, which look a few times a second, may be with three heartbeats.
const brokerLateness = 300 * time.Millisecond

// keepConnected holds one connection at a time until the client is over.
func (c *Client) keepConnected(ctx context.Context) {
	defer close(c.finished)
	pause := newBackoff(c.options.Backoff, c.options.MaxBackoff)
	for ctx.Err() == nil {
		began := time.Now()
		current, err := c.connect(ctx)
		bye := ""
		if err == nil {
			bye, err = c.use(ctx, current)
		}
		if c.isOver() {
			return
		}
		if final := finalError(err, bye); final != nil {
			c.logger.Printf("seaway: giving up: %v", final)
			c.end(final)
			return
		}
		c.noteError(err)
		c.news.away(err, bye)
		if time.Since(began) > c.options.MaxBackoff {
			pause.reset()
		}
		if !pause.wait(ctx) {
			return
		}
	}
}

func reasonText(bye string) string {
	if bye == "" {
		return ""
	}
	return " (BYE " + bye + ")"
}

// finalError is not nil where the table of BYE reasons, or a refused HELLO, says not to come back.
func finalError(err error, bye string) error {
	switch {
	case bye == "auth":
		return because(ErrAuth, err)
	case bye == "line":
		return because(ErrProtocol, err)
	case errors.Is(err, ErrAuth), errors.Is(err, ErrDenied), errors.Is(err, ErrVersion), errors.Is(err, ErrOption),
		errors.Is(err, ErrProtocol):
		return err
	default:
		return nil
	}
}

func (c *Client) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over != nil
}

func (c *Client) noteError(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastError = err
}

// use lets calls have the connection until it ends, and returns why it ended.
func (c *Client) use(ctx context.Context, current *conn) (bye string, err error) {
	select {
	case <-current.done:
	case <-ctx.Done():
		current.fail(ErrClosed)
	}
	c.mu.Lock()
	c.current = nil
	c.change()
	c.mu.Unlock()
	// First everything that had come is dealt with, so that nothing old mixes with the next connection.
	<-current.finished
	if c.part != nil {
		c.part.down()
	}
	return current.reason()
}

// connect opens a connection, says HELLO, restores what the broker may have lost, and publishes it.
func (c *Client) connect(ctx context.Context) (*conn, error) {
	if err := checkHello(c.options); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.connectTimeout())
	defer cancel()
	socket, err := c.options.Dial(ctx)
	if err != nil {
		return nil, err
	}
	current := newConn(socket, c.askingInterval(), c.pushed)
	if err = c.greet(ctx, current); err == nil {
		err = c.restore(ctx, current)
	}
	if err == nil {
		return current, nil
	}
	current.fail(err)
	<-current.finished
	if c.part != nil {
		c.part.down()
	}
	if bye, reason := current.reason(); bye != "" {
		// What the broker said tells more than the request that it left unanswered.
		if final := finalError(reason, bye); final != nil {
			return nil, final
		}
	}
	return nil, err
}

// connectTimeout is for opening a connection, HELLO, and listening again.
func (c *Client) connectTimeout() time.Duration {
	if c.part != nil && c.options.Failover < connectTimeout {
		return c.options.Failover
	}
	return connectTimeout
}

// askingInterval is the silence after which the broker is asked for a sign of life, and given up after three of them.
func (c *Client) askingInterval() time.Duration {
	if third := c.options.Failover / 3; c.part != nil || third < c.options.Heartbeat {
		return third
	}
	return c.options.Heartbeat
}

// heartbeat is the silence after which the broker asks, and gives this side up after three of them: before it gets sends
// again, if it was cut off (B11).
func (c *Client) heartbeat() time.Duration {
	if most := (2*c.options.Failover - brokerLateness) / 3; c.part != nil && most < c.options.Heartbeat {
		return most
	}
	return c.options.Heartbeat
}

func (c *Client) greet(ctx context.Context, current *conn) error {
	words := []string{"1", "format=json", "client=" + c.options.Name}
	if c.options.Token != "" {
		words = append(words, "token="+c.options.Token)
	}
	if c.options.Heartbeat > 0 {
		words = append(words, "heartbeat="+strconv.FormatInt(c.heartbeat().Milliseconds(), 10))
	}
	if c.part != nil {
		// Answers go to the others when this one leaves (X3).
		words = append(words, "brokers="+strconv.Itoa(len(c.part.shards.parts)))
	}
	frame, err := current.ask(ctx, newRequest("HELLO", nil, words...))
	if err != nil {
		return err
	}
	current.epoch = frame.Options["epoch"]
	current.warm = int64(count(frame, "warm"))
	current.features = make(map[string]bool)
	for _, feature := range strings.Split(frame.Options["features"], ",") {
		current.features[feature] = true
	}
	if c.part != nil && !c.part.greet(frame.Options["name"]) {
		return fmt.Errorf("seaway: a broker that is live has the name %q", frame.Options["name"])
	}
	if most, err := strconv.Atoi(frame.Options["max-body"]); err == nil && most > 0 {
		current.maxBody = most
	}
	if most, err := strconv.Atoi(frame.Options["max-names"]); err == nil && most > 0 {
		current.maxNames = most
	}
	return nil
}

func isPlainWord(word string) bool {
	for index := 0; index < len(word); index++ {
		if word[index] <= ' ' || word[index] > '~' {
			return false
		}
	}
	return true
}

// restore listens on all names that this connection does not yet read; when none is left, calls may use it.
func (c *Client) restore(ctx context.Context, current *conn) error {
	isWatching := false
	for {
		c.mu.Lock()
		missing := c.notYetOn(current)
		if len(missing) == 0 && isWatching {
			c.current, c.epoch, c.lastError = current, current.epoch, nil
			c.change()
			c.mu.Unlock()
			c.sayDue()
			c.news.up()
			if c.part != nil {
				c.part.up(current.warm)
			}
			return nil
		}
		c.mu.Unlock()
		for _, listener := range missing {
			if err := c.listenOn(ctx, current, listener); err != nil {
				if isTemporary(err, c.hasListened(listener)) {
					return err
				}
				c.logger.Printf("seaway: cannot listen again on %v: %v", listener.names, err)
				c.forget(listener, err)
			}
		}
		if !isWatching {
			if err := c.watchAgain(ctx, current); err != nil {
				return err
			}
			isWatching = true
		}
	}
}

// isTemporary says whether another connection, later, may do better; what was never granted is not asked for again.
func isTemporary(err error, wasGranted bool) bool {
	var refusal *Refusal
	return !errors.As(err, &refusal) || wasGranted && (errors.Is(err, ErrLimit) || errors.Is(err, ErrClosing))
}

func (c *Client) hasListened(listener *Listener) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return listener.on != nil
}
