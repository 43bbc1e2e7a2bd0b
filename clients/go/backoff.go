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
	// Made with the first wait, as it is dear, and most need none.
	random *rand.Rand
}

func newBackoff(first, most time.Duration) *backoff {
	return &backoff{first: first, most: most}
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
	if b.random == nil {
		// Seeded, so that clients that lost the same broker do not come back in step.
		b.random = rand.New(rand.NewSource(time.Now().UnixNano()))
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
