package seawaytest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"seaway.dev/seaway"
)

func (s *server) ask(request *http.Request) (*Browser, error) {
	number := s.number()
	b := &Browser{
		server: s, number: number, path: request.URL.Path, send: sends + number, controlled: controls + number,
		decided: make(chan struct{}), changed: make(chan struct{}), awaited: -1, stopTimer: func() {},
	}
	message := requestFields(request)
	message["scheme"] = strings.Replace(message.Text("scheme"), "http", "ws", 1)
	for key, value := range b.event("websocket.connect") {
		message[key] = value
	}
	var offered []any
	for _, value := range request.Header.Values("Sec-WebSocket-Protocol") {
		for _, one := range strings.Split(value, ",") {
			offered = append(offered, strings.TrimSpace(one))
		}
	}
	message["subprotocols"] = offered
	b.connects = s.channelOf(&s.connects, request.URL.Path, "websocket.connect")
	s.mu.Lock()
	s.browsers[number] = b
	s.mu.Unlock()
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.client.Send(limit, b.connects, message)
	if errors.Is(err, seaway.ErrFull) {
		b.decide(errorAnswer(http.StatusServiceUnavailable))
		s.forget(b)
		return b, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.isDecided && !b.isEnded {
		b.stopTimer = s.clock.after(connectTimeout, func() { b.refuse(errorAnswer(http.StatusServiceUnavailable)) })
	}
	return b, err
}

func (s *server) forget(b *Browser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.browsers, b.number)
}

// event is a new one; called with the lock held, or before anybody knows of the browser.
func (b *Browser) event(kind string) seaway.Message {
	message := seaway.Message{
		"type": kind, "reply_channel": b.send, "control_channel": b.controlled, "path": b.path, "order": b.order,
	}
	b.order++
	return message
}

// decide notes the decision; nil is an acceptance. Called without the lock.
func (b *Browser) decide(refusal *Answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isDecided {
		return
	}
	b.isDecided, b.refusal = true, refusal
	b.stopTimer()
	close(b.decided)
}

func (b *Browser) refuse(answer *Answer) {
	b.decide(answer)
	b.end(1006, "")
}

// take is one message of a worker (W7, W9, W11).
func (b *Browser) take(message seaway.Message, isOfGroup bool) {
	b.mu.Lock()
	isDecided := b.isDecided
	b.mu.Unlock()
	if !isDecided {
		if isOfGroup {
			return
		}
		if !b.takeDecision(message) {
			return
		}
	}
	fault := b.hear(message)
	switch {
	case fault && !isOfGroup && isDecided:
		b.end(1011, "")
	case message["close"] != nil:
		code := message.Int("close")
		if code == 0 {
			code = 1000
		}
		b.end(int(code), message.Text("reason"))
	}
}

// takeDecision says whether there is more in the message to be done.
func (b *Browser) takeDecision(message seaway.Message) bool {
	accept, isSaid := message["accept"].(bool)
	if !isSaid {
		accept = message["text"] != nil || message["bytes"] != nil
	}
	if !accept && !isSaid && message["close"] == nil {
		b.refuse(errorAnswer(http.StatusBadGateway))
		return false
	}
	head := answerOf(message.Int("status"), message.Header("headers"))
	if !accept {
		if head.Status == 0 {
			head.Status = http.StatusForbidden
		}
		head.Body = message.Bytes("content")
		b.refuse(head)
		return false
	}
	b.mu.Lock()
	b.Subprotocol, b.Header = message.Text("subprotocol"), head.Header
	b.isSerial, b.receiveChannel = message.Bool("serial"), message.Text("receive_channel")
	b.mu.Unlock()
	b.decide(nil)
	return message["text"] != nil || message["bytes"] != nil || message["close"] != nil
}

// hear takes text or bytes; true when the message says nothing that a browser could be told.
func (b *Browser) hear(message seaway.Message) (isFault bool) {
	text, isText := message["text"].(string)
	content := message.Bytes("bytes")
	if !isText && content == nil {
		return message["close"] == nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isEnded {
		return false
	}
	if isText {
		content = []byte(text)
	}
	b.heard = append(b.heard, seaway.SocketMessage{Content: content, IsText: isText})
	b.change()
	return false
}

// control is a message on the control channel (W14).
func (b *Browser) control(message seaway.Message) {
	b.mu.Lock()
	if channel, isThere := message["receive_channel"]; isThere {
		b.receiveChannel, _ = channel.(string)
	}
	if done, isThere := message["done"].(int64); isThere && done == b.awaited {
		b.isDone()
	}
	b.mu.Unlock()
	if message["close"] != nil {
		code := message.Int("close")
		if code == 0 {
			code = 1000
		}
		b.end(int(code), message.Text("reason"))
	}
}

// isDone: the event that was waited for is dealt with; called with the lock held.
func (b *Browser) isDone() {
	b.awaited = -1
	b.stopTimer()
	b.change()
	b.tellNext()
}

// change wakes who waits; called with the lock held.
func (b *Browser) change() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// end closes the socket, and tells a worker of it when no other event is under way (W5).
func (b *Browser) end(code int, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isEnded {
		return
	}
	b.isEnded, b.code, b.reason = true, code, reason
	b.change()
	last := b.event("websocket.disconnect")
	last["code"], last["reason"] = code, reason
	go func() {
		b.server.closeChannels(b.send)
		b.say(last)
	}()
}

// say puts an event behind those that wait.
func (b *Browser) say(event seaway.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, event)
	b.tellNext()
}

// tellNext tells the next event, if it may; called with the lock held.
func (b *Browser) tellNext() {
	if b.isTelling || b.awaited >= 0 || len(b.events) == 0 {
		return
	}
	event := b.events[0]
	b.events = b.events[1:]
	b.isTelling = true
	isLast := event.Text("type") == "websocket.disconnect"
	if b.isSerial && !isLast {
		event["serial"] = true
		b.awaited = event.Int("order")
		b.stopTimer = b.server.clock.after(doneTimeout, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.awaited == event.Int("order") {
				b.isDone()
			}
		})
	}
	go func() {
		b.tell(event)
		if isLast {
			b.server.closeChannels(b.controlled)
			b.server.forget(b)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.isTelling, b.isTold = false, isLast
		b.change()
		b.tellNext()
	}()
}

// tell sends an event to the channel that is the socket's own, or to the shared one (W18).
func (b *Browser) tell(event seaway.Message) {
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for limit.Err() == nil {
		b.mu.Lock()
		own := b.receiveChannel
		b.mu.Unlock()
		var err error
		if own != "" {
			err = b.server.client.SendHere(limit, own, event)
		} else {
			kind := strings.TrimPrefix(event.Text("type"), "websocket.")
			err = b.server.client.Send(limit, beside(b.connects, "websocket.connect", kind), event)
		}
		switch {
		case own != "" && (errors.Is(err, seaway.ErrAway) || errors.Is(err, seaway.ErrGone)):
			b.mu.Lock()
			if b.receiveChannel == own {
				b.receiveChannel = ""
			}
			b.mu.Unlock()
		case errors.Is(err, seaway.ErrFull):
			time.Sleep(time.Millisecond)
		default:
			return
		}
	}
}
