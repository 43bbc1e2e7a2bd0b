package seawaytest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"seaway.dev/seaway"
)

const manyArguments = 4096

var verbs map[string]verb

func init() {
	// Of a group first, then channels.
	grouped := func(index int) func(string) bool {
		if index == 0 {
			return seaway.ValidGroup
		}
		return seaway.ValidChannel
	}
	all := func(valid func(string) bool) func(int) func(string) bool {
		return func(int) func(string) bool { return valid }
	}
	first := func(valid func(string) bool) func(int) func(string) bool {
		return func(index int) func(string) bool {
			if index == 0 {
				return valid
			}
			return func(string) bool { return true }
		}
	}
	own := func(name string) bool { return seaway.ValidChannel(name) && !isNormal(name) }
	done := func(c *connection) string { c.say("OK"); return "" }
	verbs = map[string]verb{
		"HELLO": {least: 1, most: 1, do: (*Broker).greet},
		"PING":  {do: func(_ *Broker, c *connection, _ seaway.Frame) string { c.say("PONG"); return "" }},
		"PONG":  {do: func(*Broker, *connection, seaway.Frame) string { return "" }},
		"SEND": {least: 1, most: 1, hasBody: true, options: "Here Capacity Expiry In Once Ack", names: all(seaway.ValidChannel),
			check: checkTerms, do: (*Broker).send},
		"GSEND": {least: 1, most: 1, hasBody: true, options: "Capacity Expiry", names: all(seaway.ValidGroup),
			do: (*Broker).sendGroup},
		"LISTEN": {least: 1, most: manyArguments, options: "members Ack", names: all(seaway.ValidListen),
			check: checkListen, do: (*Broker).listen},
		"UNLISTEN": {least: 1, most: manyArguments, names: all(seaway.ValidListen), do: (*Broker).unlisten},
		"READY": {least: 1, most: 2, do: (*Broker).ready, names: func(index int) func(string) bool {
			if index == 0 {
				return func(string) bool { return true }
			}
			return seaway.ValidListen
		}},
		"JOIN": {least: 2, most: manyArguments, names: grouped, do: (*Broker).join},
		"LEAVE": {least: 2, most: manyArguments, names: grouped,
			do: func(b *Broker, c *connection, frame seaway.Frame) string {
				for _, name := range frame.Args[1:] {
					b.store.leave(frame.Args[0], name)
				}
				return done(c)
			}},
		"PAUSE": {least: 1, most: 1, names: all(own), do: (*Broker).pause},
		"RESUME": {least: 1, most: 1, names: all(own), do: func(b *Broker, c *connection, frame seaway.Frame) string {
			if !b.reads(c, frame.Args[0]) {
				return "reader"
			}
			if one := b.store.channels[frame.Args[0]]; one != nil {
				one.isPaused = false
				b.store.hand(c)
			}
			return done(c)
		}},
		"CLOSE": {least: 1, most: manyArguments, names: all(own),
			do: func(b *Broker, c *connection, frame seaway.Frame) string {
				for _, name := range frame.Args {
					if !b.reads(c, name) {
						return "reader"
					}
				}
				for _, name := range frame.Args {
					b.store.close(name)
				}
				return done(c)
			}},
		"ACK": {least: 2, most: manyArguments, names: first(seaway.ValidChannel), check: checkIDs,
			do: (*Broker).acknowledge},
		"HOLD": {least: 2, most: manyArguments, names: first(seaway.ValidChannel), check: checkIDs, do: (*Broker).hold},
		"NAK": {least: 2, most: 2, options: "In Dead Why", names: first(seaway.ValidChannel), check: checkNak,
			do: (*Broker).giveBack},
		"MEMBERS": {least: 1, most: 1, names: all(seaway.ValidGroup), do: (*Broker).listMembers},
		"PEEK":    {least: 1, most: 1, names: all(seaway.ValidChannel), do: (*Broker).peek},
		"FLUSH":   {most: 1, names: all(seaway.ValidPattern), do: (*Broker).flush},
		"QUIT":    {do: (*Broker).quit},
	}
}

