package seawaytest

import (
	"time"

	"seaway.dev/seaway"
)

// mostDelay is the longest delay, in ms (S11).
const mostDelay = 86_400_000

func checkTerms(frame seaway.Frame) string {
	if text, isThere := frame.Options["In"]; isThere {
		if _, isGood := readNumber(text, 1, mostDelay); !isGood {
			return "option"
		}
	}
	for _, key := range []string{"Once", "Ack"} {
		if text, isThere := frame.Options[key]; isThere && !isTag(text) {
			return "option"
		}
	}
	return ""
}

// sendLater sends a message when its time has come (S11); "" or the code of the refusal.
func (b *Broker) sendLater(name string, body []byte, mustBeHeard bool, limits bounds, delay time.Duration) string {
	s := b.store
	one := s.channels[name]
	switch {
	case one != nil && !one.closed.IsZero():
		return "gone"
	case mustBeHeard && len(s.candidates(name)) == 0:
		return "away"
	case one != nil && one.size() >= s.capacity(name, limits):
		return "full by=messages"
	case s.mailboxIsFull(name, limits):
		return "full by=mailbox"
	}
	message := s.newWaiting(name, "", body, limits)
	one = s.channel(name)
	one.delayed = append(one.delayed, message)
	s.after(message, delay, func() {
		one := s.channels[name]
		if one == nil || !one.isDue(message) || !one.closed.IsZero() {
			return
		}
		message = s.newWaiting(name, "", body, limits)
		one.waiting = append(one.waiting, message)
		s.handChannel(name)
	})
	return ""
}

// isDue takes a message from those that are not due; false if it is not among them.
func (c *channel) isDue(message *waiting) bool {
	for index, other := range c.delayed {
		if other == message {
			c.delayed = append(c.delayed[:index:index], c.delayed[index+1:]...)
			return true
		}
	}
	return false
}

// size is how much room is taken: what has come back takes none.
func (c *channel) size() int {
	count := len(c.delayed)
	for _, message := range c.waiting {
		if !message.isBack {
			count++
		}
	}
	return count
}

// drop drops all that waits and says how many there were.
func (c *channel) drop(s *store) int {
	count := len(c.waiting) + len(c.delayed)
	for _, message := range c.delayed {
		message.withdraw()
	}
	for _, message := range append([]*waiting(nil), c.waiting...) {
		s.forget(message)
	}
	c.waiting, c.delayed = nil, nil
	return count
}

// hasKey says whether a message with the key was taken for the channel (S12).
func (s *store) hasKey(name, key string) bool {
	_, isThere := s.keys[name+" "+key]
	return key != "" && isThere
}

func (s *store) rememberKey(name, key string) {
	if key != "" && !s.hasKey(name, key) {
		s.keys[name+" "+key] = s.clock.Now().Add(s.terms.onceWindow)
	}
}
