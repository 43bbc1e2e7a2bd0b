package seaway

import (
	"errors"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"sort"
	"strings"
	"testing"
	"time"
)

func TestAHandlerThatEndsBadlyIsA500OrBrokenOff(t *testing.T) {
	bad := map[string]func(){
		"/panic":  func() { panic("a panic") },
		"/nil":    func() { panic(nil) },
		"/abort":  func() { panic(http.ErrAbortHandler) },
		"/goexit": func() { runtime.Goexit() },
		"/101":    func() {},
		"/600":    func() {},
		"/short":  func() {},
	}
	url, logger := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/101":
			w.WriteHeader(101)
		case "/600":
			w.WriteHeader(600)
		case "/short":
			w.Header().Set("Content-Length", "10")
		}
		io.WriteString(w, "half")
		if r.URL.RawQuery == "begun" {
			w.(http.Flusher).Flush()
		}
		bad[r.URL.Path]()
	}))
	browser := browsing(t)
	for path := range bad {
		response, err := browser.Do(asking(t, "GET", url+path, nil))
		if err != nil {
			t.Fatal(path, err)
		}
		content, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != 500 || string(content) != "Internal Server Error\n" {
			t.Errorf("%s: %d %s %v", path, response.StatusCode, content, err)
		}
		if path == "/101" || path == "/600" {
			continue
		}
		response, err = browser.Do(asking(t, "GET", url+path+"?begun", nil))
		if err != nil {
			t.Fatal(path, err)
		}
		content, err = io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != 200 || string(content) != "half" || err == nil {
			t.Errorf("%s: %d %s %v", path, response.StatusCode, content, err)
		}
	}
	var paths []string
	for _, line := range logger.all() {
		if _, rest, isThere := strings.Cut(line, "GET "); isThere && strings.Contains(line, "failed") {
			paths = append(paths, strings.Fields(rest)[0])
		}
	}
	sort.Strings(paths)
	// That an answer is aborted on purpose is not told.
	if got := strings.Join(paths, " "); got != "/101 /600 /goexit /goexit /nil /nil /panic /panic /short /short" {
		t.Errorf("%s\n%q", got, logger.all())
	}
}

// A proxy that breaks off in the middle must not make a whole answer of half of one.
func TestAReverseProxyPassesAnswersOnAndBreaksOffWithItsUpstream(t *testing.T) {
	upstream := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, r.URL.Path, " ", len(content))
		if r.URL.Path == "/half" {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	}))
	upstream.Start()
	defer upstream.Close()
	target, _ := url.Parse(upstream.URL)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	site, _ := serving(t, proxy)
	for path, size := range map[string]int{"/whole": 100_000, "/half": 10} {
		response, err := browsing(t).Do(asking(t, "POST", site+path, strings.NewReader(strings.Repeat("x", size))))
		if err != nil {
			t.Fatal(path, err)
		}
		content, err := io.ReadAll(response.Body)
		response.Body.Close()
		if string(content) != fmt.Sprint(path, " ", size) || (err != nil) != (path == "/half") {
			t.Errorf("%s: %d %s %v", path, response.StatusCode, content, err)
		}
	}
}

func TestAnAnswerThatIsWrittenSlowlyGoesOutAtFlush(t *testing.T) {
	next := make(chan bool)
	url, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(103)
		w.Header().Set("Content-Type", "text/event-stream")
		for <-next {
			fmt.Fprint(w, "data: x\n\n")
			w.(interface{ FlushError() error }).FlushError()
		}
	}))
	request := asking(t, "GET", url, nil)
	answered := background(func() *http.Response {
		response, err := browsing(t).Do(request)
		if err != nil {
			t.Error(err)
		}
		return response
	})
	next <- true
	response := await(t, answered)
	defer response.Body.Close()
	buffer := make([]byte, 100)
	for number := 0; number < 3; number++ {
		count, err := io.ReadAtLeast(response.Body, buffer, 9)
		if err != nil || string(buffer[:count]) != "data: x\n\n" {
			t.Errorf("%q %v", buffer[:count], err)
		}
		next <- number < 2
	}
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 || response.StatusCode != 200 {
		t.Error(response.StatusCode, rest, err)
	}
}

func TestTheContextOfAHandlerEndsWhenItsClientHasLeft(t *testing.T) {
	began, ended := make(chan struct{}), make(chan error, 1)
	url, logger := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		_, err := io.Copy(w, strings.NewReader(strings.Repeat("x", 100_000)))
		ended <- err
	}))
	leaveOnce(t, url, began)
	if err := await(t, ended); err == nil {
		t.Error("it writes to nobody")
	}
	if logger.contains("failed") {
		t.Errorf("%q", logger.all())
	}
}

func TestDeadlinesEndWhatWaits(t *testing.T) {
	type controls interface {
		SetReadDeadline(time.Time) error
		SetWriteDeadline(time.Time) error
	}
	results := make(chan error, 2)
	url, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		past := time.Now().Add(-time.Second)
		if r.Method == "PUT" {
			w.(controls).SetReadDeadline(past)
			_, err := io.ReadAll(r.Body)
			results <- err
			return
		}
		w.(http.Flusher).Flush()
		w.(controls).SetWriteDeadline(time.Now().Add(time.Hour))
		w.(controls).SetWriteDeadline(past)
		w.(controls).SetWriteDeadline(time.Time{})
		_, err := w.Write(make([]byte, 2*pieceSize))
		results <- err
		panic(http.ErrAbortHandler)
	}))
	for _, method := range []string{"PUT", "GET"} {
		request := asking(t, method, url, strings.NewReader(strings.Repeat("x", 100_000)))
		response, err := browsing(t).Do(request)
		if err == nil {
			response.Body.Close()
		}
		var timeout interface{ Timeout() bool }
		if err := await(t, results); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Error(method, err)
		}
	}
}

func TestAFileInAFormComesWhole(t *testing.T) {
	url, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		count, err := io.Copy(io.Discard, file)
		fmt.Fprintln(w, header.Filename, count, err, r.FormValue("name"))
	}))
	reading, writing := io.Pipe()
	form := multipart.NewWriter(writing)
	go func() {
		form.WriteField("name", "value")
		part, _ := form.CreateFormFile("file", "moon.bin")
		io.CopyN(part, letters{}, 3_000_000)
		writing.CloseWithError(form.Close())
	}()
	request := asking(t, "POST", url, reading)
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := browsing(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if content, err := io.ReadAll(response.Body); string(content) != "moon.bin 3000000 <nil> value\n" {
		t.Errorf("%s %v", content, err)
	}
}
