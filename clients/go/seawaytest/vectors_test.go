package seawaytest

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"seaway.dev/seaway"
)

// long is a text that may be given in parts, each a string or [string, times].
type long string

func (l *long) UnmarshalJSON(text []byte) error {
	var parts []json.RawMessage
	if json.Unmarshal(text, &parts) != nil {
		return json.Unmarshal(text, (*string)(l))
	}
	for _, part := range parts {
		var plain string
		if json.Unmarshal(part, &plain) == nil {
			*l += long(plain)
			continue
		}
		pair, times := []any{&plain, new(int)}, 0
		pair[1] = &times
		if err := json.Unmarshal(part, &pair); err != nil {
			return err
		}
		*l += long(strings.Repeat(plain, times))
	}
	return nil
}

type vector struct {
	ID      string
	Spec    []string
	Options map[string]any
	Steps   []struct {
		On               string
		C, S             *long
		CHex             *string `json:"c_hex"`
		Advance          int
		Drop, Closed     bool
		EOF              bool
		Stall            *bool
		Shutdown, Tokens any
	}
}

// proven are the requirements that this broker keeps; vectors of these alone are run.
var proven = strings.Fields("S1 S2 S3 S4 S6 S8 S9 S10 R1 R2 R3 R5 R6 L1 L2 L3 L6 J1 J2 G1 G2 G3 G4 C1 P1 P2 D1 D2 D3 D4 D5 K1 K2 A1 A2 " +
	"A3 A4 L4 L5 H1 J3 N3 Q2 Q3 Q5 V11 R4 S5 S7 L8 D9 D10 D11 D12 D13 D14 D15 D16 S11 S12 S13")

// notHere are vectors whose requirements are kept, but for what they ask besides.
var notHere = map[string]string{
	"session-060": "the form for people", "session-068": "MessagePack", "session-127": "STATS", "session-180": "STATS",
	"session-182": "pages of PEEK", "session-184": "pages of PEEK",
	"delivery-044": "what a group was sent waits by channel", "delivery-045": "the same",
	"delivery-046": "the same", "delivery-117": "the same", "delivery-193": "the same",
	"delivery-202": "the same",
	"delivery-071": "the capacity in bytes", "delivery-190": "the same",
	"session-088": "the same", "session-089": "the same", "session-090": "the same",
	"session-097": "a broker's bounds of a mailbox", "session-098": "the same", "session-277": "the same",
	"delivery-039": "the same", "session-171": "how long a broker remembers what was closed",
	"delivery-201": "who was told of memberships already",
}

type replayed struct {
	*connection
	parser *seaway.Parser
}

func (r *replayed) taken() string {
	text := string(r.unsent)
	r.unsent = nil
	return text
}

func TestTheBrokerOfATestIsTheProtocols(t *testing.T) {
	ran := 0
	for _, file := range []string{"sessions.json", "delivery.json"} {
		text, err := os.ReadFile("../../../protocol/vectors/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var vectors []vector
		if err := json.Unmarshal(text, &vectors); err != nil {
			t.Fatal(err)
		}
		for _, one := range vectors {
			if isProven(one) {
				ran++
				t.Run(one.ID, func(t *testing.T) { replay(t, one) })
			}
		}
	}
	if ran < 170 {
		t.Error("no more than", ran)
	}
}

func isProven(one vector) bool {
	for _, requirement := range one.Spec {
		if !contains(proven, requirement) {
			return false
		}
	}
	for _, step := range one.Steps {
		if step.EOF || step.Stall != nil || step.Shutdown != nil || step.Tokens != nil || step.CHex != nil {
			return false
		}
	}
	for option := range one.Options {
		if !contains(strings.Fields("hold once-window tries max-held capacity expiry"), option) {
			return false
		}
	}
	return notHere[one.ID] == ""
}

func contains(all []string, one string) bool {
	for _, other := range all {
		if other == one {
			return true
		}
	}
	return false
}

func replay(t *testing.T, one vector) {
	clock := newClock()
	broker := newBroker(clock)
	broker.store.terms.set(one.Options)
	// What the broker says where a vector has a number (README.md).
	ids := make(map[string]string)
	connections := make(map[string]*replayed)
	for number, step := range one.Steps {
		name := step.On
		if connections[name] == nil {
			connections[name] = &replayed{newConnection(broker, nil), seaway.NewParser(seaway.DefaultLimits())}
		}
		r := connections[name]
		switch {
		case step.C != nil:
			frames, err := r.parser.Feed([]byte(withIDs(string(*step.C), ids)))
			if err != nil {
				t.Fatal(number, err)
			}
			for _, frame := range frames {
				broker.answer(r.connection, frame)
			}
		case step.S != nil:
			if got := r.taken(); !fits(string(*step.S), got, ids) {
				t.Fatalf("step %d: expected\n%s\ngot\n%s", number, *step.S, got)
			}
		case step.Advance > 0:
			clock.advance(milliseconds(step.Advance))
		case step.Drop:
			broker.lose(r.connection)
		case step.Closed && !r.isOver:
			t.Fatal(number, "it is open")
		}
	}
	for name, r := range connections {
		if rest := r.taken(); rest != "" {
			t.Errorf("%s has got more: %s", name, rest)
		}
	}
}

// fits compares what was said with what a vector says, whose … stands for the rest of a line.
//
// IDs that are met for the first time become known.
func fits(want, got string, ids map[string]string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(withIDs(want, ids)), "…", "[^\n]*")
	var met []string
	pattern = newID.ReplaceAllStringFunc(pattern, func(number string) string {
		met = append(met, strings.TrimPrefix(number, "ack="))
		return "ack=([A-Za-z0-9_.-]+)"
	})
	found := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(got)
	for index, number := range met {
		if found != nil {
			ids[number] = found[index+1]
		}
	}
	return found != nil
}

var newID, anyNumber = regexp.MustCompile(`ack=[0-9]+\b`), regexp.MustCompile(`\b[0-9]+\b`)

// withIDs puts what the broker has said in place of the numbers that stand for it.
func withIDs(text string, ids map[string]string) string {
	return anyNumber.ReplaceAllStringFunc(text, func(number string) string {
		if id, isKnown := ids[number]; isKnown {
			return id
		}
		return number
	})
}

// set takes the options of a vector, whose times are milliseconds.
func (t *terms) set(options map[string]any) {
	for option, value := range options {
		switch value := value.(type) {
		case float64:
			switch option {
			case "hold":
				t.hold = milliseconds(int(value))
			case "once-window":
				t.onceWindow = milliseconds(int(value))
			case "max-held":
				t.mostHeld = int(value)
			}
		case []any:
			for _, one := range value {
				pattern, count, _ := strings.Cut(one.(string), "=")
				number, _ := readNumber(count, 1, mostDelay)
				rule := capacityRule{pattern, number}
				switch option {
				case "tries":
					t.tries = append(t.tries, rule)
				case "capacity":
					t.capacity = append(t.capacity, rule)
				case "expiry":
					t.expiry = append(t.expiry, rule)
				}
			}
		}
	}
}
