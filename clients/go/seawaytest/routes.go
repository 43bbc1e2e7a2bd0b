package seawaytest

import (
	"sort"
	"strings"
)

// route has requests, or sockets, of a path go to a channel.
type route struct{ prefix, channel string }

// Route has requests whose path is the prefix, or goes on behind it with a "/", go to a channel; the longest prefix that
// fits counts. Others go to "http.request".
func (s *Site) Route(prefix, channel string) { s.server.route(&s.server.requests, prefix, channel) }

// RouteSockets does so with WebSockets; others go to "websocket.connect".
func (s *Site) RouteSockets(prefix, channel string) {
	s.server.route(&s.server.connects, prefix, channel)
}

func (s *server) route(to *[]route, prefix, channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*to = append(*to, route{prefix, channel})
	sort.SliceStable(*to, func(i, j int) bool { return len((*to)[i].prefix) > len((*to)[j].prefix) })
}

func (s *server) channelOf(from *[]route, path, otherwise string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range *from {
		prefix := strings.TrimSuffix(one.prefix, "/")
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return one.channel
		}
	}
	return otherwise
}

// beside is the channel of another event, beside that of requests or connects (I4, W2).
func beside(channel, beginning, event string) string {
	if rest := strings.TrimPrefix(channel, beginning); rest != channel {
		return strings.SplitN(beginning, ".", 2)[0] + "." + event + rest
	}
	return channel + "." + event
}
