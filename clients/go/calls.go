package seaway

import (
	"context"
	"fmt"
	"strconv"
)

// Send puts a message on a channel and waits until the broker has it, in memory.
//
// Nothing is stored when the error is a refusal: [ErrFull] (try later), [ErrGone], [ErrSize], [ErrPayload], [ErrName],
// [ErrClosing] … It is stored or not when it is [ErrUnknown].
func (c *Client) Send(ctx context.Context, channel string, message Message, options ...SendOption) error {
	return c.send(ctx, channel, "", message, options)
}

// SendInStream is [Client.Send] of a message that belongs together with others, such as the events of one connection:
// over several brokers all of a stream go through one, and so keep their order, though the channel is a normal one. The
// stream is a reply channel.
func (c *Client) SendInStream(
	ctx context.Context, stream, channel string, message Message, options ...SendOption,
) error {
	if form := formOf(stream); form != replyName && form != pinnedName {
		return refuse("SEND", "name", fmt.Sprintf("%q is no stream, which is a reply channel such as a!1", cutText(stream)))
	}
	return c.send(ctx, channel, stream, message, options)
}

// SendHere puts a message on a channel only if somebody listens on it; else [ErrAway].
func (c *Client) SendHere(ctx context.Context, channel string, message Message, options ...SendOption) error {
	return c.send(ctx, channel, "", message, options, "Here=1")
}

func (c *Client) send(
	ctx context.Context, channel, stream string, message Message, options []SendOption, words ...string,
) error {
	if !ValidChannel(channel) {
		return channelRefusal("SEND", channel)
	}
	words, bounds, err := requestWords("SEND", channel, words, options)
	if err != nil {
		return err
	}
	body, err := EncodeMessage(message)
	if err != nil {
		return err
	}
	if bounds.answered != nil {
		words = append(words, bounds.answered.word())
	}
	request := newRequest("SEND", body, words...)
	request.answered = bounds.answered
	request.stream, request.features, request.isOnce = stream, bounds.features(), bounds.once != ""
	if request.isOnce && stream == "" && formOf(channel) == normalName {
		// Of several brokers the same one has the key.
		request.stream = "once?" + bounds.once
	}
	_, err = c.do(ctx, request)
	return err
}

// requestWords are the words of a send: its name, and what bounds it.
func requestWords(
	verb, name string, words []string, options []SendOption,
) (all []string, bounds sendBounds, err error) {
	words = append([]string{name}, words...)
	if len(options) == 0 {
		return words, bounds, nil
	}
	if bounds, err = readBounds(options); err != nil {
		return nil, bounds, err
	}
	words = append(words, bounds.words()...)
	return words, bounds, checkLine(verb, words)
}

// GroupResult says where a message to a group went.
type GroupResult struct {
	// Sent members have it, or it is stored for them; Full had no room; Gone were found ended.
	Sent, Full, Gone int
}

// SendGroup sends a message to every member that has room. Members without room do not make it an error.
//
// except names one channel that does not get it, "" for none; the options hold for each member.
func (c *Client) SendGroup(
	ctx context.Context, group string, message Message, except string, options ...SendOption,
) (GroupResult, error) {
	var words []string
	if !ValidGroup(group) {
		return GroupResult{}, groupRefusal("GSEND", group)
	}
	if except != "" {
		if !ValidChannel(except) {
			return GroupResult{}, channelRefusal("GSEND", except)
		}
		words = append(words, "except="+except)
	}
	words, bounds, err := requestWords("GSEND", group, words, options)
	if err == nil && (bounds.delay > 0 || bounds.once != "") {
		err = refuse("GSEND", "option", "In and Once are for messages to channels, this one is for a group")
	}
	if err != nil {
		return GroupResult{}, err
	}
	body, err := EncodeMessage(message)
	if err != nil {
		return GroupResult{}, err
	}
	frame, err := c.do(ctx, newRequest("GSEND", body, words...))
	if err != nil {
		return GroupResult{}, err
	}
	return GroupResult{count(frame, "sent"), count(frame, "full"), count(frame, "gone")}, nil
}

// Join makes channels members of a group; all or none. At most as many as fit a line of 4,096 bytes.
//
// Memberships of channels that this client reads are made anew when a broker lost them.
func (c *Client) Join(ctx context.Context, group string, channels ...string) error {
	if err := c.membershipCall(ctx, "JOIN", group, channels); err != nil {
		return err
	}
	c.remember(group, channels)
	return nil
}

// Leave ends memberships; one that is not there is no error.
func (c *Client) Leave(ctx context.Context, group string, channels ...string) error {
	if err := c.membershipCall(ctx, "LEAVE", group, channels); err != nil {
		return err
	}
	c.unremember(group, channels)
	return nil
}

