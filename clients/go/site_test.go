package seaway

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"
)

// realSite starts "seaway up" and returns where workers and browsers find it.
func realSite(t *testing.T, options ...string) (broker, site string) {
	t.Helper()
	options = append([]string{"--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--loops", "1"}, options...)
	addresses, _ := startProgram(t, "up", "serving HTTP", options...)
	return addresses["listening"], addresses["serving HTTP"]
}

// serving serves a site with a handler, by a worker that ends with the test; the URL of the site.
func serving(t *testing.T, handler http.Handler, options ...string) (url string, logger *testLogger) {
	t.Helper()
	broker, site := realSite(t, options...)
	worker := NewWorker(realClient(t, broker))
	worker.Timeout, worker.Drain = 0, patience
	worker.HandleHTTP("http.request", handler)
	atWork(t, ctx, worker)
	return "http://" + site, logOf(worker.client)
}

// browsing is a client of HTTP whose connections end with the test.
func browsing(t *testing.T) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: 12 * patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func asking(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	limit, cancel := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(limit, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// leaveOnce is a browser that asks, and leaves without an answer once its request has begun.
func leaveOnce(t *testing.T, url string, began <-chan struct{}) {
	t.Helper()
	leave := make(chan struct{})
	request := asking(t, "GET", url, nil)
	request.Cancel = leave
	left := background(func() error { _, err := browsing(t).Do(request); return err })
	await(t, began)
	close(leave)
	if err := await(t, left); err == nil {
		t.Error("it was answered")
	}
}
