package seaway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// tellAfter is how long a request is worked on before the server is asked to tell of its end (I27): a quick one
	// costs no message more.
	tellAfter = 250 * time.Millisecond
	// endCredit is how much news may be under way.
	endCredit = 64
)

// endNews has the server tell of the requests that nobody waits for any more, in a mailbox of this worker, and ends
// their contexts (I27 of INTERFACE.md). It also knows what is worked on at all.
type endNews struct {
	client *Client
	after  time.Duration

	// Held while the mailbox is listened on for the first time.
	listening sync.Mutex

	mu      sync.Mutex
	running map[*Request]string
	// Those that the server was told of, by the channel named to it.
	told  map[string]*Request
	count int
	// The mailbox that is listened on, "" before the first time and when it was lost.
	mailbox string
	// The broker does not let us listen there.
	isDenied bool
}

func newEndNews(client *Client) *endNews {
	return &endNews{
		client: client, after: tellAfter, running: make(map[*Request]string), told: make(map[string]*Request),
	}
}

// begin: a handler begins; its context is that of the news. What is returned is to be called when it has ended.
func (n *endNews) begin(ctx context.Context, request *Request) (end func()) {
	n.mu.Lock()
	n.running[request] = ""
	n.mu.Unlock()
	var timer *time.Timer
	if request.isHTTP() {
		timer = time.AfterFunc(n.after, func() { n.tell(ctx, request) })
	}
	return func() {
		if timer != nil {
			timer.Stop()
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.told, n.running[request])
		delete(n.running, request)
	}
}

// all are the requests that are worked on.
func (n *endNews) all() []*Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	requests := make([]*Request, 0, len(n.running))
	for request := range n.running {
		requests = append(requests, request)
	}
	return requests
}

// tell names a channel of ours to the server, until it is told or the request has ended.
func (n *endNews) tell(ctx context.Context, request *Request) {
	passing := []error{ErrFull, ErrClosing, ErrOffline, ErrUnknown, ErrLimit}
	err := tryAgain(ctx, passing, func() error {
		if !request.isWaitedFor() {
			return nil
		}
		// Each time anew: the mailbox may be lost meanwhile.
		channel, err := n.channel(ctx, request)
		if err != nil {
			return err
		}
		return n.client.Send(ctx, request.ReplyChannel(), Message{"disconnect_channel": channel})
	})
	if errors.Is(err, ErrGone) {
		request.end()
	}
}

// channel is the one for a request, in the mailbox that is listened on.
func (n *endNews) channel(ctx context.Context, request *Request) (string, error) {
	mailbox, err := n.listen()
	if err != nil {
		return "", err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	before, isRunning := n.running[request]
	if !isRunning {
		return "", because(ErrClosed, ctx.Err())
	}
	if strings.HasPrefix(before, mailbox) {
		return before, nil
	}
	delete(n.told, before)
	n.count++
	channel := mailbox + strconv.Itoa(n.count)
	n.running[request], n.told[channel] = channel, request
	return channel, nil
}

// listen listens on a mailbox from the first time it is needed; the error is [ErrDenied] for good.
func (n *endNews) listen() (string, error) {
	n.listening.Lock()
	defer n.listening.Unlock()
	n.mu.Lock()
	mailbox, isDenied := n.mailbox, n.isDenied
	n.mu.Unlock()
	if mailbox != "" {
		return mailbox, nil
	}
	if isDenied {
		return "", ErrDenied
	}
	limit, cancel := context.WithTimeout(context.Background(), n.client.options.Wait)
	defer cancel()
	mailbox = newMailbox("http.disconnect.")
	listener, err := n.client.Listen(limit, mailbox, endCredit)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		if errors.Is(err, ErrDenied) {
			n.isDenied = true
			n.client.logger.Printf("seaway: handlers do not hear that nobody waits for their answer any more: %v", err)
		}
		return "", err
	}
	n.mailbox = mailbox
	go n.read(listener)
	return mailbox, nil
}

// read ends with the listener, which ends with the client.
func (n *endNews) read(listener *Listener) {
	for {
		delivery, err := listener.Receive(context.Background())
		if err != nil {
			n.mu.Lock()
			n.mailbox = ""
			n.mu.Unlock()
			return
		}
		for _, channel := range delivery.Channels {
			n.mu.Lock()
			request := n.told[channel]
			n.mu.Unlock()
			if request != nil && delivery.Message.Text("reply_channel") == request.ReplyChannel() {
				request.end()
			}
		}
	}
}

// newMailbox draws the name of a mailbox that no other process has.
func newMailbox(beginning string) string {
	token := make([]byte, 16)
	if _, err := rand.Read(token); err != nil {
		panic(fmt.Sprintf("seaway: no random bytes: %v", err))
	}
	return beginning + hex.EncodeToString(token) + "!"
}
