package seawaytest

import (
	"sort"
	"sync"
	"time"
)

// Clock stands still until it is moved, by [Site.Advance]. It begins at an hour of no meaning.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	alarms []*alarm
	number int
}

// alarm is a call that is due at a time.
type alarm struct {
	when   time.Time
	number int
	call   func()
}

func newClock() *Clock { return &Clock{now: time.Unix(1_700_000_000, 0)} }

// Now is the time by this clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// after has a call made when so much time has passed; what is returned withdraws it.
func (c *Clock) after(span time.Duration, call func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number++
	one := &alarm{c.now.Add(span), c.number, call}
	c.alarms = append(c.alarms, one)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for index, other := range c.alarms {
			if other == one {
				c.alarms = append(c.alarms[:index], c.alarms[index+1:]...)
				return
			}
		}
	}
}

// advance moves the clock, and makes the calls that are due, each at its time, the earliest first.
func (c *Clock) advance(span time.Duration) {
	c.mu.Lock()
	end := c.now.Add(span)
	for {
		sort.Slice(c.alarms, func(i, j int) bool {
			first, second := c.alarms[i], c.alarms[j]
			return first.when.Before(second.when) || first.when.Equal(second.when) && first.number < second.number
		})
		if len(c.alarms) == 0 || c.alarms[0].when.After(end) {
			break
		}
		due := c.alarms[0]
		c.alarms = c.alarms[1:]
		if due.when.After(c.now) {
			c.now = due.when
		}
		c.mu.Unlock()
		due.call()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}
