package seaway

import (
	"context"
	"errors"
	"time"
)

// sendWhenRoom tries again for as long as the channel is full, or no broker takes anything: one leaves, or is away.
func sendWhenRoom(ctx context.Context, client *Client, channel string, message Message, options ...SendOption) error {
	return tryAgain(ctx, []error{ErrFull, ErrClosing, ErrOffline}, func() error {
		return client.Send(ctx, channel, message, options...)
	})
}

// sendSurely does so too when nobody knows whether the message was stored: it does no harm when it comes twice.
func sendSurely(ctx context.Context, client *Client, channel string, message Message, options ...SendOption) error {
	return tryAgain(ctx, []error{ErrFull, ErrClosing, ErrOffline, ErrUnknown}, func() error {
		return client.Send(ctx, channel, message, options...)
	})
}

// askSurely asks, and once more what has a key and whose outcome is not known: of the same broker, within the failover
// time, and only as long as the key is known there, which is until it is started anew.
func (c *Client) askSurely(ctx context.Context, current *conn, r request) (Frame, error) {
	frame, unknown := current.ask(ctx, r)
	if !r.isOnce || !errors.Is(unknown, ErrUnknown) {
		return frame, unknown
	}
	deadline := time.NewTimer(c.options.Failover)
	defer deadline.Stop()
	for ctx.Err() == nil {
		again, err := c.connection(ctx, deadline.C)
		if err != nil || again.epoch != current.epoch {
			break
		}
		frame, err := again.ask(ctx, r)
		var refusal *Refusal
		switch {
		case err == nil:
			return frame, nil
		case isAny(err, []error{ErrFull, ErrAway, ErrGone, ErrLimit}) && errors.As(err, &refusal) &&
			refusal.Options["by"] != "memory":
			// The key is looked at before these, so the first was refused too.
			return frame, err
		case !isAny(err, []error{errNotSent, ErrUnknown}):
			return Frame{}, unknown
		}
	}
	return Frame{}, unknown
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

func contains(all []string, one string) bool {
	for _, other := range all {
		if other == one {
			return true
		}
	}
	return false
}
