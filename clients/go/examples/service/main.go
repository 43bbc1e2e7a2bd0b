// Command service is an ordinary program of net/http, run as a worker: pages, JSON, uploads, downloads, events and a
// chat over WebSockets.
//
//	SEAWAY_BROKER=127.0.0.1:7411 go run ./examples/service
//	go run ./examples/service -direct 127.0.0.1:8080     the same without Seaway, and without the chat
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"seaway.dev/seaway"
)

func main() {
	direct := flag.String("direct", "", "serve at this address by net/http itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if *direct != "" {
		log.Fatal(http.ListenAndServe(*direct, newService()))
	}
	address := os.Getenv("SEAWAY_BROKER")
	if address == "" {
		address = "127.0.0.1:7411"
	}
	client := seaway.New(address, seaway.Options{Name: "service-go", Token: os.Getenv("SEAWAY_TOKEN")})
	if err := seaway.Serve(ctx, client, seaway.WithWebSockets(newService())); err != nil {
		log.Fatal(err)
	}
}

// service keeps notes in memory.
type service struct {
	mu    sync.Mutex
	notes []string
}

func newService() http.Handler {
	s := &service{}
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.index)
	mux.HandleFunc("/notes", s.list)
	mux.HandleFunc("/upload", s.upload)
	mux.HandleFunc("/download", s.download)
	mux.HandleFunc("/events", s.events)
	mux.HandleFunc("/chat/", s.chat)
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("as asked for") })
	return logged(mux)
}

// logged is what middleware looks like: it wraps the writer.
func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Service", "go")
		next.ServeHTTP(&recorder{ResponseWriter: w}, r)
	})
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is for those who do not have it yet (Go 1.19).
func (w *recorder) Flush() {
	if flusher, canFlush := w.ResponseWriter.(http.Flusher); canFlush {
		flusher.Flush()
	}
}

func (s *service) index(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	fmt.Fprintf(w, "<!DOCTYPE html><title>Notes</title><p>%s://%s\n", scheme, r.Host)
}

// list shows the notes as JSON, and takes another by POST.
func (s *service) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost {
		var note string
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 10_000)).Decode(&note); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.notes = append(s.notes, note)
		w.WriteHeader(http.StatusCreated)
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(s.notes); err != nil {
		log.Print(err)
	}
}

// upload reads a file of any size out of a form, as it comes.
func (s *service) upload(w http.ResponseWriter, r *http.Request) {
	form, err := r.MultipartReader()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sum := sha256.New()
		size, err := io.Copy(sum, part)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%s %d %x\n", part.FileName(), size, sum.Sum(nil))
	}
}

// download sends a file of MIB mebibytes, or a part of it.
func (s *service) download(w http.ResponseWriter, r *http.Request) {
	size, err := strconv.ParseInt(r.FormValue("mib"), 10, 32)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.ServeContent(w, r, "file.bin", time.Unix(1_700_000_000, 0), &counting{size: size << 20})
}

// counting is a file whose byte at N is the lowest of N.
type counting struct{ size, at int64 }

func (c *counting) Read(into []byte) (int, error) {
	if c.at >= c.size {
		return 0, io.EOF
	}
	if left := c.size - c.at; int64(len(into)) > left {
		into = into[:left]
	}
	for index := range into {
		into[index] = byte(c.at + int64(index))
	}
	c.at += int64(len(into))
	return len(into), nil
}

func (c *counting) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		c.at = offset
	case io.SeekCurrent:
		c.at += offset
	default:
		c.at = c.size + offset
	}
	return c.at, nil
}

// events tells the time until the client has heard enough.
func (s *service) events(w http.ResponseWriter, r *http.Request) {
	flusher, canFlush := w.(http.Flusher)
	if !canFlush {
		http.Error(w, "no events here", http.StatusNotImplemented)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	for number := 1; ; number++ {
		fmt.Fprintf(w, "data: %d\n\n", number)
		flusher.Flush()
		select {
		case <-ticks.C:
		case <-r.Context().Done():
			log.Print("the listener has left")
			return
		}
	}
}

// chat opens a WebSocket in a room, for those who say who they are.
func (s *service) chat(w http.ResponseWriter, r *http.Request) {
	room, name := strings.TrimPrefix(r.URL.Path, "/chat/"), r.FormValue("name")
	if name == "" {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	options := seaway.AcceptOptions{Groups: []string{room}}
	if _, err := seaway.AcceptWebSocket(w, r, &guest{room: room, name: name}, options); err != nil {
		log.Print(err)
	}
}

// guest is one socket of the chat.
type guest struct {
	room, name string
	said       int
}

// Receive tells the room.
func (g *guest) Receive(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
	g.said++
	text := fmt.Sprintf("%s (%d): %s", g.name, g.said, said.Content)
	_, err := s.Client().SendGroup(ctx, g.room, seaway.Message{"text": text}, "")
	return err
}

// Disconnect tells the room too.
func (g *guest) Disconnect(ctx context.Context, s *seaway.Socket, code int, reason string) error {
	_, err := s.Client().SendGroup(ctx, g.room, seaway.Message{"text": g.name + " has left"}, "")
	return err
}
