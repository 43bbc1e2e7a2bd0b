// Command hello is a worker that says hello to each HTTP request on the channels given as arguments.
//
//	SEAWAY_BROKER=127.0.0.1:7411 go run ./examples/hello http.request.go http.request.any
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"seaway.dev/seaway"
)

func main() {
	address, channels := os.Getenv("SEAWAY_BROKER"), os.Args[1:]
	if address == "" {
		address = "127.0.0.1:7411"
	}
	if len(channels) == 0 {
		channels = []string{"http.request"}
	}
	worker := seaway.NewWorker(seaway.New(address, seaway.Options{Name: "hello-go"}))
	for _, channel := range channels {
		worker.Handle(channel, hello)
	}
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func hello(ctx context.Context, r *seaway.Request) error {
	text := fmt.Sprintf("hello from Go, %s %s\n", r.Text("method"), r.Text("path"))
	return r.Respond(ctx, 200, seaway.Header{{"content-type", "text/plain; charset=utf-8"}}, []byte(text))
}
