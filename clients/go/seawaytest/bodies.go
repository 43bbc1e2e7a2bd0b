package seawaytest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"seaway.dev/seaway"
)

func bytesReader(content []byte) io.Reader { return bytes.NewReader(content) }

// sendBody sends a body in pieces, as far as the worker wants it (section 2.1 of INTERFACE.md).
func (e *Exchange) sendBody(channel string, body io.Reader) {
	buffer := make([]byte, bodyInline)
	offset := int64(0)
	for {
		room, isOver := e.wantedFrom(offset)
		if room > int64(len(buffer)) {
			room = int64(len(buffer))
		}
		piece := seaway.Message{"offset": offset}
		count, err := 0, error(nil)
		if isOver {
			piece = seaway.Message{"closed": true}
		} else {
			count, err = io.ReadFull(body, buffer[:room])
			piece["content"], piece["more_content"] = seaway.Bytes(buffer[:count]), err == nil
		}
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			piece = seaway.Message{"closed": true}
			defer e.giveUp("left")
		}
		if !e.sendPiece(channel, piece) || isOver || err != nil {
			return
		}
		offset += int64(count)
	}
}

// wantedFrom waits until more is wanted than was sent, and says how much; or until nobody wants it any more.
func (e *Exchange) wantedFrom(offset int64) (room int64, isOver bool) {
	for {
		e.mu.Lock()
		room, isOver, changed := e.wanted-offset, e.isOver, e.changed
		e.mu.Unlock()
		if room > 0 || isOver {
			return room, isOver
		}
		<-changed
	}
}

// sendPiece sends the same again while there is no room; false when nobody reads it any more.
func (e *Exchange) sendPiece(channel string, piece seaway.Message) bool {
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := e.server.client.SendHere(limit, channel, piece)
		if !errors.Is(err, seaway.ErrFull) && !errors.Is(err, seaway.ErrAway) {
			return err == nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-limit.Done():
			return false
		}
	}
}
