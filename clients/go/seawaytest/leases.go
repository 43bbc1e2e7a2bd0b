package seawaytest

import (
	"fmt"
	"strings"
	"time"

	"seaway.dev/seaway"
)

const (
	// returnTime is how soon comes back what a connection held that broke; deadTime how long a dead letter is kept, and
	// deadCapacity how many of a channel.
	returnTime   = 2 * time.Second
	deadTime     = 24 * time.Hour
	deadCapacity = 1000
	deadEnding   = ".dead"
	// tries is how often a message is delivered.
	tries = 5
	// How soon comes back what is given back without a time: after the first, and at the latest.
	firstPause, longestPause = time.Second, 5 * time.Minute
)

// terms are the options of a broker that have to do with what is acknowledged.
type terms struct {
	hold, onceWindow time.Duration
	mostHeld         int
	// By patterns, the first that matches counts; expiries are in ms.
	tries, capacity, expiry []capacityRule
}

func standardTerms() terms {
	return terms{hold: 600 * time.Second, onceWindow: 2 * time.Minute, mostHeld: 1000}
}

func (t terms) triesOf(name string) int { return firstOf(t.tries, name, tries) }

// leased is what a message has that was delivered to be acknowledged.
type leased struct {
	channel string
	// "" until it is delivered for the first time; it was delivered so often.
	id    string
	times int
	// Who holds it, nil for nobody.
	holder *connection
	// It has come back, and waits before all others; nobody has begun with it.
	isBack, isUnbegun bool
	// Withdraws what is due; nil for nothing.
	stop func()
	dead *deadLetter
}

type deadLetter struct {
	cause, why string
	tries      int
	at         time.Time
}

func (m *waiting) withdraw() {
	if m.stop != nil {
		m.stop()
		m.stop = nil
	}
}

// after has something done later, with the broker's lock held.
func (s *store) after(message *waiting, span time.Duration, call func()) {
	message.withdraw()
	message.stop = s.clock.after(span, func() {
		s.lock.Lock()
		defer s.lock.Unlock()
		s.drop()
		call()
	})
}

// canTake says whether a reader has credit, and holds no more than it may (D15).
func (s *store) canTake(r *reading) bool {
	if *r.credit() <= 0 {
		return false
	}
	if !r.isAcknowledged {
		return true
	}
	count := 0
	for _, message := range s.known {
		if message.holder == r.to {
			count++
		}
	}
	return count < s.terms.mostHeld
}

// held is how many messages of a channel somebody holds.
func (s *store) held(name string) int {
	count := 0
	for _, message := range s.known {
		if message.channel == name && message.holder != nil {
			count++
		}
	}
	return count
}

// handOut gives a message to a reader, who holds it if it is to acknowledge it (D9).
func (s *store) handOut(r *reading, name string, message *waiting) {
	words := ""
	if r.isAcknowledged {
		if message.id == "" {
			s.sequence++
			message.id = fmt.Sprint("t", s.sequence)
		}
		s.known[message.id] = message
		message.times, message.holder, message.isBack = message.times+1, r.to, false
		words = fmt.Sprintf(" ack=%s times=%d", message.id, message.times)
		s.after(message, s.terms.hold, func() { s.comeBack(message) })
	} else {
		s.forget(message)
	}
	if dead := message.dead; dead != nil {
		words += fmt.Sprintf(" dead=%s tries=%d since=%d", dead.cause, dead.tries, s.clock.Now().Sub(dead.at).Milliseconds())
		if dead.why != "" {
			words += " why=" + dead.why
		}
	}
	r.push([]string{name}, words, message.group, message.body)
}

// forget: a message is over, wherever it is.
func (s *store) forget(message *waiting) {
	message.withdraw()
	delete(s.known, message.id)
	message.holder = nil
	if one := s.channels[message.channel]; one != nil {
		for index, other := range one.waiting {
			if other == message {
				one.waiting = append(one.waiting[:index:index], one.waiting[index+1:]...)
				return
			}
		}
	}
}

// comeBack has a message delivered again, or makes a dead letter of it.
func (s *store) comeBack(message *waiting) {
	s.putBack(message)
	s.handChannel(message.channel)
}

// putBack puts a message before all that waits, or with the dead letters if it was delivered often enough (D13, D14).
func (s *store) putBack(message *waiting) {
	message.withdraw()
	message.holder = nil
	isUnbegun := message.isUnbegun
	message.isUnbegun = false
	if !isUnbegun && message.times >= s.terms.triesOf(message.channel) && !strings.HasSuffix(message.channel, deadEnding) {
		s.bury(message, "tries", "")
		return
	}
	message.isBack = true
	one := s.channel(message.channel)
	one.waiting = append([]*waiting{message}, one.waiting...)
}

// bury makes a dead letter of a message; one that is a dead letter already is dropped.
func (s *store) bury(message *waiting, cause, why string) {
	s.forget(message)
	if strings.HasSuffix(message.channel, deadEnding) {
		return
	}
	name := message.channel + deadEnding
	letter := s.newWaiting(name, message.group, message.body, bounds{expiry: deadTime})
	letter.dead = &deadLetter{cause, why, message.times, s.clock.Now()}
	one := s.channel(name)
	if len(one.waiting) >= deadCapacity {
		s.forget(one.waiting[0])
	}
	one.waiting = append(one.waiting, letter)
	s.handChannel(name)
}

