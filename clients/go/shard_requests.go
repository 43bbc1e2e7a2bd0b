package seaway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Where requests go

func (s *shards) do(ctx context.Context, r request) (Frame, error) {
	line := r.wire[:bytes.IndexByte(r.wire, '\n')]
	var words []string
	for _, word := range strings.Fields(string(line))[1:] {
		if !strings.HasPrefix(word, ":") {
			words = append(words, word)
		}
	}
	switch r.verb {
	case "SEND", "PEEK":
		isHere := contains(words[1:], "Here=1")
		return s.one(ctx, r, isHere, func(without map[string]bool) string {
			return s.places.forChannel(words[0], r.stream, without, s.now())
		})
	case "GSEND", "MEMBERS", "STATS":
		name := ""
		if r.verb != "STATS" {
			name = words[0]
		}
		return s.one(ctx, r, false, func(without map[string]bool) string {
			return s.places.forGroup(name, without, s.now())
		})
	case "WATCH":
		return s.watch(ctx, r, watch{words[0], words[1]})
	case "UNWATCH":
		return s.unwatch(ctx, r, watch{words[0], words[1]})
	default:
		if r.verb == "LEAVE" {
			// At once, so that a broker that comes meanwhile is not told to join.
			s.unremember(words[0], words[1:])
		}
		return s.all(ctx, r)
	}
}

// one asks the broker that is chosen, and the next one when it has surely not taken the request (B10).
func (s *shards) one(
	ctx context.Context, r request, isHere bool, choose func(without map[string]bool) string,
) (Frame, error) {
	deadline := time.NewTimer(s.client.options.Wait)
	defer deadline.Stop()
	without := make(map[string]bool)
	var refused error
	for {
		s.mu.Lock()
		part, changed := s.live[choose(without)], s.changed
		s.mu.Unlock()
		if part == nil {
			if refused != nil {
				return Frame{}, refused
			}
			if err := s.wait(ctx, changed, deadline.C); err != nil {
				return Frame{}, err
			}
			without = make(map[string]bool)
			continue
		}
		frame, err := part.client.try(ctx, r)
		switch {
		case errors.Is(err, errNotSent):
		case errors.Is(err, ErrClosing), isHere && errors.Is(err, ErrAway):
			refused = err
		default:
			return frame, err
		}
		s.mu.Lock()
		without[part.identity] = true
		s.mu.Unlock()
	}
}

// wait waits until a broker comes or goes.
func (s *shards) wait(ctx context.Context, changed <-chan struct{}, deadline <-chan time.Time) error {
	if err := s.overReason(); err != nil {
		return err
	}
	select {
	case <-changed:
		return nil
	case <-deadline:
		return because(ErrOffline, s.parts[0].client.reasonOffline())
	case <-ctx.Done():
		return because(ErrOffline, ctx.Err())
	}
}

// overReason is why there will never be another connection to any of them.
func (s *shards) overReason() error {
	s.client.mu.Lock()
	err := s.client.over
	s.client.mu.Unlock()
	if err != nil {
		return err
	}
	for _, part := range s.parts {
		part.client.mu.Lock()
		err = part.client.over
		part.client.mu.Unlock()
		if err == nil {
			return nil
		}
	}
	return err
}

// all asks every live broker; done when one has done it and none has refused (B14). What a FLUSH counts is added up.
func (s *shards) all(ctx context.Context, r request) (Frame, error) {
	deadline := time.NewTimer(s.client.options.Wait)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		parts := make([]*shardPart, 0, len(s.live))
		for _, part := range s.live {
			parts = append(parts, part)
		}
		s.mu.Unlock()
		frame, err := askAll(ctx, r, parts)
		if !errors.Is(err, errNotSent) {
			return frame, err
		}
		if err := s.wait(ctx, changed, deadline.C); err != nil {
			return Frame{}, err
		}
	}
}

func askAll(ctx context.Context, r request, parts []*shardPart) (Frame, error) {
	answers := make(chan answer, len(parts))
	for _, part := range parts {
		part := part
		go func() {
			frame, err := part.client.try(ctx, r)
			answers <- answer{frame, err}
		}()
	}
	done, outcome := 0, errNotSent
	var refused error
	result := Frame{Verb: "OK", Options: make(map[string]string)}
	for range parts {
		got := <-answers
		var refusal *Refusal
		switch {
		case got.err == nil:
			done++
			for key := range got.frame.Options {
				result.Options[key] = fmt.Sprint(count(result, key) + count(got.frame, key))
			}
		case errors.As(got.err, &refusal):
			refused = got.err
		case !errors.Is(got.err, errNotSent):
			outcome = got.err
		}
	}
	switch {
	case refused != nil:
		return Frame{}, refused
	case done > 0:
		return result, nil
	default:
		return Frame{}, outcome
	}
}

// Members

func (s *shards) remember(group string, channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members.remember(group, channels)
}

func (s *shards) unremember(group string, channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members.unremember(group, channels)
}

func (s *shards) closed(channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, channel := range channels {
		s.members.closed(channel)
	}
}

// Watches

func (s *shards) watch(ctx context.Context, r request, w watch) (Frame, error) {
	frame, err := s.one(ctx, r, false, func(without map[string]bool) string {
		identity := s.places.forGroup(w.group, without, s.now())
		if before := s.watched[w]; before != nil && before != s.live[identity] {
			go before.client.unwatchAt(w)
		}
		s.watched[w] = s.live[identity]
		return identity
	})
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watched, w)
	}
	return frame, err
}

func (s *shards) unwatch(ctx context.Context, r request, w watch) (Frame, error) {
	s.mu.Lock()
	part := s.watched[w]
	delete(s.watched, w)
	s.mu.Unlock()
	if part == nil {
		return Frame{Verb: "OK"}, nil
	}
	frame, err := part.client.try(ctx, r)
	if errors.Is(err, errNotSent) {
		// It has ended with the connection.
		return Frame{Verb: "OK"}, nil
	}
	return frame, err
}

// moveWatches takes each watch to the broker that sends to its group go to (B20).
func (s *shards) moveWatches(ctx context.Context) {
	s.mu.Lock()
	moves := make(map[watch]*shardPart)
	for w, before := range s.watched {
		part := s.live[s.places.forGroup(w.group, nil, s.now())]
		if part == nil || part == before {
			continue
		}
		if before != nil {
			go before.client.unwatchAt(w)
		}
		s.watched[w] = part
		moves[w] = part
	}
	s.mu.Unlock()
	for w, part := range moves {
		if _, err := part.client.try(ctx, newRequest("WATCH", nil, w.group, w.channel)); err != nil {
			s.client.logger.Printf("seaway: cannot watch %s on %s again: %v", w.group, w.channel, err)
		}
	}
}

func (c *Client) unwatchAt(w watch) {
	ctx, cancel := context.WithTimeout(context.Background(), c.options.Wait)
	defer cancel()
	_, _ = c.try(ctx, newRequest("UNWATCH", nil, w.group, w.channel))
}
