package seaway

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// DecodeMessage reads a body; the error, an [ErrPayload], says why it is not one well-formed map (section 5).
//
// It does what encoding/json would, in a third of its time, for the one type that there is.
func DecodeMessage(body []byte) (Message, error) {
	if !utf8.Valid(body) {
		return nil, payloadError("not UTF-8")
	}
	d := decoder{text: body}
	d.skipSpace()
	value, err := d.value(1)
	if err != nil {
		return nil, err
	}
	if d.skipSpace(); d.at < len(d.text) {
		return nil, payloadError("more than one value")
	}
	fields, isMap := value.(map[string]any)
	if !isMap {
		return nil, payloadError("not a map")
	}
	return fields, nil
}

// decoder reads one value behind the other; at is where the next begins.
type decoder struct {
	text []byte
	at   int
}

// value reads a value whose depth, if it is a map or a list, is this one.
func (d *decoder) value(depth int) (any, error) {
	switch d.peek() {
	case '{':
		return d.object(depth)
	case '[':
		return d.list(depth)
	case '"':
		return d.string()
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	default:
		return d.number()
	}
}

// peek is the next byte, 0 at the end.
func (d *decoder) peek() byte {
	if d.at < len(d.text) {
		return d.text[d.at]
	}
	return 0
}

func (d *decoder) skipSpace() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

func (d *decoder) fault() error { return payloadError("no JSON at byte %d", d.at) }

func (d *decoder) word(text string) error {
	if !bytes.HasPrefix(d.text[d.at:], []byte(text)) {
		return d.fault()
	}
	d.at += len(text)
	return nil
}

// next reads what stands behind an element: whether another one follows.
func (d *decoder) next(end byte) (hasMore bool, err error) {
	d.skipSpace()
	switch d.peek() {
	case ',':
		d.at++
		d.skipSpace()
		return true, nil
	case end:
		d.at++
		return false, nil
	default:
		return false, d.fault()
	}
}

func (d *decoder) list(depth int) (any, error) {
	if depth > maxDepth {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	d.at++
	list := []any{}
	d.skipSpace()
	if d.peek() == ']' {
		d.at++
		return list, nil
	}
	for hasMore := true; hasMore; {
		element, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
		if hasMore, err = d.next(']'); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// object reads a map, or bytes in the form of one (V8, V9), which count as no level.
func (d *decoder) object(depth int) (any, error) {
	if depth > maxDepth+1 {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	d.at++
	if content, isBytes, err := d.plainBytes(); isBytes {
		return content, err
	}
	fields := make(map[string]any)
	if depth == 1 {
		fields = make(map[string]any, commonFields)
	}
	d.skipSpace()
	hasMore := d.peek() != '}'
	if !hasMore {
		d.at++
	}
	for hasMore {
		key, err := d.key()
		if err != nil {
			return nil, err
		}
		if fields[key], err = d.value(depth + 1); err != nil {
			return nil, err
		}
		if hasMore, err = d.next('}'); err != nil {
			return nil, err
		}
	}
	if len(fields) == 1 {
		for key, value := range fields {
			if key == "$bytes" {
				return bytesFromJSON(value)
			}
			if depth <= maxDepth && isBytesKey(key) {
				return map[string]any{key[1:]: value}, nil
			}
		}
	}
	if depth > maxDepth {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	return fields, nil
}

// commonFields is how many fields most messages have at most.
const commonFields = 16

// number reads a whole number, or a double when it has a point or an exponent.
func (d *decoder) number() (any, error) {
	start, isDouble := d.at, false
	if d.peek() == '-' {
		d.at++
	}
	if d.peek() == '0' {
		d.at++
	} else if !d.digits() {
		return nil, d.fault()
	}
	if d.peek() == '.' {
		d.at++
		isDouble = true
		if !d.digits() {
			return nil, d.fault()
		}
	}
	if d.peek()|0x20 == 'e' {
		d.at++
		isDouble = true
		if sign := d.peek(); sign == '+' || sign == '-' {
			d.at++
		}
		if !d.digits() {
			return nil, d.fault()
		}
	}
	text := string(d.text[start:d.at])
	if isDouble {
		double, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, payloadError("%v", err)
		}
		return double, nil
	}
	whole, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, payloadError("%v", err)
	}
	return whole, nil
}

// digits reads one or more.
func (d *decoder) digits() bool {
	start := d.at
	for '0' <= d.peek() && d.peek() <= '9' {
		d.at++
	}
	return d.at > start
}