// handChannel hands out what waits in a channel, as far as its readers take it.
func (s *store) handChannel(name string) {
	for one := s.channels[name]; one != nil && len(one.waiting) > 0; {
		reader := s.taker(name)
		if reader == nil {
			return
		}
		message := one.waiting[0]
		s.sequence++
		one.waiting, one.served = one.waiting[1:], s.sequence
		s.handOut(reader, name, message)
	}
}

// giveBackAll: what a connection holds comes back after a time, in its order.
func (s *store) giveBackAll(c *connection, span time.Duration) {
	var held []*waiting
	for _, message := range s.known {
		if message.holder == c {
			held = append(held, message)
		}
	}
	if len(held) == 0 {
		return
	}
	sortMessages(held)
	for _, message := range held {
		message.holder = nil
		message.withdraw()
	}
	back := func() {
		names := make(map[string]bool)
		for index := len(held) - 1; index >= 0; index-- {
			// It may have been acknowledged meanwhile.
			if message := held[index]; s.known[message.id] == message {
				s.putBack(message)
				names[message.channel] = true
			}
		}
		for name := range names {
			s.handChannel(name)
		}
	}
	if span == 0 {
		// Not to the connection that leaves.
		s.stopReading(c)
		back()
		return
	}
	s.clock.after(span, func() {
		s.lock.Lock()
		defer s.lock.Unlock()
		s.drop()
		back()
	})
}

// stopReading has a connection take nothing more of normal channels.
func (s *store) stopReading(c *connection) {
	for name, all := range s.readers {
		if !isNormal(name) {
			continue
		}
		kept := all[:0:0]
		for _, reader := range all {
			if reader.to != c {
				kept = append(kept, reader)
			}
		}
		if s.readers[name] = kept; len(kept) == 0 {
			delete(s.readers, name)
		}
	}
}

// heldBy are the messages of these IDs, nil if the connection does not hold all of them.
func (s *store) heldBy(c *connection, name string, ids []string) []*waiting {
	var held []*waiting
	for _, id := range ids {
		message := s.known[id]
		if message == nil || message.channel != name || message.holder != c {
			return nil
		}
		held = append(held, message)
	}
	return held
}

// Verbs

func (b *Broker) acknowledge(c *connection, frame seaway.Frame) string {
	for _, id := range frame.Args[1:] {
		if message := b.store.known[id]; message != nil && message.channel == frame.Args[0] {
			holder := message.holder
			b.store.forget(message)
			if holder != nil {
				b.store.hand(holder)
			}
		}
	}
	c.say("OK")
	return ""
}

func (b *Broker) hold(c *connection, frame seaway.Frame) string {
	held := b.store.heldBy(c, frame.Args[0], frame.Args[1:])
	if held == nil {
		return "late"
	}
	for _, message := range held {
		message := message
		b.store.after(message, b.store.terms.hold, func() { b.store.comeBack(message) })
	}
	c.say("OK")
	return ""
}

func (b *Broker) giveBack(c *connection, frame seaway.Frame) string {
	held := b.store.heldBy(c, frame.Args[0], frame.Args[1:])
	if held == nil {
		return "late"
	}
	message := held[0]
	pause := longestPause
	if shift := message.times - 1; shift < 9 && firstPause<<shift < longestPause {
		pause = firstPause << shift
	}
	if text, isThere := frame.Options["In"]; isThere {
		count, _ := readNumber(text, 0, mostDelay)
		pause = milliseconds(count)
	}
	message.holder = nil
	message.withdraw()
	if _, isUnbegun := frame.Options["begun"]; isUnbegun && frame.Options["Dead"] == "" {
		message.times--
		message.isUnbegun = true
	}
	switch {
	case frame.Options["Dead"] != "":
		b.store.bury(message, "nak", frame.Options["Why"])
	case pause == 0:
		b.store.comeBack(message)
	default:
		b.store.after(message, pause, func() { b.store.comeBack(message) })
	}
	b.store.hand(c)
	c.say("OK")
	return ""
}

// Forms

func checkListen(frame seaway.Frame) string {
	ack, isAcknowledged := frame.Options["Ack"]
	members, isThere := frame.Options["members"]
	if isThere && members != "1" || isAcknowledged && ack != "1" {
		return "option"
	}
	for _, name := range frame.Args {
		isLong := len(name) > 250 && !strings.HasSuffix(name, deadEnding)
		if isAcknowledged && seaway.ValidListen(name) && (!isNormal(name) || isLong) {
			return "option"
		}
	}
	return ""
}

func checkIDs(frame seaway.Frame) string {
	for _, id := range frame.Args[1:] {
		if !isTag(id) {
			return "args"
		}
	}
	return ""
}

func checkNak(frame seaway.Frame) string {
	if code := checkIDs(frame); code != "" {
		return code
	}
	in, isLater := frame.Options["In"]
	dead, isDead := frame.Options["Dead"]
	_, isGood := readNumber(in, 0, mostDelay)
	if begun, isThere := frame.Options["begun"]; isThere && begun != "0" {
		return "option"
	}
	if isLater && (!isGood || isDead) || isDead && dead != "1" || len(frame.Options["Why"]) > 255 {
		return "option"
	}
	return ""
}

// isTag says whether a text may be an ID or a key.
func isTag(text string) bool {
	return len(text) <= 64 && seaway.ValidChannel(text) && isNormal(text)
}

func sortMessages(messages []*waiting) {
	for index := range messages {
		for other := index; other > 0 && messages[other].number < messages[other-1].number; other-- {
			messages[other], messages[other-1] = messages[other-1], messages[other]
		}
	}
}
