package seaway

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// chatServer plays an interface server: sockets whose next event waits for the done of the one before (W16).
type chatServer struct {
	t      *testing.T
	ctx    context.Context
	client *Client
	orders map[string]int
	heard  map[string][]string
	// How many there are, how many of them are open, and how much each says.
	browsers, open, perUser int
}

func (s *chatServer) event(kind, socket, fields string) {
	s.t.Helper()
	body := fmt.Sprintf(
		`{"type":"websocket.%s","reply_channel":"websocket.send.k!%s","control_channel":"websocket.control.k!%s",`+
			`"path":"/chat/blue","order":%d%s}`, kind, socket, socket, s.orders[socket], fields)
	message, err := DecodeMessage([]byte(body))
	if err == nil {
		err = s.client.Send(s.ctx, "websocket."+kind, message)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// next sends what a browser says, if it has anything more to say.
func (s *chatServer) next(socket string) {
	if s.orders[socket] < s.perUser {
		s.orders[socket]++
		s.event("receive", socket, fmt.Sprintf(`,"serial":true,"text":"%s says %d"`, socket, s.orders[socket]))
	}
}

func (s *chatServer) take(delivery *Delivery) {
	for _, channel := range delivery.Channels {
		socket := channel[strings.Index(channel, "!")+1:]
		switch {
		case delivery.Message.Bool("accept"):
			if !delivery.Message.Bool("serial") {
				s.t.Fatal("accepted without serial:", delivery.Message)
			}
			// Nobody says anything until all are there to hear it.
			if s.open++; s.open == s.browsers {
				for number := 0; number < s.browsers; number++ {
					s.next(fmt.Sprint(number))
				}
			}
		case strings.HasPrefix(channel, "websocket.control."):
			if delivery.Message.Int("done") != int64(s.orders[socket]) {
				s.t.Fatal(delivery.Message)
			}
			s.next(socket)
		default:
			s.heard[socket] = append(s.heard[socket], delivery.Message.Text("text"))
		}
	}
}

func TestAllBrowsersOfTheChatHearWhatOneSaysInItsOrder(t *testing.T) {
	address, ctx := realBroker(t), limited(t)
	running, stop := context.WithCancel(ctx)
	defer stop()
	for range [2]int{} {
		worker := NewWorker(realClient(t, address))
		worker.HandleSockets(SocketRoute{
			Path:    "/chat/{room}",
			Connect: func(ctx context.Context, s *Socket) error { return s.Join(ctx, s.Parameters["room"]) },
			Receive: func(ctx context.Context, s *Socket, said SocketMessage) error {
				_, err := s.Client().SendGroup(ctx, s.Parameters["room"], said.Message(), "")
				return err
			},
		})
		atWork(t, running, worker)
	}
	const browsers, perUser = 8, 20
	s := &chatServer{
		t: t, ctx: ctx, client: realClient(t, address), orders: map[string]int{}, heard: map[string][]string{},
		browsers: browsers, perUser: perUser,
	}
	deliveries := make(chan *Delivery)
	for _, mailbox := range []string{"websocket.send.k!", "websocket.control.k!"} {
		listener, err := s.client.Listen(ctx, mailbox, 100)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				delivery, err := listener.Receive(ctx)
				if err != nil {
					return
				}
				select {
				case deliveries <- delivery:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	for socket := 0; socket < browsers; socket++ {
		s.event("connect", fmt.Sprint(socket), "")
	}
	for heard := 0; heard < browsers*browsers*perUser; {
		delivery := await(t, deliveries)
		s.take(delivery)
		if delivery.Group != "" {
			heard += len(delivery.Channels)
		}
	}
	for socket, lines := range s.heard {
		latest := map[string]int{}
		for _, line := range lines {
			var author string
			var number int
			if _, err := fmt.Sscanf(line, "%s says %d", &author, &number); err != nil {
				t.Fatal(line)
			}
			if number != latest[author]+1 {
				t.Fatalf("browser %s hears %d of %s behind %d", socket, number, author, latest[author])
			}
			latest[author] = number
		}
	}
}
