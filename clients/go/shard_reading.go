package seaway

import (
	"context"
	"errors"
	"strings"
	"time"
)

// mostHeldBack is room for what comes beyond the credit when listening ends; else it is a few for each broker.
const mostHeldBack = 256

// shardReading is a listener at several brokers, with a listener at each. All of it is guarded by the lock of shards.
type shardReading struct {
	shards   *shards
	whole    *Listener
	parts    []*Listener
	credit   shardCredit
	heldBack []*Delivery
	refused  map[int]bool
	isEnding bool
	// Closed when the first broker has answered LISTEN.
	started   chan struct{}
	isStarted bool
}

// listen listens at every broker, and returns when one has answered.
func (s *shards) listen(ctx context.Context, whole *Listener) (*Listener, error) {
	if err := s.client.register(whole); err != nil {
		return nil, err
	}
	reading := s.begin(whole)
	for place, part := range s.parts {
		if err := part.client.register(reading.parts[place]); err != nil {
			s.end(reading, err)
			return nil, err
		}
		go s.listenAt(part, reading.parts[place])
		go reading.watchEnd(place)
	}
	deadline := time.NewTimer(s.client.options.Wait)
	defer deadline.Stop()
	var err error
	select {
	case <-reading.started:
		return whole, nil
	case <-whole.over:
		_, err = whole.takeRest()
		return nil, err
	case <-deadline.C:
		err = because(ErrOffline, s.parts[0].client.reasonOffline())
	case <-ctx.Done():
		err = because(ErrOffline, ctx.Err())
	}
	if over := s.overReason(); over != nil {
		err = over
	}
	s.end(reading, err)
	return nil, err
}

func (s *shards) begin(whole *Listener) *shardReading {
	// Room for what comes beyond the credit at the end.
	whole.queue = make(chan *Delivery, whole.room()+mostHeldBack)
	reading := &shardReading{
		shards: s, whole: whole, credit: shardCredit{left: whole.credit, atBroker: make(map[int]int)},
		refused: make(map[int]bool), started: make(chan struct{}),
	}
	for place, part := range s.parts {
		place := place
		inner := newListener(part.client, whole.names, 0, whole.isCommon)
		inner.acknowledged, inner.wished, inner.holdAfter = whole.acknowledged, whole.wished, whole.holdAfter
		inner.forward = func(delivery *Delivery) { reading.arrived(place, delivery) }
		reading.parts = append(reading.parts, inner)
	}
	whole.reading = reading
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readings[whole] = reading
	return reading
}

// listenAt listens on the connection that there is; each later one listens by itself.
func (s *shards) listenAt(part *shardPart, inner *Listener) {
	ctx, cancel := context.WithTimeout(context.Background(), s.client.options.Failover)
	defer cancel()
	part.client.mu.Lock()
	current := part.client.current
	part.client.mu.Unlock()
	if current == nil {
		return
	}
	var refusal *Refusal
	if err := part.client.listenOn(ctx, current, inner); errors.As(err, &refusal) {
		part.client.forget(inner, err)
	}
}

// listened: the broker has answered LISTEN.
func (p *shardPart) listened(inner *Listener, isFresh bool) {
	s := p.shards
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, reading := range s.readings {
		if reading.parts[p.place] == inner && !reading.isEnding {
			reading.listened(p, isFresh)
		}
	}
}

func (r *shardReading) listened(p *shardPart, isFresh bool) {
	s := r.shards
	var says []saying
	for _, name := range r.whole.names {
		if strings.HasSuffix(name, "!") {
			says = append(says, s.members.listened(p.identity, name, !isFresh, s.now())...)
		}
	}
	if s.live[p.identity] == p {
		go s.say(context.Background(), says)
	} else {
		p.pending = append(p.pending, says...)
	}
	r.credit.came(p.place)
	r.balance()
	if !r.isStarted {
		r.isStarted = true
		close(r.started)
	}
}

// went: the connection to a broker has ended.
func (r *shardReading) went(place int) {
	r.credit.went(place)
	r.balance()
}

// arrived: a broker has pushed a message.
func (r *shardReading) arrived(place int, delivery *Delivery) {
	r.shards.mu.Lock()
	defer r.shards.mu.Unlock()
	r.credit.arrived(place)
	r.heldBack = append(r.heldBack, delivery)
	r.handOver()
}

// ready grants so many messages more.
func (r *shardReading) ready(count int) {
	r.shards.mu.Lock()
	defer r.shards.mu.Unlock()
	r.credit.left += count
	r.handOver()
}

func (r *shardReading) handOver() {
	for len(r.heldBack) > 0 && (r.isEnding || r.credit.use()) {
		delivery := r.heldBack[0]
		r.heldBack = r.heldBack[1:]
		select {
		case r.whole.queue <- delivery:
		default:
			r.shards.client.logger.Printf("seaway: a message on %s is dropped: no room", delivery.Channel())
		}
	}
	r.balance()
}

func (r *shardReading) balance() {
	if r.isEnding {
		return
	}
	for _, change := range r.credit.balance() {
		inner := r.parts[change.broker]
		inner.client.mu.Lock()
		current := inner.on
		inner.client.mu.Unlock()
		switch {
		case current == nil:
		case change.count == 0:
			current.withdraw(inner.account())
		default:
			current.grant(inner.account(), change.count)
		}
	}
}

// watchEnd ends the whole when another reader has taken it over at one broker, or all brokers have refused it.
func (r *shardReading) watchEnd(place int) {
	inner := r.parts[place]
	<-inner.over
	inner.client.mu.Lock()
	reason := inner.reason
	inner.client.mu.Unlock()
	r.shards.mu.Lock()
	r.refused[place] = true
	isLast := len(r.refused) == len(r.parts)
	isEnding := r.isEnding
	if !isEnding {
		r.went(place)
	}
	r.shards.mu.Unlock()
	if !isEnding && (isLast || errors.Is(reason, ErrLost)) {
		r.shards.end(r, reason)
	}
}

// end ends a reading without anybody having asked for it.
func (s *shards) end(reading *shardReading, reason error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.client.options.Wait)
	defer cancel()
	_ = s.stop(ctx, reading, reason)
}

// stop stops listening at every broker; what had come can still be received.
func (s *shards) stop(ctx context.Context, reading *shardReading, reason error) error {
	s.mu.Lock()
	isEnding := reading.isEnding
	reading.isEnding = true
	s.mu.Unlock()
	if isEnding {
		return nil
	}
	errs := make(chan error, len(reading.parts))
	for _, inner := range reading.parts {
		inner := inner
		go func() { errs <- inner.Close(ctx) }()
	}
	var first error
	for range reading.parts {
		if err := <-errs; first == nil {
			first = err
		}
	}
	s.mu.Lock()
	reading.handOver()
	delete(s.readings, reading.whole)
	for _, name := range reading.whole.names {
		if strings.HasSuffix(name, "!") {
			s.members.stopped(name)
		}
	}
	s.mu.Unlock()
	s.client.forget(reading.whole, reason)
	return first
}
