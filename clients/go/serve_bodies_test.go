package seaway

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

const largeBody = 40 << 20

// What a worker holds of a body does not depend on its size, in either direction: neither side reads ahead.
func TestALargeBodyGoesThroughLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("80 MiB")
	}
	url, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "PUT" {
			count, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				panic(err)
			}
			io.WriteString(w, strconv.FormatInt(count, 10))
			return
		}
		if _, err := io.CopyN(w, letters{}, largeBody); err != nil {
			panic(err)
		}
	}))
	before := residentBytes(t)
	browser := browsing(t)
	request := asking(t, "PUT", url, io.LimitReader(letters{}, largeBody))
	request.ContentLength = largeBody
	response, err := browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(response.Body)
	response.Body.Close()
	if string(content) != strconv.Itoa(largeBody) {
		t.Errorf("%s %v", content, err)
	}
	response, err = browser.Do(asking(t, "GET", url, nil))
	if err != nil {
		t.Fatal(err)
	}
	count, err := io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if count != largeBody || err != nil {
		t.Error(count, err)
	}
	if grown := residentBytes(t) - before; grown > 24<<20 {
		t.Errorf("it has grown by %d MiB", grown>>20)
	}
}

// residentBytes are the most that this process has had in memory.
func residentBytes(t *testing.T) int {
	status, err := os.ReadFile("/proc/self/status")
	_, rest, isThere := strings.Cut(string(status), "VmHWM:")
	if err != nil || !isThere {
		t.Skip("this system does not tell")
	}
	kibibytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kibibytes << 10
}

// A client that reads nothing holds its handler up, and nobody else.
func TestAWriteWaitsForASlowClient(t *testing.T) {
	ended, begun := make(chan error, 1), make(chan struct{})
	url, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/quick" {
			io.WriteString(w, "quick")
			return
		}
		close(begun)
		_, err := io.CopyN(w, letters{}, largeBody)
		ended <- err
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}))
	browser := browsing(t)
	slow, err := browser.Do(asking(t, "GET", url+"/slow", nil))
	if err != nil {
		t.Fatal(err)
	}
	await(t, begun)
	for number := 0; number < 50; number++ {
		quick, err := browser.Do(asking(t, "GET", url+"/quick", nil))
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(quick.Body); string(content) != "quick" || err != nil {
			t.Error(content, err)
		}
		quick.Body.Close()
	}
	select {
	case err := <-ended:
		t.Error("it has written all of it to nobody:", err)
	default:
	}
	slow.Body.Close()
	browser.CloseIdleConnections()
	if err := await(t, ended); err == nil || errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// Neither side waits for the end of the other, once so much of a body has come that it is given in pieces.
func TestABodyIsAnsweredWhileItStillComes(t *testing.T) {
	url, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		buffer := make([]byte, 100)
		for {
			count, err := r.Body.Read(buffer)
			w.Write(buffer[:count])
			w.(http.Flusher).Flush()
			if err != nil {
				return
			}
		}
	}))
	reading, writing := io.Pipe()
	request := asking(t, "POST", url, reading)
	answered := background(func() *http.Response {
		response, err := browsing(t).Do(request)
		if err != nil {
			t.Error(err)
		}
		return response
	})
	const first = 65_537
	go func() {
		io.CopyN(writing, letters{}, first)
		io.WriteString(writing, "said 0")
	}()
	response := await(t, answered)
	if response == nil {
		return
	}
	defer response.Body.Close()
	if _, err := io.CopyN(io.Discard, response.Body, first); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, len("said 0"))
	for number := 0; number < 5; number++ {
		if _, err := io.ReadFull(response.Body, buffer); string(buffer) != "said "+strconv.Itoa(number) {
			t.Fatalf("%s %v", buffer, err)
		}
		if number < 4 {
			io.WriteString(writing, "said "+strconv.Itoa(number+1))
		}
	}
	writing.Close()
	if rest, err := io.ReadAll(response.Body); len(rest) > 0 || err != nil {
		t.Errorf("%q %v", rest, err)
	}
}

// As a transport does with the body that a proxy hands it: the race detector tells.
func TestABodyMayBeClosedWhileAnotherReadsIt(t *testing.T) {
	url, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			r.Body.Close()
		}()
		content, err := io.ReadAll(r.Body)
		<-closed
		if err != nil && err != http.ErrBodyReadAfterClose {
			t.Error(len(content), err)
		}
		if _, err := r.Body.Read(make([]byte, 1)); err == nil {
			t.Error("it is closed, and is read")
		}
	}))
	for _, size := range []int{10, 200_000} {
		response, err := browsing(t).Do(asking(t, "PUT", url, strings.NewReader(strings.Repeat("x", size))))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != 200 {
			t.Error(size, response.StatusCode)
		}
	}
}

// A client that leaves in the middle of its upload is told to whoever reads it.
func TestAnUploadThatBreaksOffIsAnUnexpectedEnd(t *testing.T) {
	result := make(chan error, 1)
	reached := make(chan struct{})
	url, logger := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.CopyN(io.Discard, r.Body, 100_000); err != nil {
			t.Error(err)
		}
		close(reached)
		_, err := io.Copy(io.Discard, r.Body)
		result <- err
	}))
	reading, writing := io.Pipe()
	request := asking(t, "PUT", url, reading)
	request.ContentLength = 1_000_000
	answered := background(func() error { _, err := browsing(t).Do(request); return err })
	if _, err := io.CopyN(writing, letters{}, 200_000); err != nil {
		t.Fatal(err)
	}
	await(t, reached)
	writing.CloseWithError(errors.New("enough"))
	if err := await(t, answered); err == nil {
		t.Error("it was answered")
	}
	if err := await(t, result); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if logger.contains("failed") {
		t.Errorf("%q", logger.all())
	}
}

type letters struct{}

func (letters) Read(into []byte) (int, error) {
	for index := range into {
		into[index] = 'x'
	}
	return len(into), nil
}
