// Command go-jobs is the Go worker of `make demo-durable`: a job is acknowledged when its handler returns nil.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"seaway.dev/seaway"
)

func main() {
	client, err := seaway.NewSharded(os.Args[1:], seaway.Options{Name: "jobs-go"})
	if err != nil {
		log.Fatal(err)
	}
	worker := seaway.NewWorker(client)
	worker.HandleAcknowledged("jobs.demo", func(ctx context.Context, r *seaway.Request) error {
		time.Sleep(20 * time.Millisecond)
		fmt.Println(r.Int("number"), r.Times)
		return nil
	})
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}
