package seaway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAHandlerServesASiteOfSeveralBrokers(t *testing.T) {
	house := newShardHouse(t)
	options := []string{"--http", "127.0.0.1:0", "--loops", "1"}
	for _, address := range house.addresses {
		options = append(options, "--broker", address)
	}
	addresses, _ := startProgram(t, "serve", "serving HTTP", options...)
	running, stop := context.WithCancel(ctx)
	defer stop()
	client := house.client()
	ended := background(func() error {
		return Serve(running, client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count, err := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, count, err)
		}))
	})
	browser := browsing(t)
	for number := 0; number < 30; number++ {
		size := number * 10_000
		request := asking(t, "PUT", "http://"+addresses["serving HTTP"], strings.NewReader(strings.Repeat("x", size)))
		response, err := browser.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(response.Body)
		response.Body.Close()
		// Before the worker listens at all of them, a request waits there.
		if string(content) != fmt.Sprint(size, nil) || err != nil {
			t.Errorf("%d: %s %v", response.StatusCode, content, err)
		}
	}
	stop()
	if err := await(t, ended); err != nil {
		t.Error(err)
	}
}
