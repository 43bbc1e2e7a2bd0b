package seaway

import (
	"context"
	"errors"
	"fmt"
	"net"
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
	return newSharded(addresses, options, func(address string) func(context.Context) (net.Conn, error) {
		return dialer(address, options.TLS)
	})
}

// newSharded is NewSharded with connections of the caller's.
func newSharded(
	addresses []string, options Options, dial func(address string) func(context.Context) (net.Conn, error),
) (*Client, error) {
	if err := checkShards(addresses, &options); err != nil {
		return nil, err
	}
	setDefaults(&options, "")
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{
		options: options, logger: lineLogger{options.Logger}, stop: stop, finished: make(chan struct{}),
		changed: make(chan struct{}), listeners: make(map[string]*Listener), watches: make(map[watch]bool),
	}
	c.shards = newShards(c, addresses, options, dial)
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
		return outOfRange("the number of brokers", 1, mostShards, len(addresses))
	case options.Failover < leastFailover || options.Failover > time.Hour:
		return outOfRange("a failover time", leastFailover, time.Hour, options.Failover)
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

func newShards(
	client *Client, addresses []string, options Options, dial func(address string) func(context.Context) (net.Conn, error),
) *shards {
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
		s.parts = append(s.parts, &shardPart{shards: s, place: place, address: address})
	}
	// Each client says at once how many there are.
	for _, part := range s.parts {
		own := options
		own.Dial = dial(part.address)
		part.client = newClient(part.address, own, part)
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
