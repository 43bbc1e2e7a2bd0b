package seaway

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
)

// What net/http has and messages have not: it is left out, and harms no program (HandleHTTP).

func TestNoConnectionIsToBeTakenOver(t *testing.T) {
	w := writing(t, func(w http.ResponseWriter, r *http.Request) {
		if _, isHijacker := w.(http.Hijacker); isHijacker {
			t.Error("it says that its connection may be had")
		}
		if _, isPusher := w.(http.Pusher); isPusher {
			t.Error("it says that it pushes")
		}
		// http.ResponseController would ask that one.
		if _, isWrapper := w.(interface{ Unwrap() http.ResponseWriter }); isWrapper {
			t.Error("it says that there is another writer below")
		}
		// As libraries for WebSockets do then.
		http.Error(w, "no http.Hijacker", http.StatusNotImplemented)
	})
	if answer := w.answered(1)[0]; answer.Int("status") != 501 {
		t.Error(answer)
	}
}

func TestNeither1xxNorTrailersReachTheClient(t *testing.T) {
	seen := make(chan http.Header, 1)
	site, logger := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Trailer", "X-Sum")
		content, err := io.ReadAll(r.Body)
		fmt.Fprint(w, len(content), err)
		w.(http.Flusher).Flush()
		w.Header().Set("X-Sum", "1")
		w.Header().Set(http.TrailerPrefix+"X-Other", "1")
		seen <- r.Trailer
	}))
	for _, size := range []int{10, 200_000} {
		// Of a length that is not told, so that it may have trailers.
		request := asking(t, "POST", site, io.LimitReader(letters{}, int64(size)))
		request.Trailer = http.Header{"X-Sum": {"1"}}
		request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
				t.Error("an answer of ", status)
				return nil
			},
		}))
		response, err := browsing(t).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(response.Body)
		response.Body.Close()
		if string(content) != fmt.Sprint(size, nil) || err != nil {
			t.Errorf("%s %v", content, err)
		}
		if trailer := await(t, seen); trailer != nil || response.Trailer != nil || response.Header["Trailer"] != nil {
			t.Error("trailers of the request, and of the answer: ", trailer, response.Trailer, response.Header)
		}
	}
	if logger.contains("failed") {
		t.Errorf("%q", logger.all())
	}
}

// A proxy passes on whatever its upstream has.
func TestAReverseProxyIsNotHarmedByWhatItsUpstreamHasBesides(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</moon.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Trailer", "X-Sum")
		content, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, r.URL.Path, " ", len(content))
		w.Header().Set("X-Sum", "1")
		w.Header().Set(http.TrailerPrefix+"X-Other", "1")
	}))
	defer upstream.Close()
	target, _ := url.Parse(upstream.URL)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	site, _ := serving(t, proxy)
	response, err := browsing(t).Do(asking(t, "POST", site+"/moon", strings.NewReader("abc")))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if content, err := io.ReadAll(response.Body); string(content) != "/moon 3" || err != nil || response.Trailer != nil {
		t.Errorf("%s %v %v", content, err, response.Trailer)
	}
}

func TestTheServerSaysThatABodyMayCome(t *testing.T) {
	site, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		count, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, count, err)
	}))
	browser := browsing(t)
	// It never sends a body unasked.
	browser.Transport.(*http.Transport).ExpectContinueTimeout = browser.Timeout
	for path, status := range map[string]int{"/taken": 200, "/refused": 403} {
		request := asking(t, "PUT", site+path, strings.NewReader(strings.Repeat("x", 200_000)))
		request.Header.Set("Expect", "100-continue")
		response, err := browser.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != status || status == 200 && string(content) != "200000 <nil>" || err != nil {
			t.Errorf("%d %s %v", response.StatusCode, content, err)
		}
	}
}

// Programs from before the context of a request ask for this, and do not ask whether it is there.
func TestAProgramThatKnowsNoContextHearsThatItsClientHasLeft(t *testing.T) {
	began, heard := make(chan struct{}), make(chan bool, 1)
	site, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gone := w.(interface{ CloseNotify() <-chan bool }).CloseNotify()
		select {
		case <-gone:
			t.Error("nobody has left yet")
		default:
		}
		close(began)
		heard <- <-gone
	}))
	leaveOnce(t, site, began)
	if !await(t, heard) {
		t.Error("the channel is closed and has said nothing")
	}
}
