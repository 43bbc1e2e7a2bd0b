// Command bodies is a worker that reads bodies and streams answers of any size, for test_bodies.py.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"strconv"
	"strings"

	"seaway.dev/seaway"
)

const blockSize = 65_536

func main() {
	client, err := seaway.NewSharded(os.Args[1:], seaway.Options{Name: "bodies-go"})
	if err != nil {
		log.Fatal(err)
	}
	worker := seaway.NewWorker(client)
	worker.Handle("http.request", answer)
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// answer counts the bytes of what is posted; for a GET of /down/N it streams N blocks of 64 KiB.
func answer(ctx context.Context, r *seaway.Request) error {
	if r.Text("method") == "POST" {
		size, err := io.Copy(io.Discard, r.Body(ctx))
		if err != nil {
			return err
		}
		return r.Respond(ctx, 200, nil, []byte(strconv.FormatInt(size, 10)))
	}
	blocks, err := strconv.Atoi(strings.TrimPrefix(r.Text("path"), "/down/"))
	if err != nil {
		return r.Respond(ctx, 404, nil, nil)
	}
	stream, err := r.Stream(ctx, 200, nil)
	if err != nil {
		return err
	}
	block := make([]byte, blockSize)
	for index := range block {
		block[index] = byte(index)
	}
	for index := 0; index < blocks; index++ {
		if _, err := stream.Write(block); err != nil {
			return err
		}
	}
	return stream.Close()
}
