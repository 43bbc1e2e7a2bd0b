// Command echo_go is the Go worker of deploys.py: it sends back what comes, over HTTP and WebSockets.
package main

import (
	"context"
	"flag"
	"log"
	"net/url"
	"strconv"
	"time"

	"seaway.dev/seaway"
)

var (
	broker      = flag.String("broker", "", "address")
	kind        = flag.String("kind", "go", "what its channels end in")
	group       = flag.String("group", "", "a group that every socket is put into")
	sticky      = flag.Bool("sticky", false, "keep each socket here")
	pause       = flag.Int("pause", 0, "milliseconds that each message takes")
	concurrency = flag.Int("concurrency", 16, "messages worked on at a time")
)

func main() {
	flag.Parse()
	worker := seaway.NewWorker(seaway.New(*broker, seaway.Options{Name: *kind}))
	worker.Concurrency = *concurrency
	worker.HandleSockets(seaway.SocketRoute{
		Channel: "websocket.connect." + *kind, Sticky: *sticky,
		Connect: func(ctx context.Context, s *seaway.Socket) error { return s.Join(ctx, *group) },
		Receive: func(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
			work()
			return s.Send(ctx, said)
		},
	})
	worker.Handle("http.request."+*kind, echo)
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func work() { time.Sleep(time.Duration(*pause) * time.Millisecond) }

func echo(ctx context.Context, r *seaway.Request) error {
	work()
	content, err := r.Content(ctx, 16<<20)
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(string(r.Bytes("query_string")))
	if err != nil {
		return err
	}
	pieces, err := strconv.Atoi(query.Get("pieces"))
	if err != nil || pieces < 1 {
		return r.Respond(ctx, 200, nil, content)
	}
	stream, err := r.Stream(ctx, 200, nil)
	if err != nil {
		return err
	}
	size := (len(content) + pieces - 1) / pieces
	for len(content) > 0 {
		if size > len(content) {
			size = len(content)
		}
		if _, err := stream.Write(content[:size]); err != nil {
			return err
		}
		content = content[size:]
		time.Sleep(20 * time.Millisecond)
	}
	return stream.Close()
}
