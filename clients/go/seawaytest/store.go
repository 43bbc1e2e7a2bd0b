package seawaytest

import (
	"strings"
	"sync"
	"time"

	"seaway.dev/seaway"
)

const (
	// What a broker that was told nothing else has: messages of a channel, their time, that of a mailbox without reader.
	capacity     = 100
	expiry       = 60 * time.Second
	mailboxGrace = 60 * time.Second
)

// store is what a broker keeps: channels, who reads them, groups. Its owner guards it.
type store struct {
	clock *Clock
	// That of its owner.
	lock     sync.Locker
	channels map[string]*channel
	// Who reads each name, in turn; mailboxes, reply and pinned channels have one.
	readers map[string][]*reading
	groups  map[string]map[string]bool
	// Mailboxes that are held, with when their reader was lost, the zero time while it is there.
	mailboxes map[string]time.Time
	sequence  int
	// What was delivered to be acknowledged, by its ID, until it is over; and until when keys are known (S12).
	known map[string]*waiting
	keys  map[string]time.Time
	terms terms
}

type channel struct {
	waiting []*waiting
	// What is not due yet (S11).
	delayed  []*waiting
	isPaused bool
	// When a message of it was last handed out, in the order of all.
	served int
	// When it was closed, the zero time if it was not.
	closed time.Time
}

// isBefore says whose turn it is (D3).
func (c *channel) isBefore(other *channel) bool {
	if c.served != other.served {
		return c.served < other.served
	}
	return c.waiting[0].number < other.waiting[0].number
}

type waiting struct {
	body    []byte
	group   string
	number  int
	sent    time.Time
	expires time.Time
	leased
}

// reading is one connection that reads one name.
type reading struct {
	to   *connection
	name string
	// Its own credit, nil when it takes from the connection's.
	account *int
	members bool
	// What it gets is to be acknowledged.
	isAcknowledged bool
}

func newStore(clock *Clock) *store {
	return &store{
		clock: clock, channels: make(map[string]*channel), readers: make(map[string][]*reading),
		groups: make(map[string]map[string]bool), mailboxes: make(map[string]time.Time),
		known: make(map[string]*waiting), keys: make(map[string]time.Time), terms: standardTerms(),
	}
}

// mailboxOf is the mailbox of a reply channel, "" for any other name.
func mailboxOf(name string) string {
	if mark := strings.IndexByte(name, '!'); mark >= 0 {
		return name[:mark+1]
	}
	return ""
}

// ownerOf is what a channel's memberships live with: its mailbox, or a pinned channel itself; "" for a normal one.
func ownerOf(name string) string {
	if strings.Contains(name, "?") {
		return name
	}
	return mailboxOf(name)
}

func isNormal(name string) bool { return !strings.ContainsAny(name, "!?") }

func (s *store) channel(name string) *channel {
	if s.channels[name] == nil {
		s.channels[name] = &channel{}
	}
	return s.channels[name]
}

// drop forgets what is over: expired messages, the marks of closed channels, mailboxes whose grace has passed.
func (s *store) drop() {
	now := s.clock.Now()
	for name, one := range s.channels {
		kept := one.waiting[:0]
		for _, message := range one.waiting {
			if message.isBack || message.expires.After(now) {
				kept = append(kept, message)
			}
		}
		one.waiting = kept
		if !one.closed.IsZero() && !one.closed.Add(expiry).After(now) {
			one.closed = time.Time{}
		}
		if len(kept)+len(one.delayed) == 0 && !one.isPaused && one.closed.IsZero() {
			delete(s.channels, name)
		}
	}
	for key, until := range s.keys {
		if !until.After(now) {
			delete(s.keys, key)
		}
	}
	for name, lost := range s.mailboxes {
		if !lost.IsZero() && !lost.Add(mailboxGrace).After(now) {
			s.endMailbox(name)
		}
	}
}

// endMailbox ends all that belongs to a mailbox.
func (s *store) endMailbox(mailbox string) {
	delete(s.mailboxes, mailbox)
	for name, one := range s.channels {
		if mailboxOf(name) == mailbox && one.closed.IsZero() {
			delete(s.channels, name)
		}
	}
	for group, members := range s.groups {
		for member := range members {
			if ownerOf(member) == mailbox {
				s.leave(group, member)
			}
		}
	}
}

// candidates are those who read a channel: whoever listens on it exactly comes before the reader of its mailbox (L3).
func (s *store) candidates(name string) []*reading {
	if exact := s.readers[name]; len(exact) > 0 {
		return exact
	}
	return s.readers[mailboxOf(name)]
}

