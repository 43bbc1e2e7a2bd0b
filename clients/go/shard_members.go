package seaway

import (
	"sort"
	"strings"
)

// mostOwn memberships of channels without a reader of their own are remembered.
const mostOwn = 10_000

// saying is a JOIN or LEAVE, to be said to a broker.
type saying struct {
	broker, verb string
	membership
}

type heldMembership struct {
	// Those that hold it.
	brokers map[string]bool
	// What somebody else has done last: joined or left.
	isWanted bool
	// What was said to a broker and not answered.
	asked map[string]string
}

// isOver: nothing is to be known of it any more, not even what this client has said itself.
func (h *heldMembership) isOver() bool {
	return !h.isWanted && len(h.brokers) == 0 && len(h.asked) == 0
}

// wrong are those of the brokers that are not as they should be, sorted.
func (h *heldMembership) wrong(among map[string]bool) []string {
	var wrong []string
	for broker := range among {
		if h.brokers[broker] != h.isWanted {
			wrong = append(wrong, broker)
		}
	}
	sort.Strings(wrong)
	return wrong
}

type shardDeadline struct {
	membership
	at int64
}

// shardMembers is what a reader does so that all its brokers hold the same memberships (protocol/SHARDING.md, B15 to B17).
//
// Brokers are known by their identities; times are milliseconds that never go back.
type shardMembers struct {
	failover int64
	// By mailbox, channel and group.
	held map[string]map[string]map[string]*heldMembership
	// Brokers that have answered the LISTEN of a mailbox.
	synced map[string]map[string]bool
	// When each is to be set right, and the same in order; what is out of date there is passed over.
	unsettled map[membership]int64
	deadlines []shardDeadline
	own       map[membership]bool
}

func newShardMembers(failover int64) *shardMembers {
	return &shardMembers{
		failover: failover, held: make(map[string]map[string]map[string]*heldMembership),
		synced: make(map[string]map[string]bool), unsettled: make(map[membership]int64), own: make(map[membership]bool),
	}
}

// What brokers tell

// joined: JOINED was pushed.
func (m *shardMembers) joined(broker, group string, channels []string, now int64) {
	for _, channel := range channels {
		m.make(membership{group, channel}).brokers[broker] = true
		m.told(broker, "JOIN", membership{group, channel}, now)
	}
}

// left: LEFT was pushed.
func (m *shardMembers) left(broker, group string, channels []string, now int64) {
	for _, channel := range channels {
		if held := m.find(membership{group, channel}); held != nil {
			delete(held.brokers, broker)
			m.told(broker, "LEAVE", membership{group, channel}, now)
		}
	}
}

func (m *shardMembers) told(broker, verb string, what membership, now int64) {
	if !m.synced[mailboxOf(what.channel)][broker] {
		return
	}
	// What this client has said itself tells nothing new.
	if held := m.find(what); held.asked[broker] != verb {
		held.isWanted = verb == "JOIN"
	}
	m.settle(what, now)
}

// listened: LISTEN is answered; what the broker holds it has told before (B15).
func (m *shardMembers) listened(broker, mailbox string, isKept bool, now int64) []saying {
	if m.synced[mailbox] == nil {
		m.synced[mailbox] = make(map[string]bool)
	}
	delete(m.synced[mailbox], broker)
	isAlone := len(m.synced[mailbox]) == 0
	m.synced[mailbox][broker] = true
	var says []saying
	for _, what := range m.all(mailbox) {
		held := m.find(what)
		if isAlone {
			held.isWanted = held.brokers[broker] || held.isWanted && !isKept
		}
		says = append(says, m.setRight(what, map[string]bool{broker: true})...)
		m.settle(what, now)
	}
	return says
}

// answered: what was said is answered; what was refused is not said again.
func (m *shardMembers) answered(said saying, isRefused bool) {
	held := m.find(said.membership)
	if held == nil {
		return
	}
	delete(held.asked, said.broker)
	if isRefused {
		delete(m.unsettled, said.membership)
	}
	if held.isOver() {
		m.forget(said.membership)
	}
}

