// Command asgi1-worker answers what Daphne 1 asks: it knows nothing of the server before it but the messages.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"

	"seaway.dev/seaway"
)

const room = "room"

func main() {
	worker := seaway.NewWorker(seaway.New(os.Args[1], seaway.Options{Name: "go"}))
	worker.Handle("http.request", answer)
	worker.HandleSockets(seaway.SocketRoute{
		Path:    "/chat",
		Connect: func(ctx context.Context, s *seaway.Socket) error { return s.Join(ctx, room) },
		Receive: func(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
			_, err := s.Client().SendGroup(ctx, room, seaway.Message{"text": "Go heard " + string(said.Content)}, "")
			return err
		},
	})
	worker.HandleSockets(seaway.SocketRoute{
		Path:    "/closed",
		Connect: func(ctx context.Context, s *seaway.Socket) error { return s.Reject(ctx, 403, nil, []byte("no")) },
		Receive: func(context.Context, *seaway.Socket, seaway.SocketMessage) error { return nil },
	})
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func answer(ctx context.Context, r *seaway.Request) error {
	content, err := r.Content(ctx, 16<<20)
	if err != nil {
		return err
	}
	header := seaway.Header{{"content-type", "text/plain"}, {"x-worker", "go"}}
	switch r.Text("path") {
	case "/pieces":
		stream, err := r.Stream(ctx, 200, header)
		if err != nil {
			return err
		}
		for piece := 0; piece < 8; piece++ {
			if _, err := stream.Write(bytes.Repeat([]byte{byte('0' + piece)}, 50_000)); err != nil {
				return err
			}
		}
		return stream.Close()
	case "/tell":
		if _, err := r.Client().SendGroup(ctx, room, seaway.Message{"text": string(content)}, ""); err != nil {
			return err
		}
	}
	said := fmt.Sprintf("%s %s?%s %d", r.Text("method"), r.Text("path"), r.Bytes("query_string"), len(content))
	return r.Respond(ctx, 200, header, []byte(said))
}
