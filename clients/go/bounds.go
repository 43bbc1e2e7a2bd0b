package seaway

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// mostCapacity and mostExpiry are those of S8 and S9.
	mostCapacity = 1_000_000
	mostExpiry   = 24 * time.Hour
)

// SendOption bounds one message in place of what its channel says: [Capacity], [CapacityOf], [Expiry]; or says when it
// is delivered, [In], or that it is stored once, [Once].
//
// What a broker does not know ("bounds", "delay", "once" is not among its features) is refused with [ErrOption], In and
// Once before anything is sent.
type SendOption func(*sendBounds) error

type sendBounds struct {
	capacities []string
	expiry     time.Duration
	delay      time.Duration
	once       string
	// What the message answers, and acknowledges.
	answered *lease
}

// Capacity is how many messages may wait in the channel, this one not counted, 1 to 1,000,000; else [ErrFull] (S8).
func Capacity(messages int) SendOption { return capacityRule("", messages) }

// CapacityOf is [Capacity] for channels whose names match the pattern; of several the first that matches counts.
func CapacityOf(pattern string, messages int) SendOption {
	if !ValidPattern(pattern) {
		return func(*sendBounds) error { return patternRefusal("SEND", pattern) }
	}
	return capacityRule(pattern+":", messages)
}

func capacityRule(beginning string, messages int) SendOption {
	return func(bounds *sendBounds) error {
		if messages < 1 || messages > mostCapacity {
			return outOfRange("a capacity", 1, mostCapacity, messages)
		}
		bounds.capacities = append(bounds.capacities, beginning+strconv.Itoa(messages))
		return nil
	}
}

// Expiry is when the message is dropped if nobody has taken it, 1 ms to 24 h, in whole milliseconds (S9).
func Expiry(after time.Duration) SendOption {
	return func(bounds *sendBounds) error {
		if after < time.Millisecond || after > mostExpiry {
			return outOfRange("an expiry", time.Millisecond, mostExpiry, after)
		}
		bounds.expiry = after
		return nil
	}
}

// In is how much later the message is delivered, 1 ms to 24 h, in whole milliseconds (S11). It is for messages to
// channels, not to groups.
func In(after time.Duration) SendOption {
	return func(bounds *sendBounds) error {
		if after < time.Millisecond || after > mostDelay {
			return outOfRange("a delay", time.Millisecond, mostDelay, after)
		}
		bounds.delay = after
		return nil
	}
}

// Once has the broker store one message of this key on its channel, within its --once-window (2 min); another is
// dropped, and its sender told that all is well (S12). A key has 1 to 64 bytes of A–Z a–z 0–9 - _ . and is for messages
// to channels, not to groups.
//
// So a message whose outcome is not known is sent again by the library itself, within Options.Failover, at the same
// broker. Over several brokers those of one key go to the same one, as long as it is there.
func Once(key string) SendOption {
	return func(bounds *sendBounds) error {
		if len(key) < 1 || len(key) > mostKey || !isKey(key) {
			return fmt.Errorf("seaway: %w: a key has 1 to %d bytes, letters, digits and - _ ., this is %q",
				ErrOption, mostKey, cutText(key))
		}
		bounds.once = key
		return nil
	}
}

func isKey(text string) bool {
	for index := 0; index < len(text); index++ {
		if !isNameByte(text[index]) {
			return false
		}
	}
	return true
}

// answering has a message acknowledge what it answers, where that is held (S13).
func answering(answered *lease) SendOption {
	return func(bounds *sendBounds) error {
		bounds.answered = answered
		return nil
	}
}

// readBounds is what the options say.
func readBounds(options []SendOption) (bounds sendBounds, err error) {
	for _, option := range options {
		if err := option(&bounds); err != nil {
			return bounds, err
		}
	}
	return bounds, nil
}

// words are those of a request that say so.
func (bounds *sendBounds) words() (words []string) {
	if len(bounds.capacities) > 0 {
		words = append(words, "Capacity="+strings.Join(bounds.capacities, ","))
	}
	if bounds.expiry > 0 {
		words = append(words, "Expiry="+strconv.FormatInt(bounds.expiry.Milliseconds(), 10))
	}
	if bounds.delay > 0 {
		words = append(words, "In="+strconv.FormatInt(bounds.delay.Milliseconds(), 10))
	}
	if bounds.once != "" {
		words = append(words, "Once="+bounds.once)
	}
	return words
}

// features are what the broker has to have for them.
func (bounds *sendBounds) features() (features []string) {
	if bounds.delay > 0 {
		features = append(features, "delay")
	}
	if bounds.once != "" {
		features = append(features, "once")
	}
	return features
}

// checkLine refuses a request whose line is longer than a broker takes (F3).
func checkLine(verb string, words []string) error {
	// The verb, and a size of at most eight digits with its colon and space.
	size := len(verb) + 10
	for _, word := range words {
		size += 1 + len(word)
	}
	if size > defaultMaxLine {
		return refuse(verb, "args", fmt.Sprintf("a request has at most %d bytes, this one has %d", defaultMaxLine, size))
	}
	return nil
}
