package seaway

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

const aNamedRequest = `{"reply_channel":"http.response.k!1","method":"GET","path":"/moon","request_id":"3f2a"}`

// said is what the worker sends next as an answer.
func (w *workerAtWork) said() Message {
	w.broker.t.Helper()
	message, err := DecodeMessage(w.connection.expect("SEND http.response.k!1").Body)
	if err != nil {
		w.broker.t.Fatal(err)
	}
	w.connection.send("OK\n")
	return message
}

// isTold says whether a message names this process, and a time (I83 of INTERFACE.md).
func isTold(t *testing.T, message Message) bool {
	t.Helper()
	name, took := message["worker"], message["took"]
	if name == nil && took == nil {
		return false
	}
	text, _ := name.(string)
	count, isCount := took.(int64)
	if !strings.HasSuffix(text, ":"+strconv.Itoa(os.Getpid())) || len(text) > 64 || !isCount || count < 0 {
		t.Error(message)
	}
	return true
}

func TestAnAnswerTellsWhoHasMadeItWhereTheRequestHasAnID(t *testing.T) {
	handlers := map[string]Handler{
		"whole": func(ctx context.Context, r *Request) error { return r.Respond(ctx, 200, nil, nil) },
		"fails": func(ctx context.Context, r *Request) error { return errors.New("failed as told") },
	}
	for name, handler := range handlers {
		w := startWorker(t, 1, handler)
		w.connection.push("http.request", aNamedRequest)
		if !isTold(t, w.said()) {
			t.Error(name)
		}
		w.connection.expect("READY 1")
		w.connection.push("http.request", aRequest)
		if isTold(t, w.said()) {
			t.Error(name)
		}
	}
}

func TestTheFirstPieceOfAnAnswerTellsItAndNoOther(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		stream, err := r.Stream(ctx, 200, nil)
		if err != nil {
			return err
		}
		if _, err = stream.Write([]byte("a")); err != nil {
			return err
		}
		return stream.Close()
	})
	w.connection.push("http.request", aNamedRequest)
	for index, want := range []bool{true, false, false} {
		if isTold(t, w.said()) != want {
			t.Error(index)
		}
	}
}

func TestAHandlerOfNetHTTPIsTold(t *testing.T) {
	for size, count := range map[int]int{1: 1, 3 * pieceSize: 4} {
		size := size
		w := writing(t, func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, size)) })
		w.connection.push("http.request", aNamedRequest)
		for index := 0; index < count; index++ {
			if isTold(t, w.said()) != (index == 0) {
				t.Error(size, index)
			}
		}
	}
}

func TestAWorkersNameIsVisibleASCII(t *testing.T) {
	name := processName()
	if len(name) > 64 || strings.IndexFunc(name, func(char rune) bool { return char < '!' || char > '~' }) >= 0 {
		t.Errorf("%q", name)
	}
}
