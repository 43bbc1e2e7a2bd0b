package seawaytest

import (
	"context"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"seaway.dev/seaway"
)

const (
	// Mailboxes of the interface server, and the times after which it waits no more.
	responses, sends, controls = "http.response.test!", "websocket.send.test!", "websocket.control.test!"

	httpTimeout    = 120 * time.Second
	connectTimeout = 5 * time.Second
	doneTimeout    = 30 * time.Second

	bodyInline = 65_536
	credit     = 10_000
)

// server is an interface server without a network.
type server struct {
	client *seaway.Client
	clock  *Clock

	mu        sync.Mutex
	count     int
	exchanges map[string]*Exchange
	// By the number behind the "!".
	browsers map[string]*Browser
	// The longest prefix first.
	requests, connects []route
}

func newServer(client *seaway.Client, clock *Clock) (*server, error) {
	s := &server{
		client: client, clock: clock, exchanges: make(map[string]*Exchange), browsers: make(map[string]*Browser),
	}
	for mailbox, take := range map[string]func(string, *seaway.Delivery){
		responses: s.takeResponse, sends: s.takeSend, controls: s.takeControl,
	} {
		listener, err := client.Listen(context.Background(), mailbox, credit)
		if err != nil {
			return nil, err
		}
		go read(listener, take)
	}
	return s, nil
}

func read(listener *seaway.Listener, take func(string, *seaway.Delivery)) {
	for {
		delivery, err := listener.Receive(context.Background())
		if err != nil {
			return
		}
		for _, channel := range delivery.Channels {
			take(channel, delivery)
		}
	}
}

// number draws the number of a new channel.
func (s *server) number() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return fmt.Sprint(s.count)
}

// tell tells somebody who is there.
func (s *server) tell(channel string, news seaway.Message) {
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = s.client.SendHere(limit, channel, news)
}

// closeChannels ends what is stale: further sends there are refused (I18, W12).
func (s *server) closeChannels(channels ...string) {
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = s.client.CloseChannels(limit, channels...)
}

func (s *server) takeResponse(channel string, delivery *seaway.Delivery) {
	s.mu.Lock()
	exchange := s.exchanges[channel]
	s.mu.Unlock()
	if exchange != nil {
		exchange.take(delivery.Message)
		return
	}
	go func() {
		s.closeChannels(channel)
		if own := delivery.Message.Text("disconnect_channel"); own != "" {
			// It asks to be told of an end that has been (I27).
			s.tell(own, seaway.Message{"reply_channel": channel, "path": "", "reason": "over"})
		}
	}()
}

func (s *server) browser(channel string) *Browser {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.browsers[channel[strings.Index(channel, "!")+1:]]
}

func (s *server) takeSend(channel string, delivery *seaway.Delivery) {
	if browser := s.browser(channel); browser != nil {
		browser.take(delivery.Message, delivery.Group != "")
	} else {
		go s.closeChannels(channel)
	}
}

func (s *server) takeControl(channel string, delivery *seaway.Delivery) {
	if browser := s.browser(channel); browser != nil {
		browser.control(delivery.Message)
	} else {
		go s.closeChannels(channel)
	}
}

// requestFields are those that a request and a connect have in common; what belongs to the connection is left out (I8).
func requestFields(request *http.Request) seaway.Message {
	host := request.Host
	if host == "" {
		host = "seaway.test"
	}
	fields := []any{[]any{"host", host}}
	names := make([]string, 0, len(request.Header))
	for name := range request.Header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		lower := strings.ToLower(name)
		switch lower {
		case "connection", "upgrade", "host", "content-length", "transfer-encoding", "sec-websocket-key",
			"sec-websocket-version", "sec-websocket-extensions":
			continue
		}
		for _, value := range request.Header[name] {
			fields = append(fields, []any{lower, value})
		}
	}
	path := request.URL.Path
	if path == "" {
		path = "/"
	}
	scheme := request.URL.Scheme
	if scheme == "" {
		scheme = "http"
	}
	return seaway.Message{
		"http_version": "1.1", "scheme": scheme, "path": path, "raw_path": request.URL.EscapedPath(),
		"query_string": request.URL.RawQuery, "root_path": "", "headers": fields,
		"client": []any{"192.0.2.1", 50_000}, "server": []any{"192.0.2.2", 80},
	}
}

// answerOf is the head of an answer.
func answerOf(status int64, fields seaway.Header) *Answer {
	header := make(http.Header)
	for _, field := range fields {
		header.Add(field[0], field[1])
	}
	return &Answer{Status: int(status), Header: header}
}

// errorAnswer is one of the server itself.
func errorAnswer(status int) *Answer {
	return &Answer{
		Status: status, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(http.StatusText(status) + "\n"),
	}
}
