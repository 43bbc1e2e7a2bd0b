package seaway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// mostShards is how many brokers one client may have.
const mostShards = 64

// NewSharded makes a client of several brokers, each at an address such as "a:7411" (protocol/SHARDING.md).
//
// It listens at all of them, keeps memberships at all, and sends a message to one: on a normal channel to each in turn, else
// to the one that is first for the name. A broker that is silent for Options.Failover is given up: what was not answered there is
// [ErrUnknown], what it held is lost, and everything goes on over the others. [Client.Stats], and [Client.Peek] at a normal
// channel, ask only one of them.
func NewSharded(addresses []string, options Options) (*Client, error) {
	if err := checkShards(addresses, &options); err != nil {
		return nil, err
	}
	setDefaults(&options, "")
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{
		options: options, stop: stop, finished: make(chan struct{}),
		changed: make(chan struct{}), listeners: make(map[string]*Listener), watches: make(map[watch]bool),
	}
	c.shards = newShards(c, addresses, options)
	go c.shards.keepAlike(ctx)
	return c, nil
}

func checkShards(addresses []string, options *Options) error {
	defaultTo(&options.Failover, 2*time.Second)
	seen := make(map[string]bool)
	for _, address := range addresses {
		if seen[address] {
			return fmt.Errorf("seaway: %w: %s is given twice", ErrOption, address)
		}
		seen[address] = true
	}
	switch {
	case len(addresses) == 0 || len(addresses) > mostShards:
		return fmt.Errorf("seaway: %w: %d brokers", ErrOption, len(addresses))
	case options.Failover < 300*time.Millisecond || options.Failover > time.Hour:
		return fmt.Errorf("seaway: %w: a failover time of %v", ErrOption, options.Failover)
	case options.Dial != nil:
		return fmt.Errorf("seaway: %w: Dial is for one broker", ErrOption)
	}
	return nil
}

// shards is what a client of several brokers does.
//
// Its lock may be held when that of a part's client is taken, never the other way round.
type shards struct {
	client *Client
	began  time.Time
	parts  []*shardPart

	mu      sync.Mutex
	places  *shardMap
	members *shardMembers
	// Those that are live, and those that at least have said who they are, by identity.
	live, greeted map[string]*shardPart
	// Closed and made anew whenever one comes or goes.
	changed  chan struct{}
	readings map[*Listener]*shardReading
	// At which broker each watch is, nil where that is gone.
	watched map[watch]*shardPart
}

// shardPart is one of the brokers: its client tells it what happens to the connection, without holding its lock.
type shardPart struct {
	shards  *shards
	place   int
	address string
	client  *Client

	// These are guarded by the lock of shards.
	identity string
	// What is to be said as soon as calls may use the connection.
	pending []saying
}

func newShards(client *Client, addresses []string, options Options) *shards {
	failover := options.Failover.Milliseconds()
	s := &shards{
		client: client, began: time.Now(), places: newShardMap(failover, 0), members: newShardMembers(failover),
		live: make(map[string]*shardPart), greeted: make(map[string]*shardPart), changed: make(chan struct{}),
		readings: make(map[*Listener]*shardReading), watched: make(map[watch]*shardPart),
	}
	if most := options.Failover / 2; options.MaxBackoff > most {
		options.MaxBackoff = most
	}
	for place, address := range addresses {
		part := &shardPart{shards: s, place: place, address: address}
		s.parts = append(s.parts, part)
		own := options
		own.Dial = dialer(address)
		part.client = newClient(own, part)
	}
	return s
}

func (s *shards) now() int64 { return time.Since(s.began).Milliseconds() }

// change wakes all that wait for another state; called with the lock held.
func (s *shards) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// keepAlike sets right what brokers differ about, and moves watches, until the context ends.
func (s *shards) keepAlike(ctx context.Context) {
	defer close(s.client.finished)
	ticker := time.NewTicker(s.client.options.Failover / 6)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.mu.Lock()
		says := s.members.check(s.now())
		s.mu.Unlock()
		s.say(ctx, says)
		s.moveWatches(ctx)
	}
}

// say tells brokers to join and leave; what is not answered is forgotten with the connection.
func (s *shards) say(ctx context.Context, says []saying) {
	for _, said := range says {
		s.mu.Lock()
		part := s.live[said.broker]
		s.mu.Unlock()
		if part == nil {
			continue
		}
		_, err := part.client.try(ctx, newRequest(said.verb, nil, said.group, said.channel))
		var refusal *Refusal
		if err == nil || errors.As(err, &refusal) {
			s.mu.Lock()
			s.members.answered(said, err != nil)
			s.mu.Unlock()
		}
	}
}