func (c *Client) membershipCall(ctx context.Context, verb, group string, channels []string) error {
	if !ValidGroup(group) {
		return groupRefusal(verb, group)
	}
	return c.onChannels(ctx, verb, []string{group}, channels)
}

// onChannels sends a request that names one channel or more.
func (c *Client) onChannels(ctx context.Context, verb string, words, channels []string) error {
	for _, channel := range channels {
		if !ValidChannel(channel) {
			return channelRefusal(verb, channel)
		}
	}
	if len(channels) == 0 {
		return refuse(verb, "args", "a request names one channel at least, this one names none")
	}
	request := newRequest(verb, nil, append(words, channels...)...)
	// The LF is not counted (F3).
	if size := len(request.wire) - 1; size > defaultMaxLine {
		return refuse(verb, "args", fmt.Sprintf(
			"a request has at most %d bytes, this one of %d channels has %d", defaultMaxLine, len(channels), size))
	}
	_, err := c.do(ctx, request)
	return err
}

// Pause holds back one reply or pinned channel that this client reads, so that its senders meet [ErrFull].
func (c *Client) Pause(ctx context.Context, channel string) error {
	return c.onChannels(ctx, "PAUSE", nil, []string{channel})
}

// Resume ends a pause.
func (c *Client) Resume(ctx context.Context, channel string) error {
	return c.onChannels(ctx, "RESUME", nil, []string{channel})
}

// CloseChannels says that reply or pinned channels that this client reads are over: memberships, queue and pause end,
// and senders meet [ErrGone].
func (c *Client) CloseChannels(ctx context.Context, channels ...string) error {
	if err := c.onChannels(ctx, "CLOSE", nil, channels); err != nil {
		return err
	}
	c.unrememberAll(channels)
	return nil
}

// Ping asks the broker for a sign of life.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.do(ctx, newRequest("PING", nil))
	return err
}

// Page limits what [Client.Members], [Client.Peek] and [Client.Stats] return; the zero value is the first 100.
type Page struct {
	// Limit is 1 to 1,000.
	Limit int
	// After is the "next" of the page before.
	After string
}

func (p Page) words() []string {
	var words []string
	if p.Limit != 0 {
		words = append(words, "limit="+strconv.Itoa(p.Limit))
	}
	if p.After != "" {
		words = append(words, "after="+p.After)
	}
	return words
}

// Members lists a group: "total", "members", and "next" when there are more.
func (c *Client) Members(ctx context.Context, group string, page Page) (Message, error) {
	if !ValidGroup(group) {
		return nil, groupRefusal("MEMBERS", group)
	}
	return c.query(ctx, "MEMBERS", []string{group}, page)
}

// Peek looks at what waits on a channel and takes nothing: "messages", "bytes", "readers", "paused", "head".
func (c *Client) Peek(ctx context.Context, channel string, page Page) (Message, error) {
	if !ValidChannel(channel) {
		return nil, channelRefusal("PEEK", channel)
	}
	return c.query(ctx, "PEEK", []string{channel}, page)
}

// Stats are the broker's figures; with "channels", "groups" or "connections", a page of those.
func (c *Client) Stats(ctx context.Context, kind string, page Page) (Message, error) {
	if kind == "" {
		return c.query(ctx, "STATS", nil, page)
	}
	return c.query(ctx, "STATS", []string{kind}, page)
}

func (c *Client) query(ctx context.Context, verb string, words []string, page Page) (Message, error) {
	if page.Limit < 0 || page.Limit > mostOnPage {
		return nil, outOfRange("a page's limit", 1, mostOnPage, page.Limit)
	}
	words = append(words, page.words()...)
	for _, word := range words {
		if word == "" || !isPlainWord(word) {
			return nil, refuse(verb, "args", fmt.Sprintf("%q", word))
		}
	}
	frame, err := c.do(ctx, newRequest(verb, nil, words...))
	if err != nil {
		return nil, err
	}
	return DecodeMessage(frame.Body)
}

// Flush drops the messages of every channel and the memberships of every group whose name matches the pattern, "" for
// all, and says how many.
func (c *Client) Flush(ctx context.Context, pattern string) (messages, memberships int, err error) {
	var words []string
	if pattern != "" {
		if !ValidPattern(pattern) {
			return 0, 0, patternRefusal("FLUSH", pattern)
		}
		words = []string{pattern}
	}
	frame, err := c.do(ctx, newRequest("FLUSH", nil, words...))
	return count(frame, "messages"), count(frame, "memberships"), err
}

func count(frame Frame, key string) int {
	number, err := strconv.Atoi(frame.Options[key])
	if err != nil {
		return 0
	}
	return number
}
