package seaway

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// likeness is one request and how a program answers it: by a server of net/http and through Seaway alike.
type likeness struct {
	name    string
	method  string
	target  string
	body    string
	handler http.HandlerFunc
	// Fields of the answer that are compared besides those of every answer.
	fields []string
}

var likenesses = []likeness{
	{name: "an implicit 200 whose type is guessed", handler: func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<html><p>", "moon")
	}},
	{name: "nothing at all", handler: func(http.ResponseWriter, *http.Request) {}},
	{name: "fields after the head are too late", fields: []string{"X-Early", "X-Late"},
		handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Early", "1")
			w.WriteHeader(201)
			w.Header().Set("X-Late", "1")
			w.WriteHeader(202)
			io.WriteString(w, "created")
		}},
	{name: "several fields of one name, and what no value may hold", fields: []string{"Set-Cookie", "X-Odd"},
		handler: func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
			w.Header().Set("X-Odd", " one\r\ntwo ")
			w.Header()["bad name"] = []string{"x"}
		}},
	{name: "no content where there is none", handler: func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(204)
		if _, err := io.WriteString(w, "x"); err != http.ErrBodyNotAllowed {
			panic(err)
		}
	}},
	{name: "not modified", fields: []string{"Etag"}, handler: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		w.WriteHeader(304)
	}},
	{name: "HEAD says the size", method: "HEAD", handler: func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "seven!!")
	}},
	{name: "HEAD with a declared size", method: "HEAD", handler: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "123456")
	}},
	{name: "more than was declared", handler: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "3")
		if _, err := io.WriteString(w, "abc"); err != nil {
			panic(err)
		}
		if _, err := io.WriteString(w, "d"); err != http.ErrContentLength {
			panic(err)
		}
	}},
	{name: "the request as it came", target: "/a%2Fb/%C3%BC//c?q=1&q=%20", handler: func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.RequestURI, r.Proto, r.ProtoMajor,
			r.ContentLength, r.TransferEncoding, r.TLS, r.Body == http.NoBody, r.Form, r.URL.Host)
		fmt.Fprintln(w, r.FormValue("q"), r.Host != "", r.Header.Get("Host"), r.Header["User-Agent"], len(r.Header))
		fmt.Fprintln(w, strings.HasPrefix(r.RemoteAddr, "127.0.0.1:"), r.Context().Value(http.ServerContextKey) != nil)
	}},
	{name: "a form", method: "POST", body: "a=1&b=2", handler: func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, r.PostFormValue("a"), r.PostFormValue("b"), r.ContentLength, r.Header.Get("Content-Length"))
		_, err := r.Body.Read(make([]byte, 1))
		fmt.Fprintln(w, err)
	}},
	{name: "a body that is closed", method: "POST", body: "abc", handler: func(w http.ResponseWriter, r *http.Request) {
		r.Body.Close()
		_, err := r.Body.Read(make([]byte, 1))
		fmt.Fprintln(w, err == http.ErrBodyReadAfterClose)
	}},
	{name: "a body in pieces", method: "PUT", body: strings.Repeat("x", 200_000),
		handler: func(w http.ResponseWriter, r *http.Request) {
			count, err := io.Copy(io.Discard, r.Body)
			fmt.Fprintln(w, count, err, r.ContentLength, r.TransferEncoding)
		}},
	{name: "too large a body", method: "PUT", body: strings.Repeat("x", 200_000),
		handler: func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1000)); err != nil {
				http.Error(w, err.Error(), 413)
			}
		}},
	{name: "a file with a range", handler: func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Range", "bytes=10-19")
		http.ServeContent(w, r, "a.txt", time.Unix(1e9, 0), strings.NewReader(strings.Repeat("0123456789", 100)))
	}, fields: []string{"Content-Range", "Last-Modified", "Accept-Ranges"}},
	{name: "a redirection by the mux", target: "/a/../b", handler: func(w http.ResponseWriter, r *http.Request) {
		mux := http.NewServeMux()
		mux.HandleFunc("/b", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "b") })
		mux.ServeHTTP(w, r)
	}, fields: []string{"Location"}},
	{name: "a large answer", handler: func(w http.ResponseWriter, r *http.Request) {
		for number := 0; number < 50_000; number++ {
			fmt.Fprintln(w, number)
		}
	}},
	{name: "bytes, by ReadFrom", handler: func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(w, bytes.NewReader(bytes.Repeat([]byte{0xff, 0}, 100_000))); err != nil {
			panic(err)
		}
	}},
	{name: "answers of 1xx before the answer", fields: []string{"Link", "X-Late"},
		handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</moon.css>; rel=preload")
			for _, status := range []int{100, 102, 103, 199} {
				w.WriteHeader(status)
			}
			w.Header().Set("X-Late", "1")
			w.WriteHeader(201)
			io.WriteString(w, "created")
			w.WriteHeader(103)
		}},
	{name: "a trailer that is announced", fields: []string{"X-Sum", "X-Early"},
		handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Sum, X-Early")
			w.Header().Set("X-Early", "1")
			io.WriteString(w, "moon")
			w.Header().Set("X-Sum", "4")
		}},
	{name: "trailers that are not announced", fields: []string{"X-Sum", "X-Early"},
		handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(http.TrailerPrefix+"X-Early", "1")
			for number := 0; number < 50_000; number++ {
				fmt.Fprintln(w, number)
			}
			w.Header().Set(http.TrailerPrefix+"X-Sum", "4")
		}},
	{name: "a trailer of nothing", method: "HEAD", fields: []string{"X-Sum"},
		handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			w.WriteHeader(200)
			w.Header().Set("X-Sum", "0")
		}},
	{name: "a handler that ends the time", handler: func(w http.ResponseWriter, r *http.Request) {
		slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		http.TimeoutHandler(slow, time.Millisecond, "too late").ServeHTTP(w, r)
	}},
}

func TestAHandlerAnswersThroughSeawayAsItAnswersDirectly(t *testing.T) {
	swap := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number, _ := strconv.Atoi(r.Header.Get("Likeness"))
		// Seaway gives each request an ID (I82).
		r.Header.Del("X-Request-Id")
		likenesses[number].handler(w, r)
	})
	through, _ := serving(t, swap)
	direct := httptest.NewUnstartedServer(swap)
	direct.Config.ErrorLog = log.New(io.Discard, "", 0)
	direct.Start()
	defer direct.Close()
	browser := browsing(t)
	for number, one := range likenesses {
		t.Run(one.name, func(t *testing.T) {
			want := one.shown(t, browser, direct.URL, number)
			if got := one.shown(t, browser, through, number); got != want {
				t.Errorf("directly:\n%s\nthrough Seaway:\n%s", want, got)
			}
		})
	}
}

// shown is what is compared of an answer.
func (l likeness) shown(t *testing.T, browser *http.Client, url string, number int) string {
	t.Helper()
	target := l.target
	if target == "" {
		target = "/"
	}
	request := asking(t, orGet(l.method), url+target, strings.NewReader(l.body))
	request.Header.Set("Likeness", strconv.Itoa(number))
	if l.body != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	lines := []string{fmt.Sprint(response.StatusCode, " ", err, " ", len(content))}
	if l.method == "HEAD" {
		lines = append(lines, fmt.Sprint("length ", response.ContentLength))
	}
	for _, name := range append([]string{"Content-Type", "Content-Encoding"}, l.fields...) {
		lines = append(lines, fmt.Sprintf("%s: %q", name, response.Header[name]))
	}
	return strings.Join(append(lines, string(content)), "\n")
}

func orGet(method string) string {
	if method == "" {
		return "GET"
	}
	return method
}
