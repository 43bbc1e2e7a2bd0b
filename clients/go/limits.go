package seaway

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// What a refusal on this side says is what the limit is and what was given.

const (
	mostCredit = 1_000_000
	mostOnPage = 1_000
	// The most bytes of a client's name and of a token (H2, U1).
	mostClientName, mostToken = 64, 255
	// leastFailover is the shortest silence after which a broker may be taken for dead.
	leastFailover = 300 * time.Millisecond
	// The most bytes of the reason of a close (W11 of INTERFACE.md).
	mostReason = 123
	// How much of what somebody else gave is shown.
	mostShown = 512
)

func outOfRange(what string, least, most, given any) error {
	return fmt.Errorf("seaway: %w: %s is %v to %v, this one is %v", ErrOption, what, least, most, given)
}

func channelRefusal(verb, name string) error {
	return nameRefusal(verb, name, "a mailbox, which is listened on and not sent to: its channels have something behind the !")
}

func groupRefusal(verb, name string) error {
	return nameRefusal(verb, name, "no group: their names have no ! and no ?")
}

func listenRefusal(verb, name string) error { return nameRefusal(verb, name, "no name") }

// nameRefusal says what is wrong with a name; of a legal one that is not legal here, what it is.
func nameRefusal(verb, name, what string) error {
	fault := sizeFault("a name", name)
	if fault == "" {
		if formOf(name) == badName {
			what = "no name, which has letters, digits, - _ . and one ! or ? within"
		}
		fault = fmt.Sprintf("%q is %s", name, what)
	}
	return refuse(verb, "name", fault)
}

func patternRefusal(verb, pattern string) error {
	fault := sizeFault("a pattern", pattern)
	if stars := starsIn(pattern); fault == "" && stars > maxStars {
		fault = fmt.Sprintf("a pattern has at most %d *, this one has %d", maxStars, stars)
	}
	if fault == "" {
		fault = fmt.Sprintf("%q is no pattern, which has letters, digits and - _ . ! ? *", pattern)
	}
	return refuse(verb, "name", fault)
}

// sizeFault is "" when the size is right.
func sizeFault(what, text string) string {
	if 1 <= len(text) && len(text) <= maxName {
		return ""
	}
	return fmt.Sprintf("%s has 1 to %d bytes, this one has %d", what, maxName, len(text))
}

// cutText is what of a text is shown.
func cutText(text string) string { return cutTo(text, mostShown) }

func cutTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.Clone(text[:most]) + "…"
}

// checkHello checks what a client tells of itself, before a broker refuses it.
func checkHello(options Options) error {
	switch {
	case len(options.Name) > mostClientName:
		return fmt.Errorf("seaway: %w: a client's name has 1 to %d bytes, this one has %d",
			ErrOption, mostClientName, len(options.Name))
	case len(options.Token) > mostToken:
		return fmt.Errorf("seaway: %w: a token has 1 to %d bytes, this one has %d", ErrOption, mostToken, len(options.Token))
	case options.Failover < leastFailover || options.Failover > time.Hour:
		return outOfRange("a failover time", leastFailover, time.Hour, options.Failover)
	case options.Heartbeat > time.Hour:
		return outOfRange("a heartbeat", time.Duration(0), time.Hour, options.Heartbeat)
	case !isPlainWord(options.Name) || !isPlainWord(options.Token):
		return fmt.Errorf("seaway: %w: the name or the token holds a byte that no line may hold", ErrOption)
	default:
		return nil
	}
}
