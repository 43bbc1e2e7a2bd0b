// Command go is the Go worker of `make demo`: heavy work on a channel of its own, and posts to /go and /any.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"seaway.dev/seaway"
)

const (
	blog  = "liveblog"
	steps = 20
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: go-worker BROKER …, with its token, where the broker has tokens, in SEAWAY_TOKEN")
	}
	client, err := seaway.NewSharded(os.Args[1:], seaway.Options{Name: "demo-go", Token: os.Getenv("SEAWAY_TOKEN")})
	if err != nil {
		log.Fatal(err)
	}
	worker := seaway.NewWorker(client)
	worker.Handle("http.request.go", answer)
	worker.Handle("http.request.any", answer)
	worker.Handle("bigdata.process", process)
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func answer(ctx context.Context, r *seaway.Request) error {
	if r.Text("method") != "POST" {
		return respond(ctx, r, "hello from Go\n")
	}
	said, err := r.Content(ctx, 1<<20)
	if err != nil {
		return err
	}
	if err := tell(ctx, r, "Go: "+string(said)); err != nil {
		return err
	}
	return respond(ctx, r, "posted by Go\n")
}

// process counts primes, tells the group how far it is, and answers the request that another worker took and handed on:
// the message has that request's reply channel. It stops when the browser that asked has left.
func process(ctx context.Context, r *seaway.Request) error {
	limit := int(r.Int("limit"))
	start := time.Now()
	count := 0
	for step := 0; step < steps; step++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		count += primes(step*limit/steps, (step+1)*limit/steps)
		progress, err := json.Marshal(map[string]any{"job": r.Text("job"), "percent": (step + 1) * 100 / steps})
		if err != nil {
			return err
		}
		if err := tell(ctx, r, string(progress)); err != nil {
			return err
		}
	}
	return respond(ctx, r, fmt.Sprintf("%d primes below %d, counted in %.1f s\n", count, limit, time.Since(start).Seconds()))
}

// primes counts those from low to below high, by trial: slowly, as it is meant to be.
func primes(low, high int) int {
	count := 0
	for number := low; number < high; number++ {
		if isPrime(number) {
			count++
		}
	}
	return count
}

func isPrime(number int) bool {
	if number < 2 {
		return false
	}
	for divisor := 2; divisor*divisor <= number; divisor++ {
		if number%divisor == 0 {
			return false
		}
	}
	return true
}

func tell(ctx context.Context, r *seaway.Request, text string) error {
	_, err := r.Client().SendGroup(ctx, blog, seaway.Message{"text": text}, "")
	return err
}

func respond(ctx context.Context, r *seaway.Request, text string) error {
	return r.Respond(ctx, 200, seaway.Header{{"content-type", "text/plain; charset=utf-8"}}, []byte(text))
}
