package seaway

import (
	"sort"
	"strings"
)

const (
	// Milliseconds after its last send for which a reply or pinned channel stays where it is (B9).
	shardStay = 60_000
	// Channels whose place is surely not forgotten before that.
	mostStaying = 8_192
	// The most that a broker is believed to be warming.
	mostWarm = 3_600_000
)

// fnv is FNV-1a with 64 bits (B4).
func fnv(text string) uint64 {
	hash := uint64(14695981039346656037)
	for index := 0; index < len(text); index++ {
		hash = (hash ^ uint64(text[index])) * 1099511628211
	}
	return hash
}

// shardKey is what brokers are ranked by: a name up to and including the "!", or all of it (B3).
func shardKey(name string) string {
	if mark := strings.IndexByte(name, '!'); mark >= 0 {
		return name[:mark+1]
	}
	return name
}

// shardScore says how a broker stands with a key; the highest is first (B5).
func shardScore(key, identity string) uint64 {
	score := fnv(key) ^ fnv(identity)
	score ^= score >> 33
	score *= 18397679294719823053
	score ^= score >> 33
	score *= 14181476777654086739
	return score ^ score>>33
}

// shardOrder ranks identities for a name, best first; of equal scores the lesser is.
func shardOrder(name string, identities []string) []string {
	key := shardKey(name)
	ranked := append([]string(nil), identities...)
	sort.Slice(ranked, func(i, j int) bool {
		one, other := shardScore(key, ranked[i]), shardScore(key, ranked[j])
		return one > other || one == other && ranked[i] < ranked[j]
	})
	return ranked
}

type liveShard struct {
	warmUntil int64
	isLeaving bool
}

type stay struct {
	identity string
	// One that was lost and is back is another.
	shard    *liveShard
	lastSend int64
}

// shardMap says which of several brokers a send goes to (protocol/SHARDING.md, B3 to B10, B18 and B19).
//
// Brokers are known by their identities; times are milliseconds that never go back.
type shardMap struct {
	failover, began int64
	live            map[string]*liveShard
	lost            map[string]bool
	// The places of channels; those used before the newest are kept apart, to be forgotten first.
	staying, stayingBefore map[string]stay
	turn                   int
}

func newShardMap(failover, now int64) *shardMap {
	return &shardMap{
		failover: failover, began: now, live: make(map[string]*liveShard), lost: make(map[string]bool),
		staying: make(map[string]stay), stayingBefore: make(map[string]stay),
	}
}

// up: a broker has answered HELLO, with the warm= that it told.
func (m *shardMap) up(identity string, warm, now int64) {
	if warm > mostWarm {
		warm = mostWarm
	}
	if (m.lost[identity] || now > m.began+m.failover) && warm < m.failover {
		warm = m.failover
	}
	m.live[identity] = &liveShard{warmUntil: now + warm}
}

// leaving: it has said BYE shutdown (B12).
func (m *shardMap) leaving(identity string) {
	if shard, isLive := m.live[identity]; isLive {
		shard.isLeaving = true
	}
}

// down: its connection has ended.
func (m *shardMap) down(identity string) {
	if _, isLive := m.live[identity]; isLive {
		delete(m.live, identity)
		m.lost[identity] = true
	}
}

// usable are the fit ones; when there is none, the live ones that are not leaving (B6). Sorted.
func (m *shardMap) usable(without map[string]bool, now int64) []string {
	var fit, warming []string
	for identity, shard := range m.live {
		switch {
		case shard.isLeaving || without[identity]:
		case shard.warmUntil <= now:
			fit = append(fit, identity)
		default:
			warming = append(warming, identity)
		}
	}
	if len(fit) == 0 {
		fit = warming
	}
	sort.Strings(fit)
	return fit
}

// forChannel is the broker that a send to a channel goes to, "" when there is none; without those that have refused it.
//
// A stream, "" for none, is the reply channel that the message belongs to: it goes where a send to that would go (B7).
func (m *shardMap) forChannel(name, stream string, without map[string]bool, now int64) string {
	if stream != "" {
		return m.forStream(stream, without, now)
	}
	if strings.ContainsAny(name, "!?") {
		return m.forStream(name, without, now)
	}
	usable := m.usable(without, now)
	if len(usable) == 0 {
		return ""
	}
	m.turn++
	return usable[m.turn%len(usable)]
}

// forGroup is the broker that a send to a group goes to (B8).
func (m *shardMap) forGroup(name string, without map[string]bool, now int64) string {
	usable := m.usable(without, now)
	if len(usable) == 0 {
		return ""
	}
	return shardOrder(name, usable)[0]
}

func (m *shardMap) forStream(name string, without map[string]bool, now int64) string {
	place, isKnown := m.staying[name]
	if !isKnown {
		place = m.stayingBefore[name]
	}
	identity, shard := place.identity, m.live[place.identity]
	if shard == nil || shard != place.shard || shard.isLeaving || without[identity] || now >= place.lastSend+shardStay {
		if identity = m.forGroup(name, without, now); identity == "" {
			return ""
		}
	}
	m.staying[name] = stay{identity, m.live[identity], now}
	if len(m.staying) >= mostStaying {
		m.stayingBefore, m.staying = m.staying, make(map[string]stay)
	}
	return identity
}
