package seaway

import "errors"

// acknowledgement is one that is due (D10).
type acknowledgement struct {
	channel, id string
	// The broker's start that the ID is of: at another it would stand for another message.
	epoch  string
	client *Client
	done   func(error)
}

// settle: it was answered, or its connection has ended; then it is said again, for twice is as once.
func (a *acknowledgement) settle(err error) {
	if errors.Is(err, errNotSent) || errors.Is(err, ErrUnknown) {
		a.client.acknowledgeLater(a)
		return
	}
	a.done(err)
}

// acknowledgeLater says it on the connection that there is, or on the next one.
func (c *Client) acknowledgeLater(due *acknowledgement) {
	if err := c.keepDue(due); err != nil {
		due.done(err)
	}
}

func (c *Client) keepDue(due *acknowledgement) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over != nil:
		return c.over
	case c.current == nil || c.current.isOver():
		c.due = append(c.due, due)
	case c.current.epoch != due.epoch:
		return lateAtAnother()
	case !c.current.acknowledge(due):
		c.due = append(c.due, due)
	}
	return nil
}

// sayDue says on a new connection what became due while there was none.
func (c *Client) sayDue() {
	c.mu.Lock()
	due := c.due
	c.due = nil
	c.mu.Unlock()
	for _, one := range due {
		c.acknowledgeLater(one)
	}
}

// endDue: there will never be another connection.
func (c *Client) endDue(reason error) {
	c.mu.Lock()
	due := c.due
	c.due = nil
	c.mu.Unlock()
	for _, one := range due {
		one.done(reason)
	}
}

func lateAtAnother() error {
	return refuse("ACK", "late", "the broker that gave the message out has been started anew since")
}

// acknowledge has it said with the next bytes that are written, in one frame with others that are due; it never waits.
// False when the connection has ended.
func (c *conn) acknowledge(due *acknowledgement) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.due = append(c.due, due)
	c.signal()
	return true
}

// appendDue writes the ACK frames that are due, one for each channel as far as a line holds; called with the lock held.
//
// They take none of the room for requests under way: there are no more of them than messages that are held.
func (c *conn) appendDue(wire []byte) []byte {
	for len(c.due) > 0 {
		channel := c.due[0].channel
		words, room := []string{channel}, defaultMaxLine-len("ACK ")-len(channel)
		request := &call{verb: "ACK"}
		rest := c.due[:0:0]
		for _, one := range c.due {
			if one.channel != channel || room < len(one.id)+1 {
				rest = append(rest, one)
				continue
			}
			room -= len(one.id) + 1
			words = append(words, one.id)
			request.due = append(request.due, one)
		}
		c.due = rest
		wire = appendFrame(wire, "ACK", nil, words...)
		c.unsentOf = append(c.unsentOf, request)
		c.session.Sent("ACK", request)
	}
	return wire
}

// settleDue tells each acknowledgement of a frame what was answered.
func settleDue(due []*acknowledgement, got answer) {
	err := got.err
	if err == nil && got.frame.Verb == "ERR" {
		err = newRefusal("ACK", got.frame)
	}
	for _, one := range due {
		one.settle(err)
	}
}
