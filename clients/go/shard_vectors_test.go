package seaway

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"testing"
)

type shardVector struct {
	head
	Brokers  []string
	Orders   map[string][]string
	Scores   map[string]map[string]string
	Failover int64
	Steps    []shardStep
}

type shardStep struct {
	Up, Down, Leaving, Send, Stream, Group string
	Warm, Advance                          *int64
	To                                     *string
	Without                                []string
	Times                                  int
	Counts                                 map[string]int
	Listened, State                        string
	Joined, Left, OK, Refused              string
	Closed, Stopped                        string
	Join, Leave, Came                      string
	Says                                   []string
}

func (v shardVector) isOfMembers() bool {
	for _, step := range v.Steps {
		if step.Listened != "" || step.Joined != "" || step.Came != "" {
			return true
		}
	}
	return false
}

func TestShardVectors(t *testing.T) {
	orders, routes, members := 0, 0, 0
	for _, vector := range loadVectors(t, "shards.json", func(v shardVector) head { return v.head }) {
		vector := vector
		t.Run(vector.ID, func(t *testing.T) {
			switch {
			case vector.Orders != nil:
				orders++
				checkOrders(t, vector)
			case vector.isOfMembers():
				members++
				checkMembers(t, vector)
			default:
				routes++
				checkRoutes(t, vector)
			}
		})
	}
	if orders < 15 || routes < 15 || members < 15 {
		t.Error(orders, routes, members)
	}
}

func checkOrders(t *testing.T, vector shardVector) {
	for name, expected := range vector.Orders {
		if order := shardOrder(name, vector.Brokers); !reflect.DeepEqual(order, expected) {
			t.Errorf("%s: %s: %v", vector.Why, name, order)
		}
	}
	for name, scores := range vector.Scores {
		for broker, expected := range scores {
			if score := fmt.Sprintf("%016x", shardScore(shardKey(name), broker)); score != expected {
				t.Errorf("%s: %s at %s: %s", vector.Why, name, broker, score)
			}
		}
	}
}

func checkRoutes(t *testing.T, vector shardVector) {
	if vector.Failover == 0 {
		vector.Failover = 2_000
	}
	var now int64
	shards := newShardMap(vector.Failover, now)
	for number, step := range vector.Steps {
		without := make(map[string]bool)
		for _, broker := range step.Without {
			without[broker] = true
		}
		if step.Advance != nil {
			now += *step.Advance
		}
		switch {
		case step.Up != "":
			var warm int64
			if step.Warm != nil {
				warm = *step.Warm
			}
			shards.up(step.Up, warm, now)
		case step.Down != "":
			shards.down(step.Down)
		case step.Leaving != "":
			shards.leaving(step.Leaving)
		case step.Counts != nil:
			counts := make(map[string]int)
			for index := 0; index < step.Times; index++ {
				counts[shards.forChannel(step.Send, step.Stream, without, now)]++
			}
			if !reflect.DeepEqual(counts, step.Counts) {
				t.Errorf("%s: step %d: %v", vector.Why, number, counts)
			}
		case step.Send != "" || step.Group != "":
			expected := ""
			if step.To != nil {
				expected = *step.To
			}
			to := ""
			if step.Group != "" {
				to = shards.forGroup(step.Group, without, now)
			} else {
				to = shards.forChannel(step.Send, step.Stream, without, now)
			}
			if to != expected {
				t.Errorf("%s: step %d: to %q", vector.Why, number, to)
			}
		}
	}
}

func checkMembers(t *testing.T, vector shardVector) {
	var now int64
	members := newShardMembers(2_000)
	for number, step := range vector.Steps {
		says := takeMemberStep(members, step, &now)
		texts := []string{}
		for _, said := range says {
			texts = append(texts, strings.Join([]string{said.broker, said.verb, said.group, said.channel}, " "))
		}
		sort.Strings(texts)
		if step.Says != nil && !reflect.DeepEqual(texts, step.Says) {
			t.Errorf("%s: step %d: %v", vector.Why, number, texts)
		}
	}
}

func takeMemberStep(members *shardMembers, step shardStep, now *int64) []saying {
	words := strings.Fields(step.Listened + step.Joined + step.Left + step.OK + step.Refused + step.Join + step.Leave)
	switch {
	case step.Advance != nil:
		*now += *step.Advance
		return members.check(*now)
	case step.Listened != "":
		return members.listened(words[0], words[1], step.State == "kept", *now)
	case step.Came != "":
		return members.came(step.Came)
	case step.Joined != "":
		members.joined(words[0], words[1], words[2:], *now)
	case step.Left != "":
		members.left(words[0], words[1], words[2:], *now)
	case step.OK != "" || step.Refused != "":
		members.answered(saying{words[0], words[1], membership{words[2], words[3]}}, step.Refused != "")
	case step.Down != "":
		members.down(step.Down, *now)
	case step.Closed != "":
		members.closed(step.Closed)
	case step.Stopped != "":
		members.stopped(step.Stopped)
	case step.Join != "":
		members.remember(words[0], words[1:])
	case step.Leave != "":
		members.unremember(words[0], words[1:])
	}
	return nil
}

func TestOneCreditIsOfferedToAllAndWithdrawnOnceUsed(t *testing.T) {
	credit := shardCredit{left: 1, atBroker: map[int]int{0: 0, 1: 0, 2: 0}}
	if changes := credit.balance(); !reflect.DeepEqual(changes, []creditChange{{0, 1}, {1, 1}, {2, 1}}) {
		t.Error(changes)
	}
	credit.arrived(2)
	if !credit.use() || credit.use() {
		t.Error("one credit is one message")
	}
	if changes := credit.balance(); !reflect.DeepEqual(changes, []creditChange{{0, 0}, {1, 0}}) {
		t.Error(changes)
	}
}

func TestCreditIsSharedAndMovesToWhoHasNone(t *testing.T) {
	credit := shardCredit{left: 8, atBroker: map[int]int{0: 0}}
	credit.balance()
	credit.came(1)
	if changes := credit.balance(); !reflect.DeepEqual(changes, []creditChange{{0, 0}, {0, 4}, {1, 4}}) {
		t.Error(changes)
	}
	credit.went(0)
	if changes := credit.balance(); !reflect.DeepEqual(changes, []creditChange{{1, 4}}) {
		t.Error(changes)
	}
}
