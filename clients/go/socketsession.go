package seaway

import (
	"fmt"
	"sync"
)

// SocketSession is what a worker remembers of one socket, as long as that is open: values by name, of any type. Its
// methods are safe for concurrent use.
type SocketSession struct {
	mu      sync.Mutex
	values  map[string]any
	streams map[string]*SocketSession
}

// Get is the value of a name, nil where there is none.
func (s *SocketSession) Get(name string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[name]
}

// Set remembers a value.
func (s *SocketSession) Set(name string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = make(map[string]any)
	}
	s.values[name] = value
}

// Delete forgets a value.
func (s *SocketSession) Delete(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, name)
}

// stream is the part of one stream of a [Demultiplexer].
func (s *SocketSession) stream(name string) *SocketSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams == nil {
		s.streams = make(map[string]*SocketSession)
	}
	if s.streams[name] == nil {
		s.streams[name] = &SocketSession{}
	}
	return s.streams[name]
}

// Session is what this worker remembers of the socket, from its connect to the end of its disconnect.
//
// It is in the memory of the process that accepted the socket, so the route has to be Sticky, else the error is
// [ErrState]. When that process leaves, it closes the sockets that have a session with 1012; an event of one whose
// session is not here, since the process died, has [ErrNoSession], and closes it so too. At most Worker.MostSockets
// have one.
func (s *Socket) Session() (*SocketSession, error) {
	if s.route == nil || s.route.mailbox == "" {
		return nil, fmt.Errorf("seaway: %w: a session lives where all events of its socket come: make the route of %s Sticky",
			ErrState, cutText(s.Path()))
	}
	session := s.kept.session(s, s.Event.Text("type") == typeConnect)
	if session == nil {
		return nil, ErrNoSession
	}
	return session, nil
}
