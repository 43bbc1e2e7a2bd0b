// Command go is the Go worker of `make demo`: every request of /go, and a share of /any.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"seaway.dev/seaway"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go-worker HOST:PORT")
	}
	worker := seaway.NewWorker(seaway.New(os.Args[1], seaway.Options{Name: "demo-go"}))
	worker.Handle("http.request.go", hello)
	worker.Handle("http.request.any", hello)
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func hello(ctx context.Context, r *seaway.Request) error {
	text := fmt.Sprintf("hello from Go, by %s\n", r.Channel)
	return r.Respond(ctx, 200, seaway.Header{{"content-type", "text/plain; charset=utf-8"}}, []byte(text))
}
