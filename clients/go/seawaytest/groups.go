package seawaytest

import "sort"

// sendGroup sends to each member that has room; who shares an account shares a frame (G4).
func (s *store) sendGroup(group, except string, body []byte, b bounds) (sent, full, gone int) {
	frames := make(map[*int][]string)
	takers := make(map[*int]*reading)
	var order []*int
	for _, name := range s.members(group) {
		one := s.channels[name]
		var reader *reading
		if name == except {
			continue
		}
		if one == nil || len(one.waiting) == 0 && one.closed.IsZero() {
			reader = s.taker(name)
		}
		switch {
		case one != nil && !one.closed.IsZero():
			gone++
		case reader != nil && reader.isAcknowledged:
			sent++
			s.handOut(reader, name, s.newWaiting(name, group, body, b))
		case reader != nil:
			sent++
			account := reader.credit()
			if frames[account] == nil {
				order, takers[account] = append(order, account), reader
			}
			frames[account] = append(frames[account], name)
		case s.store(name, group, body, b) == "":
			sent++
		default:
			full++
		}
	}
	for _, account := range order {
		takers[account].push(frames[account], "", group, body)
	}
	return sent, full, gone
}

// members of a group, sorted.
func (s *store) members(group string) []string {
	names := make([]string, 0, len(s.groups[group]))
	for name := range s.groups[group] {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (s *store) join(group, name string) {
	if s.groups[group] == nil {
		s.groups[group] = make(map[string]bool)
	}
	if owner := ownerOf(name); owner != "" && len(s.readers[owner]) == 0 && s.mailboxes[owner].IsZero() {
		// Nobody is there to take it up, or lets it lapse.
		s.mailboxes[owner] = s.clock.Now()
	}
	if !s.groups[group][name] {
		s.groups[group][name] = true
		s.tell("JOINED", group, name)
	}
}

func (s *store) leave(group, name string) {
	if !s.groups[group][name] {
		return
	}
	delete(s.groups[group], name)
	if len(s.groups[group]) == 0 {
		delete(s.groups, group)
	}
	s.tell("LEFT", group, name)
}

// tell has the reader of a mailbox know of a membership, if it wants to (L5).
func (s *store) tell(verb, group, name string) {
	for _, reader := range s.readers[mailboxOf(name)] {
		if reader.members {
			reader.to.say(verb + " " + group + " " + name)
		}
	}
}
