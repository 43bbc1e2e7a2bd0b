package seaway

import (
	"context"
	"errors"
	"time"
)

// sendWhenRoom tries again for as long as the channel is full, or no broker takes anything: one leaves, or is away.
func sendWhenRoom(ctx context.Context, client *Client, channel string, message Message) error {
	return tryAgain(ctx, []error{ErrFull, ErrClosing, ErrOffline}, func() error {
		return client.Send(ctx, channel, message)
	})
}

// sendSurely does so too when nobody knows whether the message was stored: it does no harm when it comes twice.
func sendSurely(ctx context.Context, client *Client, channel string, message Message) error {
	return tryAgain(ctx, []error{ErrFull, ErrClosing, ErrOffline, ErrUnknown}, func() error {
		return client.Send(ctx, channel, message)
	})
}

// tryAgain tries until the error is none that passes, or the context ends: with that error, waiting longer each time.
func tryAgain(ctx context.Context, passing []error, attempt func() error) error {
	pause := newBackoff(5*time.Millisecond, time.Second)
	for {
		err := attempt()
		if !isAny(err, passing) || !pause.wait(ctx) {
			return err
		}
	}
}

func isAny(err error, kinds []error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
