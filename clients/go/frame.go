package seaway

import (
	"bytes"
	"strconv"
	"strings"
)

// Limits bound what a [Parser] takes (PROTOCOL.md, section 1).
type Limits struct {
	// MaxLine is the most bytes of a line, its LF not counted (F3).
	MaxLine int
	// MaxBody is the most bytes of a body; a longer one is skipped and its frame refused with "size" (F6).
	MaxBody int
}

const (
	defaultMaxLine = 4096
	defaultMaxBody = 2_097_152
	// Names that one connection listens on (L7).
	defaultMaxNames = 1024
	// A body beyond this ends the stream (F6).
	maxSkippedBody = 67_108_864
	maxOptions     = 16
)

// DefaultLimits are those of a broker that was told nothing else.
func DefaultLimits() Limits { return Limits{MaxLine: defaultMaxLine, MaxBody: defaultMaxBody} }

// Frame is one frame, in either direction.
type Frame struct {
	Verb string
	// Args are the words behind the verb and the size.
	Args    []string
	Options map[string]string
	// Body is nil when the frame has none; an empty body is not nil.
	Body []byte
	// Text is what stands behind the options of an ERR or a BYE, for people (A3).
	Text string
	// Refused is the code with which the frame is refused by its form alone, "" for a good one; then only Verb is set.
	Refused string
}

// StreamError says why the bytes are not this protocol; nothing behind it can be read.
type StreamError struct {
	// Reason is that of BYE: "line" or "limit".
	Reason string
	Text   string
}

func (e *StreamError) Error() string { return "seaway: not a frame (" + e.Reason + "): " + e.Text }

func lineError(text string) error { return &StreamError{Reason: "line", Text: text} }

// newFrame makes a frame from the words of its line, the size left out; the body is put in by the caller.
func newFrame(words []string) Frame {
	frame := Frame{Verb: words[0]}
	rest := words[1:]
	if (frame.Verb == "ERR" || frame.Verb == "BYE") && len(rest) > 0 {
		frame.Args = rest[:1]
		frame.Options, frame.Text = optionsAndText(rest[1:])
		return frame
	}
	args := 0
	for args < len(rest) && !strings.Contains(rest[args], "=") {
		args++
	}
	frame.Args = rest[:args]
	var refusal string
	frame.Options, refusal = options(rest[args:])
	if refusal != "" {
		return Frame{Verb: frame.Verb, Refused: refusal}
	}
	return frame
}

// options reads the words behind the arguments (F8). All are looked at, since "args" comes before "option" (A4).
func options(words []string) (map[string]string, string) {
	if len(words) == 0 {
		return nil, ""
	}
	found := make(map[string]string, len(words))
	refusal := ""
	for _, word := range words {
		key, value, isOption := strings.Cut(word, "=")
		if !isOption {
			return nil, "args"
		}
		_, isThere := found[key]
		if isThere || !isOptionKey(key) || value == "" || len(found) == maxOptions {
			refusal = "option"
			continue
		}
		found[key] = value
	}
	return found, refusal
}

// optionsAndText reads what stands behind the code of an ERR or a BYE; a word that is no option begins the text.
func optionsAndText(words []string) (map[string]string, string) {
	var found map[string]string
	for index, word := range words {
		key, value, isOption := strings.Cut(word, "=")
		_, isThere := found[key]
		if !isOption || isThere || !isOptionKey(key) || value == "" || len(found) == maxOptions {
			return found, strings.Join(words[index:], " ")
		}
		if found == nil {
			found = make(map[string]string)
		}
		found[key] = value
	}
	return found, ""
}

func isOptionKey(key string) bool {
	for index := 0; index < len(key); index++ {
		b := key[index]
		isLetter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		if !isLetter && (index == 0 || b != '-' && (b < '0' || b > '9')) {
			return false
		}
	}
	return key != ""
}

// bodySize reads the word behind the verb, without its colon (F4).
func bodySize(digits []byte) (int, error) {
	if len(digits) == 0 || digits[0] == '0' && len(digits) > 1 {
		return 0, lineError("a size is decimal, without leading zeros")
	}
	size := 0
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return 0, lineError("a size is decimal")
		}
		// Stays beyond the limit once it is there, so that no number of digits overflows.
		if size <= maxSkippedBody {
			size = size*10 + int(digit-'0')
		}
	}
	if size > maxSkippedBody {
		return 0, &StreamError{Reason: "limit", Text: "a body has at most 67108864 bytes"}
	}
	return size, nil
}

func splitWords(line []byte) []string { return strings.Split(string(line), " ") }

// appendFrame writes a frame; words are taken to be checked names and options, a nil body is none.
func appendFrame(wire []byte, verb string, body []byte, words ...string) []byte {
	wire = append(wire, verb...)
	if body != nil {
		wire = append(wire, " :"...)
		wire = strconv.AppendInt(wire, int64(len(body)), 10)
	}
	for _, word := range words {
		wire = append(wire, ' ')
		wire = append(wire, word...)
	}
	wire = append(wire, '\n')
	if body != nil {
		wire = append(wire, body...)
		wire = append(wire, '\n')
	}
	return wire
}

// cutReturn takes away the one CR that may stand before an LF.
func cutReturn(text []byte) []byte { return bytes.TrimSuffix(text, []byte{'\r'}) }
