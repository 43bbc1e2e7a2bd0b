package seaway

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

// until waits for a line of the log.
func (l *testLogger) until(text string) {
	l.t.Helper()
	limit := time.After(patience)
	for {
		l.mu.Lock()
		written := l.written()
		l.mu.Unlock()
		if l.contains(text) {
			return
		}
		select {
		case <-written:
		case <-limit:
			l.t.Fatalf("%q is not logged", text)
		}
	}
}

func TestAWorkersLogTellsOfItsBrokerOnceForEachChange(t *testing.T) {
	w := startWorker(t, 1, func(context.Context, *Request) error { return nil })
	address := w.broker.listener.Addr().String()
	connected := "seaway: connected to " + address
	w.logger.until(connected)
	w.connection.send("BYE shutdown in=5\n")
	w.connection.close()
	away := "seaway: no connection to " + address + ", trying again: "
	w.logger.until(away)
	// However often it is tried.
	for range [3]int{} {
		w.broker.acceptSilently().close()
	}
	w.listened(1)
	w.logger.until(connected + " again")
	if w.logger.count(connected) != 2 || w.logger.count(away) != 1 || !w.logger.contains("(BYE shutdown)") {
		t.Errorf("%q", w.logger.all())
	}
}

func TestAWorkerThatComesBeforeItsBrokerSaysSo(t *testing.T) {
	logger := &testLogger{t: t}
	broker := newFakeBroker(t)
	refusals := make(chan struct{}, 3)
	for range [3]int{} {
		refusals <- struct{}{}
	}
	client := New("somewhere:1", Options{
		Backoff: time.Millisecond, MaxBackoff: time.Millisecond, Logger: logger,
		Dial: func(ctx context.Context) (net.Conn, error) {
			select {
			case <-refusals:
				return nil, errors.New("refused as told\nand more")
			default:
				return new(net.Dialer).DialContext(ctx, "tcp", broker.listener.Addr().String())
			}
		},
	})
	worker := playedWorker(client)
	worker.Handle("http.request", func(context.Context, *Request) error { return nil })
	running, stop := context.WithCancel(ctx)
	defer stop()
	w := &workerAtWork{broker: broker, ended: atWork(t, running, worker)}
	w.listened(16)
	logger.until("connected")
	want := []string{
		`seaway: no connection to somewhere:1, trying again: refused as told\nand more`, "seaway: connected to somewhere:1",
	}
	if !reflect.DeepEqual(logger.all(), want) {
		t.Errorf("%q", logger.all())
	}
}

func TestAProgramThatOnlySendsSaysNothingWhileAllIsWell(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	result := sending(client, "a")
	connection.expect("SEND a")
	connection.send("OK\n")
	if err := await(t, result); err != nil {
		t.Error(err)
	}
	if lines := logOf(client).all(); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
}

func TestTheLogNamesTheBrokerThatIsAwayAmongSeveral(t *testing.T) {
	house := newShardHouse(t)
	logger := &testLogger{t: t}
	options := house.options(10 * time.Second)
	options.Logger = logger
	client, err := NewSharded(house.addresses, options)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close(limited(t))
	worker := playedWorker(client)
	worker.Handle("work", func(context.Context, *Request) error { return nil })
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := atWork(t, running, worker)
	for _, address := range house.addresses {
		logger.until("seaway: connected to " + address)
	}
	house.kill(1)
	logger.until("seaway: no connection to " + house.addresses[1] + ", trying again: ")
	house.restart(1)
	logger.until("seaway: connected to " + house.addresses[1] + " again")
	if logger.count("no connection") != 1 || logger.count("connected to") != 4 {
		t.Errorf("%q", logger.all())
	}
	stop()
	if err := await(t, ended); err != nil {
		t.Error(err)
	}
	if strings.Contains(strings.Join(logger.all(), ""), "\n") {
		t.Error("more than a line")
	}
}
