package seaway

import "sync"

// connectionNews tells the log whether the broker is there: once for each change, however often it is tried again.
type connectionNews struct {
	address string
	logger  lineLogger

	mu sync.Mutex
	// A worker says that it is connected; a program that only sends says nothing of it until its broker was away.
	isWorker bool
	// wasUp is true from the first connection on, isSaid when the log knows of the one that there is.
	isUp, isAway, wasUp, isSaid bool
}

// worker: there is a worker from now on.
func (n *connectionNews) worker() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.isWorker = true
	if n.isUp && !n.isSaid {
		n.say("")
	}
}

// up: calls may use the connection.
func (n *connectionNews) up() {
	n.mu.Lock()
	defer n.mu.Unlock()
	again := ""
	if n.isAway && n.wasUp {
		again = " again"
	}
	if n.isWorker || n.isAway {
		n.say(again)
	}
	n.isUp, n.isAway, n.wasUp = true, false, true
}

// away: there is no connection, and why.
func (n *connectionNews) away(reason error, bye string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.isAway {
		n.logger.Printf("seaway: no connection to %s, trying again: %v%s", n.name(), reason, reasonText(bye))
	}
	n.isUp, n.isAway, n.isSaid = false, true, false
}

// say is called with the lock held.
func (n *connectionNews) say(again string) {
	n.isSaid = true
	n.logger.Printf("seaway: connected to %s%s", n.name(), again)
}

func (n *connectionNews) name() string {
	if n.address == "" {
		return "the broker"
	}
	return n.address
}
