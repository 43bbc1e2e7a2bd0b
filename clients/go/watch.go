package seaway

import (
	"context"
	"errors"
)

// watch is a channel that is told of a group.
type watch struct{ group, channel string }

// Watch has a channel told who joins and leaves a group, by messages that [ReadGroupNews] reads: first who is in it, then
// each change. Whoever reads the channel gets them; several clients that watch a group on one channel make one watch.
//
// The client goes on watching when the connection breaks; the whole is told again then. To watch again asks for the whole.
// After an [ErrUnknown] it is in force on the next connection at the latest.
func (c *Client) Watch(ctx context.Context, group, channel string) error {
	// Noted first, so that a connection that is made meanwhile has it too.
	c.mu.Lock()
	_, isThere := c.watches[watch{group, channel}]
	if !isThere {
		c.watches[watch{group, channel}] = false
	}
	c.mu.Unlock()
	err := c.watchCall(ctx, "WATCH", group, channel)
	var refusal *Refusal
	switch {
	case err == nil, errors.Is(err, ErrUnknown):
		c.mu.Lock()
		c.watches[watch{group, channel}] = true
		c.mu.Unlock()
	case !isThere, errors.As(err, &refusal):
		c.forgetWatch(watch{group, channel})
	}
	return err
}

// Unwatch ends a [Client.Watch]; what waits on the channel still comes.
func (c *Client) Unwatch(ctx context.Context, group, channel string) error {
	// First, so that no new connection brings it back.
	c.forgetWatch(watch{group, channel})
	return c.watchCall(ctx, "UNWATCH", group, channel)
}

func (c *Client) watchCall(ctx context.Context, verb, group, channel string) error {
	if !ValidGroup(group) {
		return groupRefusal(verb, group)
	}
	return c.onChannels(ctx, verb, []string{group}, []string{channel})
}

func (c *Client) forgetWatch(w watch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.watches, w)
}

// watchAgain watches everything on a new connection: watches end with theirs (T2).
func (c *Client) watchAgain(ctx context.Context, current *conn) error {
	c.mu.Lock()
	watches := make(map[watch]bool, len(c.watches))
	for w, isGranted := range c.watches {
		watches[w] = isGranted
	}
	c.mu.Unlock()
	for w, isGranted := range watches {
		_, err := current.ask(ctx, newRequest("WATCH", nil, w.group, w.channel))
		switch {
		case err == nil:
		case isTemporary(err, isGranted):
			return err
		case isGranted:
			c.logger.Printf("seaway: cannot watch %s on %s again: %v", w.group, w.channel, err)
			c.forgetWatch(w)
		}
	}
	return nil
}

// GroupNews is what a channel is told of a group (T3).
type GroupNews struct {
	Group string
	// Count is how many members the group has with this. Who keeps a list of them and finds another number has missed
	// a message, and says [Client.Watch] again.
	Count int
	// IsWhole tells that Members are who is in the group, and not Joined and Left what has changed.
	IsWhole bool
	// Members are sorted, 1,000 at most; when there are more, Next is where a [Page] of [Client.Members] goes on.
	Members []string
	Next    string
	// Joined and Left are sorted, 1,000 at most in both.
	Joined, Left []string
}

// ReadGroupNews reads a message of a watch; false when it is none.
func ReadGroupNews(message Message) (GroupNews, bool) {
	group, hasGroup := message["group"].(string)
	count, hasCount := message["count"].(int64)
	news := GroupNews{Group: group, Count: int(count), Next: message.Text("next")}
	var hasJoined, hasLeft bool
	news.Members, news.IsWhole = asTexts(message["members"])
	news.Joined, hasJoined = asTexts(message["joined"])
	news.Left, hasLeft = asTexts(message["left"])
	return news, hasGroup && hasCount && (news.IsWhole || hasJoined && hasLeft)
}

// asTexts reads a list of strings alone.
func asTexts(value any) ([]string, bool) {
	list, isList := value.([]any)
	texts := make([]string, 0, len(list))
	for _, item := range list {
		text, isText := item.(string)
		if !isText {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, isList
}
