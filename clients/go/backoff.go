package seaway

import (
	"context"
	"math/rand"
	"time"
)

// backoff spreads attempts over time: each wait is drawn between half and all of a span that doubles.
type backoff struct {
	first, most time.Duration
	span        time.Duration
	random      *rand.Rand
}

func newBackoff(first, most time.Duration) *backoff {
	// Seeded, so that clients that lost the same broker do not come back in step.
	return &backoff{first: first, most: most, random: rand.New(rand.NewSource(time.Now().UnixNano()))}
}

func (b *backoff) reset() { b.span = 0 }

func (b *backoff) next() time.Duration {
	b.span *= 2
	if b.span < b.first {
		b.span = b.first
	}
	if b.span > b.most {
		b.span = b.most
	}
	return b.span/2 + time.Duration(b.random.Int63n(int64(b.span/2)+1))
}

// wait sleeps for the next span; false when the context ended before.
func (b *backoff) wait(ctx context.Context) bool {
	timer := time.NewTimer(b.next())
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
