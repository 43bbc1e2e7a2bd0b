// Command chat is a worker for WebSockets: who opens /chat/ROOM hears what anybody says in that room.
//
//	SEAWAY_BROKER=127.0.0.1:7411 go run ./examples/chat
//
// What one browser says all of the room hear in the same order, also with several of these workers: a socket has its
// messages dealt with one after another.
package main

import (
	"context"
	"log"
	"os"

	"seaway.dev/seaway"
)

func main() {
	address := os.Getenv("SEAWAY_BROKER")
	if address == "" {
		address = "127.0.0.1:7411"
	}
	worker := seaway.NewWorker(seaway.New(address, seaway.Options{Name: "chat-go", Token: os.Getenv("SEAWAY_TOKEN")}))
	worker.HandleSockets(seaway.SocketRoute{Path: "/chat/{room}", Connect: join, Receive: tell})
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func join(ctx context.Context, s *seaway.Socket) error { return s.Join(ctx, s.Parameters["room"]) }

func tell(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
	_, err := s.Client().SendGroup(ctx, s.Parameters["room"], said.Message(), "")
	return err
}