// taker is who gets the next message of a channel, nil when nobody can.
func (s *store) taker(name string) *reading {
	if one := s.channels[name]; one != nil && one.isPaused {
		return nil
	}
	all := s.candidates(name)
	for index, reader := range all {
		if s.canTake(reader) {
			if isNormal(name) {
				// Its turn comes again behind the others.
				rest := append(append([]*reading{}, all[:index]...), all[index+1:]...)
				s.readers[name] = append(rest, reader)
			}
			return reader
		}
	}
	return nil
}

func (r *reading) credit() *int {
	if r.account != nil {
		return r.account
	}
	return &r.to.common
}

// bounds are those of one message.
type bounds struct {
	rules []capacityRule
	// 0: as the channel says.
	expiry time.Duration
}

type capacityRule struct {
	pattern string
	count   int
}

// firstOf is what the first rule says that matches a name, or else.
func firstOf(rules []capacityRule, name string, otherwise int) int {
	for _, rule := range rules {
		if rule.pattern == "" || seaway.MatchPattern(rule.pattern, name) {
			return rule.count
		}
	}
	return otherwise
}

func (s *store) capacity(name string, b bounds) int {
	return firstOf(b.rules, name, firstOf(s.terms.capacity, name, capacity))
}

// capacityOfMailbox is how many messages may wait in all channels of a mailbox, where the sender has set it (S10).
func (b bounds) capacityOfMailbox(mailbox string) (int, bool) {
	for _, rule := range b.rules {
		if strings.HasSuffix(rule.pattern, "!") && seaway.MatchPattern(rule.pattern, mailbox) {
			return rule.count, true
		}
	}
	return 0, false
}

// mailboxIsFull says whether the mailbox of a channel holds as many messages as one send allows; its first one always fits.
func (s *store) mailboxIsFull(name string, b bounds) bool {
	mailbox, _, has := strings.Cut(name, "!")
	most, isBounded := b.capacityOfMailbox(mailbox + "!")
	if !has || !isBounded {
		return false
	}
	count := 0
	for other, one := range s.channels {
		if strings.HasPrefix(other, mailbox+"!") {
			count += len(one.waiting)
		}
	}
	return count > 0 && count >= most
}

// send puts a message on a channel; "" or the code of the refusal.
func (s *store) send(name string, body []byte, mustBeHeard bool, b bounds) string {
	one := s.channels[name]
	switch {
	case one != nil && !one.closed.IsZero():
		return "gone"
	case mustBeHeard && len(s.candidates(name)) == 0:
		return "away"
	}
	if one == nil || len(one.waiting) == 0 {
		if reader := s.taker(name); reader != nil {
			s.handOut(reader, name, s.newWaiting(name, "", body, b))
			return ""
		}
	}
	return s.store(name, "", body, b)
}

func (s *store) store(name, group string, body []byte, b bounds) string {
	one := s.channel(name)
	if one.size() >= s.capacity(name, b) {
		return "full by=messages"
	}
	if s.mailboxIsFull(name, b) {
		return "full by=mailbox"
	}
	one.waiting = append(one.waiting, s.newWaiting(name, group, body, b))
	return ""
}

func (s *store) newWaiting(name, group string, body []byte, b bounds) *waiting {
	if b.expiry == 0 {
		b.expiry = milliseconds(firstOf(s.terms.expiry, name, int(expiry.Milliseconds())))
	}
	s.sequence++
	now := s.clock.Now()
	return &waiting{
		body: body, group: group, number: s.sequence, sent: now, expires: now.Add(b.expiry), leased: leased{channel: name},
	}
}

// hand hands out what waits and a connection reads, as its credit allows, the oldest first.
func (s *store) hand(to *connection) {
	for {
		var oldest *waiting
		name := ""
		for other, one := range s.channels {
			if len(one.waiting) == 0 || one.isPaused || oldest != nil && !one.isBefore(s.channels[name]) {
				continue
			}
			for _, reader := range s.candidates(other) {
				if reader.to == to && s.canTake(reader) {
					oldest, name = one.waiting[0], other
				}
			}
		}
		if oldest == nil {
			return
		}
		for _, reader := range s.candidates(name) {
			if reader.to == to {
				s.sequence++
				s.channels[name].waiting, s.channels[name].served = s.channels[name].waiting[1:], s.sequence
				s.handOut(reader, name, oldest)
				break
			}
		}
	}
}

// close ends reply and pinned channels.
func (s *store) close(name string) {
	for group := range s.groups {
		s.leave(group, name)
	}
	s.channels[name] = &channel{closed: s.clock.Now()}
}