// reads says whether a connection reads a reply or pinned channel.
func (b *Broker) reads(c *connection, name string) bool {
	for _, reader := range b.store.candidates(name) {
		if reader.to == c {
			return true
		}
	}
	return false
}

func (b *Broker) send(c *connection, frame seaway.Frame) string {
	limits, _ := readBounds(frame.Options)
	_, mustBeHeard := frame.Options["Here"]
	name, body, answer := frame.Args[0], oneLine(frame.Body), "OK"
	delay, isLater := frame.Options["In"]
	code := ""
	switch {
	case b.store.hasKey(name, frame.Options["Once"]):
		answer = "OK once=1"
	case isLater:
		count, _ := readNumber(delay, 1, mostDelay)
		code = b.sendLater(name, body, mustBeHeard, limits, milliseconds(count))
	default:
		code = b.store.send(name, body, mustBeHeard, limits)
	}
	if code != "" {
		return code
	}
	b.store.rememberKey(name, frame.Options["Once"])
	if message := b.store.known[frame.Options["Ack"]]; message != nil && message.holder == c {
		b.store.forget(message)
		b.store.hand(c)
	}
	c.say(answer)
	return ""
}

func (b *Broker) sendGroup(c *connection, frame seaway.Frame) string {
	limits, _ := readBounds(frame.Options)
	sent, full, gone := b.store.sendGroup(frame.Args[0], frame.Options["except"], oneLine(frame.Body), limits)
	c.say(fmt.Sprintf("OK sent=%d full=%d gone=%d", sent, full, gone))
	return ""
}

func (b *Broker) listen(c *connection, frame seaway.Frame) string {
	_, isThere := frame.Options["members"]
	state := ""
	for _, name := range frame.Args {
		isMailbox := strings.HasSuffix(name, "!")
		if isMailbox && state == "" {
			state = " state=kept"
		}
		if _, isHeld := b.store.mailboxes[name]; isMailbox && !isHeld {
			state = " state=fresh"
		}
		b.read(c, name, isMailbox && isThere)
		for _, reader := range b.store.readers[name] {
			if reader.to == c {
				reader.isAcknowledged = frame.Options["Ack"] != ""
			}
		}
		if isMailbox || strings.Contains(name, "?") {
			b.store.mailboxes[name] = time.Time{}
		}
	}
	c.say("OK" + state)
	b.store.hand(c)
	for _, name := range frame.Args {
		if isNormal(name) && b.next != nil {
			close(b.next)
			b.next = nil
		}
	}
	return ""
}

// read makes a connection a reader; of what has one reader it takes over (L2).
func (b *Broker) read(c *connection, name string, members bool) {
	for _, reader := range b.store.readers[name] {
		if reader.to == c {
			if members && !reader.members {
				reader.members = true
				b.tellMembers(c, name)
			}
			return
		}
	}
	reader := &reading{to: c, name: name, members: members}
	if isNormal(name) {
		b.store.readers[name] = append(b.store.readers[name], reader)
		return
	}
	for _, before := range b.store.readers[name] {
		before.to.say("LOST " + name)
	}
	for other, one := range b.store.channels {
		if other == name || mailboxOf(other) == name {
			one.isPaused = false
		}
	}
	b.store.readers[name] = []*reading{reader}
	if members {
		b.tellMembers(c, name)
	}
}

// tellMembers tells all memberships of a mailbox (L5).
func (b *Broker) tellMembers(c *connection, mailbox string) {
	for group := range b.store.groups {
		line := ""
		for _, member := range b.store.members(group) {
			if mailboxOf(member) == mailbox {
				line += " " + member
			}
		}
		if line != "" {
			c.say("JOINED " + group + line)
		}
	}
}

func (b *Broker) unlisten(c *connection, frame seaway.Frame) string {
	for _, name := range frame.Args {
		b.leaveOff(c, name)
	}
	c.say("OK")
	return ""
}

func (b *Broker) leaveOff(c *connection, name string) {
	if b.stopReading(c, name) && strings.HasSuffix(name, "!") {
		b.store.endMailbox(name)
	}
}

