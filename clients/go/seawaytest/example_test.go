package seawaytest_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"seaway.dev/seaway"
	"seaway.dev/seaway/seawaytest"
)

// chat tells a room what each of it says.
type chat struct{}

func (chat) Connect(ctx context.Context, s *seaway.Socket) error {
	return s.Join(ctx, s.Parameters["room"])
}

func (chat) Receive(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
	_, err := s.Client().SendGroup(ctx, s.Parameters["room"], said.Message(), "")
	return err
}

func Example() {
	var t *testing.T // of a test

	_ = func() {
		site := seawaytest.New(t)
		worker := seaway.NewWorker(site.Client())
		worker.HandleHTTP("http.request", http.NotFoundHandler())
		worker.HandleSockets(seaway.SocketRoute{Path: "/chat/{room}", Consumer: chat{}})
		site.Run(worker)

		fmt.Println(site.Get("/moon").Status)
		anna, bob := site.Open("/chat/blue"), site.Open("/chat/blue")
		anna.SendText("hi")
		fmt.Println(bob.ReceiveText())
	}
}
