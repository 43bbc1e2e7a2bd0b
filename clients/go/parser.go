package seaway

import "bytes"

// Parser cuts a stream of bytes, in either direction, into frames; it knows no socket.
//
// It holds at most one frame that is not complete: MaxLine and MaxBody bytes, and as much as it is fed at once.
// The zero Parser is not usable; make one with [NewParser]. It is not safe for concurrent use.
type Parser struct {
	limits Limits
	// What was fed and is not yet part of a frame or skipped.
	unread []byte
	// How many bytes of a line, or of a body by hand, were looked at before.
	scanned int
	// Where the verb ends, -1 while it has not.
	verbEnd int
	state   parserState
	// The frame whose body is awaited or skipped.
	frame Frame
	// Bytes of the awaited body, or still to be skipped; by hand: those seen before what is unread.
	size int
	err  error
}

type parserState int

const (
	inLine parserState = iota
	inBody
	inBodyByHand
	skippingBody
	skippingBodyByHand
)

// NewParser makes a parser for the beginning of a stream.
func NewParser(limits Limits) *Parser { return &Parser{limits: limits, verbEnd: -1} }

// Feed takes the next bytes of the stream and returns the frames that they complete, in order.
//
// The error, a [*StreamError], stands behind the frames; once there was one, every further call returns it.
func (p *Parser) Feed(data []byte) ([]Frame, error) {
	if p.err != nil {
		return nil, p.err
	}
	isBorrowed := len(p.unread) == 0
	if isBorrowed {
		// Most reads hold whole frames, which need no copy of the rest.
		p.unread = data
	} else {
		p.unread = append(p.unread, data...)
	}
	var frames []Frame
	for {
		frame, isComplete, err := p.step()
		if err != nil {
			p.err = err
			p.unread = nil
			return frames, err
		}
		if !isComplete {
			break
		}
		frames = append(frames, frame)
	}
	if isBorrowed {
		p.unread = append([]byte(nil), p.unread...)
	}
	return frames, nil
}

// IsInside says whether a frame has begun and its end is missing.
func (p *Parser) IsInside() bool { return p.err == nil && (p.state != inLine || len(p.unread) > 0) }

func (p *Parser) step() (Frame, bool, error) {
	switch p.state {
	case inBody:
		return p.finishBody()
	case inBodyByHand:
		return p.scanBodyByHand()
	case skippingBody:
		return p.skipBody()
	case skippingBodyByHand:
		return p.skipBodyByHand()
	default:
		return p.scanLine()
	}
}

func (p *Parser) scanLine() (Frame, bool, error) {
	for ; p.scanned < len(p.unread); p.scanned++ {
		at := p.scanned
		b := p.unread[at]
		isAfterSpace := at > 0 && p.unread[at-1] == ' '
		switch {
		case b == '\n':
			return p.endLine()
		case b == '\r':
			if at >= p.limits.MaxLine {
				return Frame{}, false, p.lineTooLong()
			}
			if at+1 == len(p.unread) {
				return Frame{}, false, nil
			}
			if p.unread[at+1] != '\n' {
				return Frame{}, false, lineError("a CR stands only before the LF")
			}
		case b < 0x20 || b > 0x7e:
			return Frame{}, false, lineError("a line is printable ASCII")
		case b == ' ' && (at == 0 || isAfterSpace):
			return Frame{}, false, lineError("words are separated by one space")
		case b == ' ' && p.verbEnd < 0:
			p.verbEnd = at
		case b == '{' && isAfterSpace && p.isByHand():
			return p.beginBodyByHand()
		}
		// One more byte may be the space in front of a body by hand, which is not of the line (F7).
		isBeyond := at > p.limits.MaxLine || at == p.limits.MaxLine && (b != ' ' || !p.isByHand())
		if isBeyond {
			return Frame{}, false, p.lineTooLong()
		}
	}
	return Frame{}, false, nil
}

func (p *Parser) lineTooLong() error { return lineError("a line is too long") }

// isByHand says whether the first argument is ":-" (F7).
func (p *Parser) isByHand() bool {
	return p.verbEnd >= 0 && bytes.HasPrefix(p.unread[p.verbEnd:], []byte(" :- "))
}