// close takes leave of all brokers.
func (s *shards) close(ctx context.Context) error {
	s.client.end(ErrClosed)
	errs := make(chan error, len(s.parts))
	for _, part := range s.parts {
		part := part
		go func() { errs <- part.client.Close(ctx) }()
	}
	var first error
	for range s.parts {
		if err := <-errs; first == nil {
			first = err
		}
	}
	s.client.stop()
	<-s.client.finished
	return first
}

// What happens to a broker

// greet takes the identity that a broker tells; false when another that is there has it (B2).
func (p *shardPart) greet(name string) bool {
	p.shards.mu.Lock()
	defer p.shards.mu.Unlock()
	if name == "" {
		name = p.address
	}
	if other := p.shards.greeted[name]; other != nil && other != p {
		return false
	}
	p.shards.greeted[name] = p
	p.identity = name
	return true
}

// up: calls may use the connection.
func (p *shardPart) up(warm int64) {
	s := p.shards
	s.mu.Lock()
	s.places.up(p.identity, warm, s.now())
	s.live[p.identity] = p
	says := append(p.pending, s.members.came(p.identity)...)
	p.pending = nil
	s.change()
	s.mu.Unlock()
	go s.say(context.Background(), says)
}

// leaving: the broker has said BYE.
func (p *shardPart) leaving() {
	p.shards.mu.Lock()
	defer p.shards.mu.Unlock()
	p.shards.places.leaving(p.identity)
}

// down: the connection has ended, or was never ready.
func (p *shardPart) down() {
	s := p.shards
	s.mu.Lock()
	defer s.mu.Unlock()
	p.pending = nil
	if p.identity == "" || s.greeted[p.identity] != p {
		return
	}
	delete(s.greeted, p.identity)
	delete(s.live, p.identity)
	s.places.down(p.identity)
	s.members.down(p.identity, s.now())
	for w, part := range s.watched {
		if part == p {
			s.watched[w] = nil
		}
	}
	for _, reading := range s.readings {
		reading.went(p.place)
	}
	s.change()
}

// told: JOINED or LEFT was pushed.
func (p *shardPart) told(kind EventKind, group string, channels []string) {
	p.shards.mu.Lock()
	defer p.shards.mu.Unlock()
	if kind == EventJoined {
		p.shards.members.joined(p.identity, group, channels, p.shards.now())
	} else {
		p.shards.members.left(p.identity, group, channels, p.shards.now())
	}
}

// Where requests go

func (s *shards) do(ctx context.Context, r request) (Frame, error) {
	line := r.wire[:bytes.IndexByte(r.wire, '\n')]
	var words []string
	for _, word := range strings.Fields(string(line))[1:] {
		if !strings.HasPrefix(word, ":") {
			words = append(words, word)
		}
	}
	switch r.verb {
	case "SEND", "PEEK":
		isHere := words[len(words)-1] == "Here=1"
		return s.one(ctx, r, isHere, func(without map[string]bool) string {
			return s.places.forChannel(words[0], without, s.now())
		})
	case "GSEND", "MEMBERS", "STATS":
		name := ""
		if r.verb != "STATS" {
			name = words[0]
		}
		return s.one(ctx, r, false, func(without map[string]bool) string {
			return s.places.forGroup(name, without, s.now())
		})
	case "WATCH":
		return s.watch(ctx, r, watch{words[0], words[1]})
	case "UNWATCH":
		return s.unwatch(ctx, r, watch{words[0], words[1]})
	default:
		if r.verb == "LEAVE" {
			// At once, so that a broker that comes meanwhile is not told to join.
			s.unremember(words[0], words[1:])
		}
		return s.all(ctx, r)
	}
}

// one asks the broker that is chosen, and the next one when it has surely not taken the request (B10).
func (s *shards) one(
	ctx context.Context, r request, isHere bool, choose func(without map[string]bool) string,
) (Frame, error) {
	deadline := time.NewTimer(s.client.options.Wait)
	defer deadline.Stop()
	without := make(map[string]bool)
	var refused error
	for {
		s.mu.Lock()
		part, changed := s.live[choose(without)], s.changed
		s.mu.Unlock()
		if part == nil {
			if refused != nil {
				return Frame{}, refused
			}
			if err := s.wait(ctx, changed, deadline.C); err != nil {
				return Frame{}, err
			}
			without = make(map[string]bool)
			continue
		}
		frame, err := part.client.try(ctx, r)
		switch {
		case errors.Is(err, errNotSent):
		case errors.Is(err, ErrClosing), isHere && errors.Is(err, ErrAway):
			refused = err
		default:
			return frame, err
		}
		s.mu.Lock()
		without[part.identity] = true
		s.mu.Unlock()
	}
}

