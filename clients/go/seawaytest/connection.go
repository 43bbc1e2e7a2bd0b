package seawaytest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"seaway.dev/seaway"
)

// connection is one client of the broker. The broker's lock guards all but the bytes that wait to be written.
type connection struct {
	broker *Broker
	socket net.Conn
	common int
	// It has said something; it is to be closed behind what was said last.
	isKnown, isOver bool

	mu      sync.Mutex
	unsent  []byte
	hasMore *sync.Cond
}

func newConnection(broker *Broker, socket net.Conn) *connection {
	c := &connection{broker: broker, socket: socket}
	c.hasMore = sync.NewCond(&c.mu)
	return c
}

func (c *connection) say(line string) { c.write([]byte(line + "\n")) }

func (c *connection) write(wire []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsent = append(c.unsent, wire...)
	c.hasMore.Signal()
}

// push hands a message out, and takes its credit; words stand behind the channels.
func (r *reading) push(channels []string, words, group string, body []byte) {
	*r.credit()--
	line := fmt.Sprintf("MSG :%d %s%s", len(body), strings.Join(channels, " "), words)
	if group != "" {
		line += " group=" + group
	}
	r.to.write([]byte(line + "\n" + string(body) + "\n"))
}

// read takes what the client says, until it leaves.
func (c *connection) read() {
	parser := seaway.NewParser(seaway.DefaultLimits())
	buffer := make([]byte, 64<<10)
	for {
		count, err := c.socket.Read(buffer)
		frames, wrong := parser.Feed(buffer[:count])
		for _, frame := range frames {
			c.broker.answer(c, frame)
		}
		if err != nil || wrong != nil {
			break
		}
	}
	c.broker.lose(c)
}

// send writes what is said, until the connection is over.
func (c *connection) send() {
	for {
		c.mu.Lock()
		for len(c.unsent) == 0 && !c.isOver {
			c.hasMore.Wait()
		}
		wire := c.unsent
		c.unsent = nil
		c.mu.Unlock()
		if len(wire) == 0 {
			c.socket.Close()
			return
		}
		if _, err := c.socket.Write(wire); err != nil {
			c.socket.Close()
			return
		}
	}
}

// end closes the connection behind what was said.
func (c *connection) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isOver = true
	c.hasMore.Signal()
}

// readBounds reads Capacity and Expiry (S8 to S10).
func readBounds(options map[string]string) (b bounds, isGood bool) {
	if text, isThere := options["Expiry"]; isThere {
		count, good := readNumber(text, 1, 86_400_000)
		if !good {
			return b, false
		}
		b.expiry = milliseconds(count)
	}
	text, isThere := options["Capacity"]
	if !isThere {
		return b, true
	}
	for _, rule := range strings.Split(text, ",") {
		pattern, number, hasPattern := strings.Cut(rule, ":")
		if !hasPattern {
			pattern, number = "", rule
		}
		count, good := readNumber(number, 1, 1_000_000)
		if !good || hasPattern && !seaway.ValidPattern(pattern) {
			return b, false
		}
		b.rules = append(b.rules, capacityRule{pattern, count})
	}
	return b, true
}

// readNumber reads a decimal number without sign and leading zeros.
func readNumber(text string, least, most int) (int, bool) {
	number, err := strconv.Atoi(text)
	return number, err == nil && strconv.Itoa(number) == text && least <= number && number <= most
}
