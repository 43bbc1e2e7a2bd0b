package seaway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"seaway.dev/seaway"
)

// A whole worker: it answers HTTP requests that an interface server puts on http.request, 16 at a time, until SIGTERM.
func ExampleWorker() {
	worker := seaway.NewWorker(seaway.New("127.0.0.1:7411", seaway.Options{}))
	worker.Handle("http.request", func(ctx context.Context, r *seaway.Request) error {
		return r.RespondJSON(ctx, 200, map[string]string{"path": r.Text("path")})
	})
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// Jobs that outlive their workers: what a worker has not done when it dies another does.
func ExampleWorker_HandleAcknowledged() {
	worker := seaway.NewWorker(seaway.New("127.0.0.1:7411", seaway.Options{}))
	worker.HandleAcknowledged("jobs.mail", func(ctx context.Context, r *seaway.Request) error {
		to := r.Text("to")
		switch err := deliver(ctx, to); {
		case errors.Is(err, errNoSuchUser):
			return seaway.Dead("no such user: " + to) // to jobs.mail.dead, at once
		case err != nil:
			return fmt.Errorf("%s: %v: %w", to, err, seaway.Retry(time.Minute)) // again in a minute
		}
		return nil // acknowledged
	})
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

var errNoSuchUser = errors.New("no such user")

func deliver(context.Context, string) error { return nil }

// A reminder in an hour, stored once however often this runs within two minutes.
func ExampleOnce() {
	client := seaway.New("127.0.0.1:7411", seaway.Options{})
	err := client.Send(context.Background(), "jobs.mail", seaway.Message{"to": "a@example.org"},
		seaway.In(time.Hour), seaway.Once("reminder-17"))
	if err != nil {
		log.Fatal(err)
	}
}

// A chat: who opens /chat/blue hears what anybody says in the room blue, in the same order as all others there.
func ExampleWorker_HandleSockets() {
	worker := seaway.NewWorker(seaway.New("127.0.0.1:7411", seaway.Options{}))
	worker.HandleSockets(seaway.SocketRoute{
		Path: "/chat/{room}",
		Connect: func(ctx context.Context, s *seaway.Socket) error {
			return s.Join(ctx, s.Parameters["room"])
		},
		Receive: func(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
			_, err := s.Client().SendGroup(ctx, s.Parameters["room"], said.Message(), "")
			return err
		},
	})
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// Any program of net/http is a worker.
func ExampleServe() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello from", r.URL.Path)
	})
	client := seaway.New("127.0.0.1:7411", seaway.Options{})
	if err := seaway.Serve(context.Background(), client, mux); err != nil {
		log.Fatal(err)
	}
}

// guest is the consumer of one WebSocket, as long as it is open.
type guest struct{ said int }

func (g *guest) Receive(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
	g.said++
	return s.SendJSON(ctx, map[string]int{"said": g.said})
}

// A handler of net/http opens a WebSocket, or answers otherwise.
func ExampleAcceptWebSocket() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("name") == "" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if _, err := seaway.AcceptWebSocket(w, r, &guest{}, seaway.AcceptOptions{}); err != nil {
			log.Print(err)
		}
	})
	client := seaway.New("127.0.0.1:7411", seaway.Options{})
	log.Fatal(seaway.Serve(context.Background(), client, seaway.WithWebSockets(handler)))
}

// prices tells a stream what it asks for.
type prices map[string]int

func (p prices) Receive(ctx context.Context, s *seaway.SocketStream, payload json.RawMessage) error {
	var name string
	if err := json.Unmarshal(payload, &name); err != nil {
		return err
	}
	return s.SendPayload(ctx, p[name])
}

// {"stream": "prices", "payload": "tea"} is answered with {"stream":"prices","payload":3}.
func ExampleDemultiplexer() {
	worker := seaway.NewWorker(seaway.New("127.0.0.1:7411", seaway.Options{}))
	worker.HandleSockets(seaway.SocketRoute{
		Path: "/live", Consumer: seaway.Demultiplexer{"prices": prices{"tea": 3}},
	})
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func ExampleClient_Send() {
	client := seaway.New("127.0.0.1:7411", seaway.Options{})
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := client.Send(ctx, "chat.log", seaway.Message{"text": "hi"})
	switch {
	case err == nil:
		fmt.Println("the broker has it")
	case errors.Is(err, seaway.ErrFull):
		fmt.Println("no room: surely not stored, try later")
	case errors.Is(err, seaway.ErrUnknown):
		fmt.Println("the connection broke before the answer: stored or not")
	default:
		fmt.Println("not stored:", err)
	}
}

func ExampleClient_Listen() {
	client := seaway.New("unix:/run/seaway.sock", seaway.Options{})
	ctx := context.Background()
	mailbox, err := client.Listen(ctx, "chat.send.k3f9!", 100)
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Join(ctx, "room", "chat.send.k3f9!1"); err != nil {
		log.Fatal(err)
	}
	for {
		delivery, err := mailbox.Receive(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(delivery.Channels, delivery.Message.Text("text"))
	}
}

func ExampleRequest_Stream() {
	_ = func(ctx context.Context, r *seaway.Request) error {
		stream, err := r.Stream(ctx, 200, seaway.Header{{"content-type", "text/plain"}})
		if err != nil {
			return err
		}
		for count := 10; count > 0; count-- {
			if _, err := fmt.Fprintln(stream, count); err != nil {
				return err
			}
		}
		return stream.Close()
	}
}

func ExampleEncodeMessage() {
	body, err := seaway.EncodeMessage(seaway.Message{"whole": 3, "double": 3.0, "bytes": []byte{0xff}})
	fmt.Println(string(body), err)
	// Output: {"bytes":{"$bytes":"/w=="},"double":3.0,"whole":3} <nil>
}

func ExampleParser() {
	frames, err := seaway.NewParser(seaway.DefaultLimits()).Feed([]byte("MSG :13 chat.log\n{\"text\":\"hi\"}\nOK\n"))
	fmt.Println(frames[0].Verb, frames[0].Args, string(frames[0].Body), frames[1].Verb, err)
	// Output: MSG [chat.log] {"text":"hi"} OK <nil>
}