// wait waits until a broker comes or goes.
func (s *shards) wait(ctx context.Context, changed <-chan struct{}, deadline <-chan time.Time) error {
	if err := s.overReason(); err != nil {
		return err
	}
	select {
	case <-changed:
		return nil
	case <-deadline:
		return because(ErrOffline, s.parts[0].client.reasonOffline())
	case <-ctx.Done():
		return because(ErrOffline, ctx.Err())
	}
}

// overReason is why there will never be another connection to any of them.
func (s *shards) overReason() error {
	s.client.mu.Lock()
	err := s.client.over
	s.client.mu.Unlock()
	if err != nil {
		return err
	}
	for _, part := range s.parts {
		part.client.mu.Lock()
		err = part.client.over
		part.client.mu.Unlock()
		if err == nil {
			return nil
		}
	}
	return err
}

// all asks every live broker; done when one has done it and none has refused (B14). What a FLUSH counts is added up.
func (s *shards) all(ctx context.Context, r request) (Frame, error) {
	deadline := time.NewTimer(s.client.options.Wait)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		parts := make([]*shardPart, 0, len(s.live))
		for _, part := range s.live {
			parts = append(parts, part)
		}
		s.mu.Unlock()
		frame, err := askAll(ctx, r, parts)
		if !errors.Is(err, errNotSent) {
			return frame, err
		}
		if err := s.wait(ctx, changed, deadline.C); err != nil {
			return Frame{}, err
		}
	}
}

func askAll(ctx context.Context, r request, parts []*shardPart) (Frame, error) {
	answers := make(chan answer, len(parts))
	for _, part := range parts {
		part := part
		go func() {
			frame, err := part.client.try(ctx, r)
			answers <- answer{frame, err}
		}()
	}
	done, outcome := 0, errNotSent
	var refused error
	result := Frame{Verb: "OK", Options: make(map[string]string)}
	for range parts {
		got := <-answers
		var refusal *Refusal
		switch {
		case got.err == nil:
			done++
			for key := range got.frame.Options {
				result.Options[key] = fmt.Sprint(count(result, key) + count(got.frame, key))
			}
		case errors.As(got.err, &refusal):
			refused = got.err
		case !errors.Is(got.err, errNotSent):
			outcome = got.err
		}
	}
	switch {
	case refused != nil:
		return Frame{}, refused
	case done > 0:
		return result, nil
	default:
		return Frame{}, outcome
	}
}

// Members

func (s *shards) remember(group string, channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members.remember(group, channels)
}

func (s *shards) unremember(group string, channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members.unremember(group, channels)
}

func (s *shards) closed(channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, channel := range channels {
		s.members.closed(channel)
	}
}

// Watches

func (s *shards) watch(ctx context.Context, r request, w watch) (Frame, error) {
	frame, err := s.one(ctx, r, false, func(without map[string]bool) string {
		identity := s.places.forGroup(w.group, without, s.now())
		if before := s.watched[w]; before != nil && before != s.live[identity] {
			go before.client.unwatchAt(w)
		}
		s.watched[w] = s.live[identity]
		return identity
	})
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watched, w)
	}
	return frame, err
}

func (s *shards) unwatch(ctx context.Context, r request, w watch) (Frame, error) {
	s.mu.Lock()
	part := s.watched[w]
	delete(s.watched, w)
	s.mu.Unlock()
	if part == nil {
		return Frame{Verb: "OK"}, nil
	}
	frame, err := part.client.try(ctx, r)
	if errors.Is(err, errNotSent) {
		// It has ended with the connection.
		return Frame{Verb: "OK"}, nil
	}
	return frame, err
}

// moveWatches takes each watch to the broker that sends to its group go to (B20).
func (s *shards) moveWatches(ctx context.Context) {
	s.mu.Lock()
	moves := make(map[watch]*shardPart)
	for w, before := range s.watched {
		part := s.live[s.places.forGroup(w.group, nil, s.now())]
		if part == nil || part == before {
			continue
		}
		if before != nil {
			go before.client.unwatchAt(w)
		}
		s.watched[w] = part
		moves[w] = part
	}
	s.mu.Unlock()
	for w, part := range moves {
		if _, err := part.client.try(ctx, newRequest("WATCH", nil, w.group, w.channel)); err != nil {
			s.client.options.Logger.Printf("seaway: cannot watch %s on %s again: %v", w.group, w.channel, err)
		}
	}
}

func (c *Client) unwatchAt(w watch) {
	ctx, cancel := context.WithTimeout(context.Background(), c.options.Wait)
	defer cancel()
	_, _ = c.try(ctx, newRequest("UNWATCH", nil, w.group, w.channel))
}
