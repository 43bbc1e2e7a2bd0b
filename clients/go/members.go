package seaway

import (
	"context"
	"errors"
	"fmt"
)

// membership is one channel in one group.
type membership struct{ group, channel string }

// listenOn listens for a listener on a new connection, joins again what the broker lost, and grants credit.
func (c *Client) listenOn(ctx context.Context, current *conn, listener *Listener) error {
	if c.part != nil {
		return c.listenAsPart(ctx, current, listener)
	}
	c.mu.Lock()
	if listener.on == current || listener.reason != nil {
		defer c.mu.Unlock()
		return listener.reason
	}
	isMailbox := !listener.isCommon && formOf(listener.names[0]) == mailboxName
	known := listener.memberships
	if isMailbox {
		// The broker tells all that it holds before it answers, so what is not told is not there.
		listener.memberships = make(map[membership]struct{})
	}
	isNewBroker := c.epoch != current.epoch
	c.mu.Unlock()
	if err := c.checkNames(current, listener); err != nil {
		return err
	}

	isFresh, err := sendListen(ctx, current, listener, isMailbox)
	if err == nil && (isMailbox && isFresh || !isMailbox && isNewBroker) {
		err = c.joinAgain(ctx, current, listener, known)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		for member := range known {
			listener.memberships[member] = struct{}{}
		}
		return err
	}
	if listener.on != current && listener.reason == nil {
		listener.on = current
		current.grant(listener.account(), listener.credit-listener.held)
	}
	return listener.reason
}

// listenAsPart is the same where memberships and credit are the business of a client of several brokers.
func (c *Client) listenAsPart(ctx context.Context, current *conn, listener *Listener) error {
	c.mu.Lock()
	isDone, reason := listener.on == current, listener.reason
	c.mu.Unlock()
	if isDone || reason != nil {
		return reason
	}
	if err := c.checkNames(current, listener); err != nil {
		return err
	}
	isFresh, err := sendListen(ctx, current, listener, formOf(listener.names[0]) == mailboxName && !listener.isCommon)
	if err != nil {
		return err
	}
	c.mu.Lock()
	isNew := listener.on != current && listener.reason == nil
	if isNew {
		listener.on = current
	}
	reason = listener.reason
	c.mu.Unlock()
	if isNew {
		c.part.listened(listener, isFresh)
	}
	return reason
}

// checkNames says whether the connection may listen on so many names more (L7).
func (c *Client) checkNames(current *conn, listener *Listener) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := len(listener.names) + len(c.watches)
	for _, other := range c.allListeners() {
		if other.on == current && other != listener {
			count += len(other.names)
		}
	}
	if count <= current.maxNames {
		return nil
	}
	return &Refusal{
		Verb: "LISTEN", Code: "limit", Options: map[string]string{"of": "names"},
		Text: fmt.Sprintf("a connection has at most %d names, with this it would have %d", current.maxNames, count),
	}
}

func sendListen(ctx context.Context, current *conn, listener *Listener, isMailbox bool) (bool, error) {
	isFresh := false
	var plain, acknowledged []string
	for _, name := range listener.names {
		if listener.acknowledged[name] || listener.wished[name] && current.features["ack"] {
			acknowledged = append(acknowledged, name)
		} else {
			plain = append(plain, name)
		}
	}
	for _, words := range chunks(acknowledged, len("LISTEN Ack=1")) {
		request := newRequest("LISTEN", nil, append(words, "Ack=1")...)
		request.features = []string{"ack"}
		if _, err := current.ask(ctx, request); err != nil {
			return false, err
		}
	}
	for _, words := range chunks(plain, len("LISTEN members=1")) {
		if isMailbox {
			words = append(words, "members=1")
		}
		frame, err := current.ask(ctx, newRequest("LISTEN", nil, words...))
		if err != nil {
			return false, err
		}
		isFresh = isFresh || frame.Options["state"] == "fresh"
	}
	return isFresh, nil
}

// joinAgain makes the memberships anew that the listener knew of.
func (c *Client) joinAgain(
	ctx context.Context, current *conn, listener *Listener, known map[membership]struct{},
) error {
	channels := make(map[string][]string)
	for member := range known {
		channels[member.group] = append(channels[member.group], member.channel)
	}
	for group, names := range channels {
		for _, words := range chunks(names, len("JOIN ")+len(group)) {
			if err := c.joinOn(ctx, current, listener, group, words); err != nil {
				return err
			}
		}
	}
	return nil
}

// joinOn joins some channels; where one of them is refused, each by itself, so that one that is gone harms no other.
func (c *Client) joinOn(ctx context.Context, current *conn, l *Listener, group string, names []string) error {
	_, err := current.ask(ctx, newRequest("JOIN", nil, append([]string{group}, names...)...))
	switch {
	case err == nil:
		c.remember(group, names)
		return nil
	case isTemporary(err, true):
		return err
	case len(names) == 1:
		c.logger.Printf("seaway: cannot join %s to %s again: %v", names[0], group, err)
		return nil
	}
	for index := range names {
		if err := c.joinOn(ctx, current, l, group, names[index:index+1]); err != nil {
			return err
		}
	}
	return nil
}

// reader is the listener of this client that gets the channel's messages, nil if there is none; the lock is held.
func (c *Client) reader(channel string) *Listener {
	if listener := c.listeners[channel]; listener != nil {
		return listener
	}
	return c.listeners[mailboxOf(channel)]
}

