package seaway

import (
	"container/list"
	"strconv"
	"sync"
)

// mostKept sockets are kept unless a worker says otherwise; of one that is not kept any more, and is not tied to this
// process, the server finds that nobody reads its channel.
const mostKept = 65_536

// keptSockets are those whose events come to this process alone (W18), and what it knows of them.
type keptSockets struct {
	most   int
	logger lineLogger

	mu        sync.Mutex
	byChannel map[string]*keptSocket
	// That of which nothing was heard for the longest first.
	byAge     list.List
	count     int
	isLeaving bool
	// How many are tied; closed when there are none left, while leaving.
	tied    int
	noneSet chan struct{}
}

// keptSocket is one of them.
type keptSocket struct {
	channel, control string
	session          *SocketSession
	// Its own, of AcceptWebSocket.
	consumer SocketConsumer
	age      *list.Element
}

// isTied says whether no other process could serve it.
func (k *keptSocket) isTied() bool { return k.session != nil || k.consumer != nil }

// keep finds a channel for the socket's events, of its own so that a busy socket leaves the others their room; "" when
// the worker leaves.
func (k *keptSockets) keep(s *Socket, mailbox string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isLeaving {
		return ""
	}
	k.entry(s)
	k.count++
	return mailbox + strconv.Itoa(k.count)
}

// own keeps a socket with a consumer of its own; false when the worker leaves.
func (k *keptSockets) own(s *Socket, consumer SocketConsumer) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isLeaving {
		return false
	}
	k.change(k.entry(s), func(kept *keptSocket) { kept.consumer = consumer })
	return true
}

// session finds that of a socket; a new one only for one that is about to be accepted here.
func (k *keptSockets) session(s *Socket, isNew bool) *SocketSession {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := k.byChannel[s.Channel]
	if kept == nil && (!isNew || k.isLeaving) {
		return nil
	}
	kept = k.entry(s)
	if kept.session == nil {
		k.change(kept, func(kept *keptSocket) { kept.session = &SocketSession{} })
	}
	return kept.session
}

// consumer finds that of a socket, nil when it is not here.
func (k *keptSockets) consumer(channel string) SocketConsumer {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := k.byChannel[channel]
	if kept == nil {
		return nil
	}
	k.byAge.MoveToBack(kept.age)
	return kept.consumer
}

// entry finds a socket, or makes room for it; called with the lock held.
func (k *keptSockets) entry(s *Socket) *keptSocket {
	if kept := k.byChannel[s.Channel]; kept != nil {
		k.byAge.MoveToBack(kept.age)
		return kept
	}
	if k.byChannel == nil {
		k.byChannel = make(map[string]*keptSocket)
	}
	for len(k.byChannel) >= k.most {
		oldest := k.byAge.Front().Value.(*keptSocket)
		if oldest.isTied() {
			k.logger.Printf("seaway: the socket %s is given up: more than %d are kept here", oldest.channel, k.most)
		}
		k.remove(oldest)
	}
	kept := &keptSocket{channel: s.Channel, control: s.ControlChannel}
	kept.age = k.byAge.PushBack(kept)
	k.byChannel[s.Channel] = kept
	return kept
}

// change counts who is tied; called with the lock held.
func (k *keptSockets) change(kept *keptSocket, how func(*keptSocket)) {
	wasTied := kept.isTied()
	how(kept)
	if kept.isTied() && !wasTied {
		k.tied++
	}
}

// remove is called with the lock held.
func (k *keptSockets) remove(kept *keptSocket) {
	delete(k.byChannel, kept.channel)
	k.byAge.Remove(kept.age)
	if !kept.isTied() {
		return
	}
	k.tied--
	if k.tied == 0 && k.noneSet != nil {
		close(k.noneSet)
		k.noneSet = nil
	}
}

// forget: the socket has ended, or was never opened.
func (k *keptSockets) forget(channel string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if kept := k.byChannel[channel]; kept != nil {
		k.remove(kept)
	}
}

// leave keeps no more; it returns who is to be given back, who is to be closed, and what is closed when those have
// ended.
func (k *keptSockets) leave() (others, tied []*keptSocket, none <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.isLeaving = true
	for _, kept := range k.byChannel {
		if kept.isTied() {
			tied = append(tied, kept)
		} else {
			others = append(others, kept)
		}
	}
	for _, kept := range others {
		k.remove(kept)
	}
	k.noneSet = make(chan struct{})
	none = k.noneSet
	if len(tied) == 0 {
		close(k.noneSet)
		k.noneSet = nil
	}
	return others, tied, none
}

// rest are those whose end was not heard of; they are kept no more.
func (k *keptSockets) rest() []*keptSocket {
	k.mu.Lock()
	defer k.mu.Unlock()
	var rest []*keptSocket
	for _, kept := range k.byChannel {
		rest = append(rest, kept)
	}
	for _, kept := range rest {
		k.remove(kept)
	}
	return rest
}