// down: the connection has ended, and nothing is known of what the broker holds.
func (m *shardMembers) down(broker string, now int64) {
	for _, synced := range m.synced {
		delete(synced, broker)
	}
	for mailbox := range m.held {
		for _, what := range m.all(mailbox) {
			held := m.find(what)
			delete(held.brokers, broker)
			delete(held.asked, broker)
			m.settle(what, now)
		}
	}
}

// check is what brokers have differed about for too long (B16).
func (m *shardMembers) check(now int64) []saying {
	var says []saying
	for len(m.deadlines) > 0 && m.deadlines[0].at <= now {
		due := m.deadlines[0]
		m.deadlines = m.deadlines[1:]
		if at, isUnsettled := m.unsettled[due.membership]; isUnsettled && at == due.at {
			says = append(says, m.setRight(due.membership, m.synced[mailboxOf(due.channel)])...)
			m.settle(due.membership, now)
		}
	}
	return says
}

// What the client does

// closed: the channel is over (C1), and its memberships with it.
func (m *shardMembers) closed(channel string) {
	for group := range m.held[mailboxOf(channel)][channel] {
		delete(m.unsettled, membership{group, channel})
	}
	delete(m.held[mailboxOf(channel)], channel)
}

// stopped: the mailbox is not read any more.
func (m *shardMembers) stopped(mailbox string) {
	for channel := range m.held[mailbox] {
		m.closed(channel)
	}
	delete(m.held, mailbox)
	delete(m.synced, mailbox)
}

// remember: this client has joined channels; those that are in no mailbox are its own to keep (B17).
func (m *shardMembers) remember(group string, channels []string) {
	for _, channel := range channels {
		if !strings.Contains(channel, "!") && len(m.own) < mostOwn {
			m.own[membership{group, channel}] = true
		}
	}
}

// unremember: this client has ended memberships.
func (m *shardMembers) unremember(group string, channels []string) {
	for _, channel := range channels {
		delete(m.own, membership{group, channel})
	}
}

// came: a broker is live.
func (m *shardMembers) came(broker string) []saying {
	var says []saying
	for what := range m.own {
		says = append(says, saying{broker, "JOIN", what})
	}
	return says
}

// Parts

func (m *shardMembers) setRight(what membership, among map[string]bool) []saying {
	held := m.find(what)
	if held == nil {
		return nil
	}
	verb := "LEAVE"
	if held.isWanted {
		verb = "JOIN"
	}
	var says []saying
	for _, broker := range held.wrong(among) {
		// Nothing is said to a broker that has not answered: it may be on its way to become right.
		if held.asked[broker] == "" {
			held.asked[broker] = verb
			says = append(says, saying{broker, verb, what})
		}
	}
	return says
}

// settle forgets what is over, and notes what has to become right in time.
func (m *shardMembers) settle(what membership, now int64) {
	held := m.find(what)
	delete(m.unsettled, what)
	if held.isOver() {
		m.forget(what)
	} else if len(held.wrong(m.synced[mailboxOf(what.channel)])) > 0 {
		m.unsettled[what] = now + m.failover
		m.deadlines = append(m.deadlines, shardDeadline{what, now + m.failover})
	}
}

func (m *shardMembers) make(what membership) *heldMembership {
	mailbox := mailboxOf(what.channel)
	if m.held[mailbox] == nil {
		m.held[mailbox] = make(map[string]map[string]*heldMembership)
	}
	if m.held[mailbox][what.channel] == nil {
		m.held[mailbox][what.channel] = make(map[string]*heldMembership)
	}
	held := m.held[mailbox][what.channel][what.group]
	if held == nil {
		held = &heldMembership{brokers: make(map[string]bool), asked: make(map[string]string)}
		m.held[mailbox][what.channel][what.group] = held
	}
	return held
}

func (m *shardMembers) find(what membership) *heldMembership {
	return m.held[mailboxOf(what.channel)][what.channel][what.group]
}

func (m *shardMembers) forget(what membership) {
	channels := m.held[mailboxOf(what.channel)]
	delete(channels[what.channel], what.group)
	if len(channels[what.channel]) == 0 {
		delete(channels, what.channel)
	}
}

func (m *shardMembers) all(mailbox string) []membership {
	var all []membership
	for channel, groups := range m.held[mailbox] {
		for group := range groups {
			all = append(all, membership{group, channel})
		}
	}
	return all
}