// remember notes memberships of channels that this client reads: their reader makes them anew when a broker lost them.
func (c *Client) remember(group string, channels []string) {
	if c.shards != nil {
		c.shards.remember(group, channels)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, channel := range channels {
		if listener := c.reader(channel); listener != nil {
			listener.memberships[membership{group, channel}] = struct{}{}
		}
	}
}

func (c *Client) unremember(group string, channels []string) {
	if c.shards != nil {
		// They were forgotten when that was said.
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, channel := range channels {
		if listener := c.reader(channel); listener != nil {
			delete(listener.memberships, membership{group, channel})
		}
	}
}

// unrememberAll forgets all memberships of channels that are over.
func (c *Client) unrememberAll(channels []string) {
	if c.shards != nil {
		c.shards.closed(channels)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, channel := range channels {
		listener := c.reader(channel)
		if listener == nil {
			continue
		}
		for member := range listener.memberships {
			if member.channel == channel {
				delete(listener.memberships, member)
			}
		}
	}
}

// pushed deals with what the broker says unasked; it never waits.
func (c *Client) pushed(current *conn, kind EventKind, frame Frame) error {
	switch kind {
	case EventMessage:
		return c.deliver(current, frame)
	case EventBye:
		if c.part != nil {
			c.part.leaving()
		}
	case EventJoined, EventLeft:
		c.toldOfMembers(kind, frame.Args[0], frame.Args[1:])
	case EventLost:
		c.lost(frame.Args)
	}
	return nil
}

func (c *Client) toldOfMembers(kind EventKind, group string, channels []string) {
	switch {
	case c.part != nil:
		c.part.told(kind, group, channels)
	case kind == EventJoined:
		c.remember(group, channels)
	default:
		c.unremember(group, channels)
	}
}

// lost ends the listeners of names that another connection reads now. They are not taken back (L2).
func (c *Client) lost(names []string) {
	for _, name := range names {
		c.mu.Lock()
		listener := c.listeners[name]
		c.mu.Unlock()
		if listener != nil {
			c.logger.Printf("seaway: another connection reads %s now", name)
			c.forget(listener, ErrLost)
		}
	}
}

// deliver hands a MSG to the listeners of its channels.
func (c *Client) deliver(current *conn, frame Frame) error {
	var forwarded []func()
	// With no lock held, since others are taken there.
	defer func() {
		for _, forward := range forwarded {
			forward()
		}
	}()
	message, err := DecodeMessage(frame.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	deliveries := make(map[*Listener]*Delivery, 1)
	for _, channel := range frame.Args {
		listener := c.reader(channel)
		if listener == nil {
			// It was closed a moment ago; what was under way is lost with it, or given back.
			c.giveBackUnheard(current, frame)
			continue
		}
		if deliveries[listener] == nil {
			deliveries[listener] = c.newDelivery(current, frame, message)
			deliveries[listener].isWished(listener.wished[channel])
		}
		deliveries[listener].Channels = append(deliveries[listener].Channels, channel)
	}
	for listener, delivery := range deliveries {
		if listener.on != current && !listener.isCommon {
			// Its own credit was not granted yet, so the worker's paid for it.
			current.grant("", 1)
		}
		if err != nil {
			c.logger.Printf("seaway: a message on %s is dropped: %v", delivery.Channel(), err)
			current.grant(listener.account(), 1)
			c.giveBackUnheard(current, frame)
			continue
		}
		if delivery.lease != nil && listener.holdAfter > 0 {
			delivery.lease.keep(listener.holdAfter)
		}
		if forward, delivery := listener.forward, delivery; forward != nil {
			forwarded = append(forwarded, func() { forward(delivery) })
			continue
		}
		select {
		case listener.queue <- delivery:
			listener.held++
		default:
			return because(ErrProtocol, errors.New("more messages than the credit"))
		}
	}
	return nil
}

// newDelivery is what a MSG says, and its lease if it is to be acknowledged.
func (c *Client) newDelivery(current *conn, frame Frame, message Message) *Delivery {
	delivery := &Delivery{Group: frame.Options["group"], Message: message, Dead: newDeadLetter(frame)}
	if id := frame.Options["ack"]; id != "" {
		delivery.Times = count(frame, "times")
		delivery.lease = &lease{client: c, on: current, channel: frame.Args[0], id: id}
	}
	return delivery
}

// isWished notes that the worker has not asked for the message to be acknowledged, where it is.
func (d *Delivery) isWished(isSo bool) {
	if d.lease != nil {
		d.lease.isWished = isSo
	}
}

// giveBackUnheard gives back what nobody here takes, without waiting.
func (c *Client) giveBackUnheard(current *conn, frame Frame) {
	held := c.newDelivery(current, frame, nil).lease
	if held == nil {
		return
	}
	go func() {
		limit, cancel := context.WithTimeout(context.Background(), c.options.Wait)
		defer cancel()
		_ = held.nak(limit)
	}()
}

// chunks parts names into runs that fit a line, beside words of so many bytes (F3).
func chunks(names []string, words int) [][]string {
	var runs [][]string
	room := 0
	for _, name := range names {
		if room < len(name)+1 {
			runs = append(runs, nil)
			room = defaultMaxLine - words - 2
		}
		last := len(runs) - 1
		runs[last] = append(runs[last], name)
		room -= len(name) + 1
	}
	return runs
}
