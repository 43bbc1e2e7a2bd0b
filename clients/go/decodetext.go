package seaway

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func (d *decoder) string() (any, error) {
	raw, isPlain, err := d.raw()
	if err != nil {
		return nil, err
	}
	if isPlain {
		return string(raw), nil
	}
	return unescaped(raw)
}

// raw is what stands between the quotes; plain when nothing in it is escaped.
func (d *decoder) raw() (raw []byte, isPlain bool, err error) {
	start := d.at + 1
	end := start
	for {
		length := bytes.IndexByte(d.text[end:], '"')
		if length < 0 {
			return nil, false, d.fault()
		}
		end += length
		// An odd number of backslashes in front of a quote escapes it.
		count := 0
		for end-1-count >= start && d.text[end-1-count] == '\\' {
			count++
		}
		if count%2 == 0 {
			break
		}
		end++
	}
	raw = d.text[start:end]
	if hasControl(raw) {
		return nil, false, payloadError("a control character in a string at byte %d", start)
	}
	d.at = end + 1
	return raw, bytes.IndexByte(raw, '\\') < 0, nil
}

// hasControl looks for bytes below 0x20, eight at a time.
func hasControl(text []byte) bool {
	const low, high = 0x2020202020202020, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		word := binary.LittleEndian.Uint64(text)
		if (word-low)&^word&high != 0 {
			return true
		}
	}
	for _, char := range text {
		if char < ' ' {
			return true
		}
	}
	return false
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func unescaped(raw []byte) (string, error) {
	text := make([]byte, 0, len(raw))
	for {
		start := bytes.IndexByte(raw, '\\')
		if start < 0 {
			return string(append(text, raw...)), nil
		}
		text = append(text, raw[:start]...)
		raw = raw[start+1:]
		// There is one, as a backslash at the end would have escaped the quote.
		if plain := escapes[raw[0]]; plain != 0 {
			text, raw = append(text, plain), raw[1:]
			continue
		}
		char, rest, isGood := unicodeEscape(raw)
		if isGood && utf16.IsSurrogate(char) {
			var second rune
			isGood = len(rest) > 0 && rest[0] == '\\'
			if isGood {
				second, rest, isGood = unicodeEscape(rest[1:])
			}
			char = utf16.DecodeRune(char, second)
			isGood = isGood && char != utf8.RuneError
		}
		if !isGood {
			return "", payloadError("a string with an escape that is none, or half of a surrogate pair")
		}
		text, raw = utf8.AppendRune(text, char), rest
	}
}

// unicodeEscape reads uXXXX.
func unicodeEscape(raw []byte) (char rune, rest []byte, isGood bool) {
	if len(raw) < 5 || raw[0] != 'u' {
		return 0, nil, false
	}
	for _, digit := range raw[1:5] {
		switch {
		case '0' <= digit && digit <= '9':
			char = char<<4 | rune(digit-'0')
		case 'a' <= digit|0x20 && digit|0x20 <= 'f':
			char = char<<4 | rune(digit|0x20-'a'+10)
		default:
			return 0, nil, false
		}
	}
	return char, raw[5:], true
}

// commonKeys are used again and again, so that none is made for each message.
var commonKeys = func() map[string]string {
	keys := make(map[string]string)
	for _, key := range strings.Fields("accept body body_channel bytes client close code content control_channel done headers " +
		"http_version method more_content offset order path query_string raw_path reason reply_channel root_path scheme serial " +
		"server status subprotocols text type") {
		keys[key] = key
	}
	return keys
}()

func (d *decoder) key() (string, error) {
	if d.peek() != '"' {
		return "", d.fault()
	}
	raw, isPlain, err := d.raw()
	if err != nil {
		return "", err
	}
	key, isCommon := commonKeys[string(raw)]
	switch {
	case !isPlain:
		key, err = unescaped(raw)
	case !isCommon:
		key = string(raw)
	}
	if err != nil {
		return "", err
	}
	d.skipSpace()
	if d.peek() != ':' {
		return "", d.fault()
	}
	d.at++
	d.skipSpace()
	return key, nil
}