func (b *Broker) ready(c *connection, frame seaway.Frame) string {
	count, isGood := readNumber(frame.Args[0], 0, 1_000_000_000)
	if !isGood {
		return c.breakOff()
	}
	account := &c.common
	if len(frame.Args) == 2 {
		account = nil
		for _, reader := range b.store.readers[frame.Args[1]] {
			if reader.to == c {
				if reader.account == nil {
					reader.account = new(int)
				}
				account = reader.account
			}
		}
	}
	switch {
	case account == nil:
	case count == 0:
		*account = 0
	default:
		*account += count
		b.store.hand(c)
	}
	return ""
}

// breakOff ends a connection that says what cannot be answered.
func (c *connection) breakOff() string {
	c.say("BYE line what cannot be answered")
	c.end()
	return ""
}

func (b *Broker) join(c *connection, frame seaway.Frame) string {
	for _, name := range frame.Args[1:] {
		if one := b.store.channels[name]; one != nil && !one.closed.IsZero() {
			return "gone"
		}
	}
	for _, name := range frame.Args[1:] {
		b.store.join(frame.Args[0], name)
	}
	c.say("OK")
	return ""
}

func (b *Broker) pause(c *connection, frame seaway.Frame) string {
	if !b.reads(c, frame.Args[0]) {
		return "reader"
	}
	b.store.channel(frame.Args[0]).isPaused = true
	c.say("OK")
	return ""
}

func (b *Broker) quit(c *connection, _ seaway.Frame) string {
	b.store.giveBackAll(c, 0)
	for name := range b.store.readers {
		b.leaveOff(c, name)
	}
	c.say("OK")
	c.end()
	return ""
}

func (b *Broker) listMembers(c *connection, frame seaway.Frame) string {
	members := b.store.members(frame.Args[0])
	list := make([]any, len(members))
	for index, name := range members {
		list[index] = name
	}
	return c.data(inOrder{"group", frame.Args[0], "total", len(list), "members", list})
}

func (b *Broker) peek(c *connection, frame seaway.Frame) string {
	now, size := b.clock.Now(), 0
	one := b.store.channels[frame.Args[0]]
	if one == nil {
		one = &channel{}
	}
	head := make([]any, len(one.waiting))
	for index, message := range one.waiting {
		size += len(message.body)
		fields := inOrder{"age", now.Sub(message.sent).Milliseconds()}
		if message.isBack {
			fields = append(fields, "left", nil, "times", message.times)
		} else {
			fields = append(fields, "left", message.expires.Sub(now).Milliseconds())
		}
		head[index] = append(fields, "bytes", len(message.body), "message", json.RawMessage(message.body))
	}
	return c.data(inOrder{
		"channel", frame.Args[0], "messages", len(head), "bytes", size,
		"readers", len(b.store.candidates(frame.Args[0])), "paused", one.isPaused, "head", head,
	})
}

// inOrder is a map as JSON, keys and values in turn, whose order the page of the protocol gives (Q1).
type inOrder []any

func (m inOrder) MarshalJSON() ([]byte, error) {
	text := []byte("{")
	for index, part := range m {
		piece, err := json.Marshal(part)
		if err != nil {
			return nil, err
		}
		switch {
		case index%2 == 1:
			text = append(text, ':')
		case index > 0:
			text = append(text, ',')
		}
		text = append(text, piece...)
	}
	return append(text, '}'), nil
}

func (c *connection) data(fields inOrder) string {
	body, err := json.Marshal(fields)
	if err != nil {
		return "limit of=memory"
	}
	c.say("DATA :" + strconv.Itoa(len(body)) + "\n" + string(body))
	return ""
}

func (b *Broker) flush(c *connection, frame seaway.Frame) string {
	pattern := append(frame.Args, "*")[0]
	messages, memberships := 0, 0
	for name, one := range b.store.channels {
		if seaway.MatchPattern(pattern, name) {
			messages += one.drop(b.store)
		}
	}
	for group := range b.store.groups {
		if seaway.MatchPattern(pattern, group) {
			for _, member := range b.store.members(group) {
				memberships++
				b.store.leave(group, member)
			}
		}
	}
	c.say(fmt.Sprintf("OK messages=%d memberships=%d", messages, memberships))
	return ""
}
