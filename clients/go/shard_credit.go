package seaway

import "sort"

// shardCredit shares the credit of one listener among brokers (protocol/SHARDING.md, B13).
//
// Each has one credit at least as long as any is left, so that more may come than was granted. When all is used up, what
// brokers have left is withdrawn, so that nothing waits here that another client could take.
type shardCredit struct {
	// Granted by the listener and not used.
	left     int
	atBroker map[int]int
}

// creditChange is what a broker is to be told: the credit it gets, or with 0 that what it has is withdrawn.
type creditChange struct{ broker, count int }

// arrived: a broker has pushed a message.
func (c *shardCredit) arrived(broker int) {
	if c.atBroker[broker] > 0 {
		c.atBroker[broker]--
	}
}

// use takes the credit of one message that is handed to the listener; false when there is none.
func (c *shardCredit) use() bool {
	if c.left <= 0 {
		return false
	}
	c.left--
	return true
}

// came: a broker has answered LISTEN; it has no credit yet.
func (c *shardCredit) came(broker int) { c.atBroker[broker] = 0 }

// went: its connection has ended.
func (c *shardCredit) went(broker int) { delete(c.atBroker, broker) }

// balance is what brokers are to be told now, in this order.
func (c *shardCredit) balance() []creditChange {
	var changes []creditChange
	if c.left == 0 {
		for _, broker := range c.poorest() {
			if c.atBroker[broker] > 0 {
				c.atBroker[broker] = 0
				changes = append(changes, creditChange{broker, 0})
			}
		}
		return changes
	}
	brokers := c.poorest()
	if len(brokers) == 0 {
		return nil
	}
	if richest := brokers[len(brokers)-1]; c.spare() <= 0 && c.atBroker[brokers[0]] == 0 && c.atBroker[richest] > 1 {
		c.atBroker[richest] = 0
		changes = append(changes, creditChange{richest, 0})
	}
	if c.spare() > 0 {
		changes = append(changes, c.fillUp()...)
	}
	for _, broker := range c.poorest() {
		if c.atBroker[broker] == 0 {
			c.atBroker[broker] = 1
			changes = append(changes, creditChange{broker, 1})
		}
	}
	return changes
}

// fillUp gives what is spare to those that have least.
func (c *shardCredit) fillUp() []creditChange {
	var changes []creditChange
	poorest := c.poorest()
	total := c.left
	for c.atBroker[poorest[len(poorest)-1]] > total/len(poorest) {
		total -= c.atBroker[poorest[len(poorest)-1]]
		poorest = poorest[:len(poorest)-1]
	}
	level, rest := total/len(poorest), total%len(poorest)
	for index, broker := range poorest {
		count := level - c.atBroker[broker]
		if index < rest {
			count++
		}
		if count > 0 {
			c.atBroker[broker] += count
			changes = append(changes, creditChange{broker, count})
		}
	}
	return changes
}

func (c *shardCredit) spare() int {
	spare := c.left
	for _, count := range c.atBroker {
		spare -= count
	}
	return spare
}

// poorest are the brokers in the order of their credit.
func (c *shardCredit) poorest() []int {
	brokers := make([]int, 0, len(c.atBroker))
	for broker := range c.atBroker {
		brokers = append(brokers, broker)
	}
	sort.Slice(brokers, func(i, j int) bool {
		one, other := c.atBroker[brokers[i]], c.atBroker[brokers[j]]
		return one < other || one == other && brokers[i] < brokers[j]
	})
	return brokers
}