func (p *Parser) endLine() (Frame, bool, error) {
	line := cutReturn(p.unread[:p.scanned])
	if len(line) == 0 || line[len(line)-1] == ' ' {
		return Frame{}, false, lineError("words are separated by one space")
	}
	words := splitWords(line)
	hasSize := len(words) > 1 && words[1][0] == ':'
	p.drop(p.scanned + 1)
	if !hasSize {
		return newFrame(words), true, nil
	}
	frame := newFrame(append(words[:1:1], words[2:]...))
	if words[1] == ":-" {
		if frame.Refused == "" {
			frame = Frame{Verb: frame.Verb, Refused: "payload"}
		}
		return frame, true, nil
	}
	size, err := bodySize([]byte(words[1][1:]))
	if err != nil {
		return Frame{}, false, err
	}
	p.frame, p.size = frame, size
	if size > p.limits.MaxBody {
		p.refuseSize()
		p.state = skippingBody
		return p.skipBody()
	}
	p.state = inBody
	return p.finishBody()
}

// refuseSize marks the frame, unless something that comes before in A4 refuses it already.
func (p *Parser) refuseSize() {
	if p.frame.Refused == "" {
		p.frame = Frame{Verb: p.frame.Verb, Refused: "size"}
	}
}

func (p *Parser) finishBody() (Frame, bool, error) {
	if len(p.unread) <= p.size {
		return Frame{}, false, nil
	}
	if p.unread[p.size] != '\n' {
		return Frame{}, false, lineError("an LF stands behind a body")
	}
	if p.frame.Refused == "" {
		p.frame.Body = append([]byte{}, p.unread[:p.size]...)
	}
	p.drop(p.size + 1)
	return p.endFrame(), true, nil
}

func (p *Parser) skipBody() (Frame, bool, error) {
	count := len(p.unread)
	if count > p.size {
		count = p.size
	}
	p.drop(count)
	p.size -= count
	if len(p.unread) == 0 {
		return Frame{}, false, nil
	}
	if p.unread[0] != '\n' {
		return Frame{}, false, lineError("an LF stands behind a body")
	}
	p.drop(1)
	return p.endFrame(), true, nil
}

func (p *Parser) beginBodyByHand() (Frame, bool, error) {
	words := splitWords(p.unread[:p.scanned-1])
	p.frame = newFrame(append(words[:1:1], words[2:]...))
	p.drop(p.scanned)
	p.state = inBodyByHand
	return p.scanBodyByHand()
}

func (p *Parser) scanBodyByHand() (Frame, bool, error) {
	end := bytes.IndexByte(p.unread[p.scanned:], '\n')
	if end < 0 {
		p.scanned = len(p.unread)
		// One byte more may be the CR that is not of the body.
		if p.scanned > p.limits.MaxBody+1 {
			p.refuseSize()
			p.state, p.size, p.scanned = skippingBodyByHand, 0, 0
			return p.skipBodyByHand()
		}
		return Frame{}, false, nil
	}
	end += p.scanned
	body := cutReturn(p.unread[:end])
	if len(body) > p.limits.MaxBody {
		p.refuseSize()
	}
	if p.frame.Refused == "" {
		p.frame.Body = append([]byte{}, body...)
	}
	p.drop(end + 1)
	return p.endFrame(), true, nil
}

func (p *Parser) skipBodyByHand() (Frame, bool, error) {
	end := bytes.IndexByte(p.unread, '\n')
	count := end
	if end < 0 {
		count = len(p.unread)
	}
	if p.size += count; p.size > maxSkippedBody {
		return Frame{}, false, &StreamError{Reason: "limit", Text: "a body has at most 67108864 bytes"}
	}
	if end < 0 {
		p.drop(count)
		return Frame{}, false, nil
	}
	p.drop(count + 1)
	return p.endFrame(), true, nil
}

// endFrame goes back to the beginning of a line.
func (p *Parser) endFrame() Frame {
	frame := p.frame
	p.frame = Frame{}
	p.state = inLine
	return frame
}

// drop forgets bytes at the front, and what was known of those behind them.
func (p *Parser) drop(count int) {
	p.unread = p.unread[count:]
	p.scanned, p.verbEnd = 0, -1
	if len(p.unread) == 0 {
		// So that the room of a large body is free.
		p.unread = nil
	}
}
