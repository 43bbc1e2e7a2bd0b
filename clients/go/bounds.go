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

// SendOption bounds one message in place of what its channel says: [Capacity], [CapacityOf], [Expiry].
//
// A broker that does not know them ("bounds" is not among its features) refuses the message with [ErrOption].
type SendOption func(*sendBounds) error

type sendBounds struct {
	capacities []string
	expiry     time.Duration
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

// boundWords are the words of a request that say what the options say.
func boundWords(options []SendOption) (words []string, err error) {
	var bounds sendBounds
	for _, option := range options {
		if err := option(&bounds); err != nil {
			return nil, err
		}
	}
	if len(bounds.capacities) > 0 {
		words = append(words, "Capacity="+strings.Join(bounds.capacities, ","))
	}
	if bounds.expiry > 0 {
		words = append(words, "Expiry="+strconv.FormatInt(bounds.expiry.Milliseconds(), 10))
	}
	return words, nil
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
