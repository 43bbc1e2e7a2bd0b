package seaway

import (
	"sync"
	"time"
)

// deadline ends something at a time that may be set again until it has come, as those of net.Conn.
type deadline struct {
	end func()

	mu     sync.Mutex
	timer  *time.Timer
	isOver bool
}

// set says when; the zero time is never. What is over stays so.
func (d *deadline) set(when time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.isOver || when.IsZero() {
		return
	}
	left := time.Until(when)
	if left <= 0 {
		d.isOver = true
		d.end()
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		// Set again meanwhile.
		if d.timer == timer {
			d.isOver = true
			d.end()
		}
	})
	d.timer = timer
}

func (d *deadline) hasPassed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isOver
}
