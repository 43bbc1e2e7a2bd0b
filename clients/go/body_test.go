package seaway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"time"
)

const (
	bodyChannel = "http.request.body?k.1"
	anUpload    = `{"reply_channel":"http.response.k!1","method":"POST","path":"/up","body":"","body_channel":"` +
		bodyChannel + `"}`
)

// upload is a worker whose handler reads a body, and the broker through which it comes.
type upload struct{ *workerAtWork }

// startUpload gives the handler a request; the broker lets it listen for the body.
func startUpload(t *testing.T, handler Handler) upload {
	t.Helper()
	u := upload{startWorker(t, 1, handler)}
	u.connection.push("http.request", anUpload)
	u.connection.expect("LISTEN " + bodyChannel)
	u.connection.send("OK\n")
	u.hears("SEND http.response.k!1", `{"body_wanted":524288}`)
	return u
}

// hears takes the next request, behind what is granted, and answers it with OK.
func (u upload) hears(words, body string) {
	u.connection.t.Helper()
	u.hearsAnd(words, body, "OK")
}

func (u upload) hearsAnd(words, body, answer string) {
	u.connection.t.Helper()
	frame, _ := u.connection.next()
	for frame.Verb == "READY" {
		frame, _ = u.connection.next()
	}
	said := strings.Join(append([]string{frame.Verb}, frame.Args...), " ")
	if said != words || !strings.Contains(string(frame.Body), body) {
		u.connection.t.Fatalf("expected %s %s, got %q %s", words, body, said, frame.Body)
	}
	u.connection.send("%s\n", answer)
}

func (u upload) piece(offset int, content string, hasMore bool) {
	u.connection.t.Helper()
	u.connection.push(bodyChannel, fmt.Sprintf(`{"offset":%d,"content":%q,"more_content":%v}`, offset, content, hasMore))
}

func TestABodyIsReadFromItsPieces(t *testing.T) {
	u := startUpload(t, func(ctx context.Context, r *Request) error {
		content, err := io.ReadAll(r.Body(ctx))
		if err != nil {
			return err
		}
		return r.Respond(ctx, 200, nil, content)
	})
	u.piece(0, "one ", true)
	u.piece(4, "two", true)
	u.piece(7, "", false)
	u.hears("UNLISTEN "+bodyChannel, "")
	u.hears("SEND http.response.k!1", `"content":"one two"`)
}

func TestMoreOfABodyIsAskedForWhenHalfHasCome(t *testing.T) {
	u := startUpload(t, func(ctx context.Context, r *Request) error {
		size, err := io.Copy(io.Discard, r.Body(ctx))
		if err != nil {
			return err
		}
		return r.RespondJSON(ctx, 200, size)
	})
	for offset := 0; offset < bodyWindow/2; offset += pieceSize {
		u.piece(offset, strings.Repeat("x", pieceSize), true)
	}
	u.hears("SEND http.response.k!1", `{"body_wanted":786432}`)
	u.piece(bodyWindow/2, "end", false)
	u.hears("UNLISTEN "+bodyChannel, "")
	u.hears("SEND http.response.k!1", `262147`)
}

func TestAClientThatLeavesBreaksTheBodyOff(t *testing.T) {
	read := make(chan error, 1)
	u := startUpload(t, func(ctx context.Context, r *Request) error {
		_, err := io.ReadAll(r.Body(ctx))
		read <- err
		if !r.IsGone() {
			t.Error("somebody is said to wait")
		}
		return err
	})
	u.piece(0, "one ", true)
	u.connection.push(bodyChannel, `{"offset":4,"closed":true}`)
	u.hears("CLOSE "+bodyChannel, "")
	u.hears("UNLISTEN "+bodyChannel, "")
	if err := await(t, read); !errors.Is(err, ErrBody) {
		t.Error(err)
	}
	u.stop()
	u.hears("UNLISTEN http.request", "")
	u.hears("QUIT", "")
	if err := await(t, u.ended); err != nil || u.logger.contains("failed") {
		t.Error(err, u.logger.all())
	}
}

func TestARequestThatIsOverHasNoBody(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		_, err := r.Content(ctx, 100)
		if !errors.Is(err, ErrBody) || !r.IsGone() {
			t.Error(err)
		}
		return err
	})
	u := upload{w}
	u.connection.push("http.request", anUpload)
	u.hears("LISTEN "+bodyChannel, "")
	u.hearsAnd("SEND http.response.k!1", "body_wanted", "ERR full by=mailbox")
	u.hearsAnd("SEND http.response.k!1", "body_wanted", "ERR gone")
	u.hears("CLOSE "+bodyChannel, "")
	u.hears("UNLISTEN "+bodyChannel, "")
}

func TestWhatDoesNotFollowIsNoPartOfTheBody(t *testing.T) {
	for _, wrong := range []string{
		`{"offset":3,"content":"x"}`, `{"content":"x"}`, `{"offset":0,"content":7}`, `{"offset":"0","content":"x"}`,
	} {
		u := startUpload(t, func(ctx context.Context, r *Request) error {
			_, err := io.ReadAll(r.Body(ctx))
			if !errors.Is(err, ErrBody) || r.IsGone() {
				t.Error(wrong, err)
			}
			return err
		})
		u.connection.push(bodyChannel, wrong)
		u.hears("CLOSE "+bodyChannel, "")
		u.hears("UNLISTEN "+bodyChannel, "")
		u.hears("SEND http.response.k!1", `"status":500`)
	}
}

func TestABodyBeyondTheLimitIsAnsweredWith413(t *testing.T) {
	u := startUpload(t, func(ctx context.Context, r *Request) error {
		_, err := r.Content(ctx, 5)
		return err
	})
	u.piece(0, "one two", true)
	u.hears("CLOSE "+bodyChannel, "")
	u.hears("UNLISTEN "+bodyChannel, "")
	u.hears("SEND http.response.k!1", `"status":413`)
}

func TestWhatAHandlerLeavesOfABodyIsNobodys(t *testing.T) {
	u := startUpload(t, func(ctx context.Context, r *Request) error {
		if _, err := io.ReadFull(r.Body(ctx), make([]byte, 2)); err != nil {
			t.Error(err)
		}
		return r.Respond(ctx, 401, nil, nil)
	})
	u.piece(0, "one ", true)
	u.hears("SEND http.response.k!1", `"status":401`)
	u.hears("CLOSE "+bodyChannel, "")
	u.hears("UNLISTEN "+bodyChannel, "")
}

func TestABodyInItsRequestIsReadAlike(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		content, err := r.Content(ctx, 5)
		if err != nil {
			return err
		}
		return r.Respond(ctx, 200, nil, content)
	})
	w.connection.push("http.request", `{"reply_channel":"http.response.k!1","method":"POST","path":"/","body":"whole"}`)
	upload{w}.hears("SEND http.response.k!1", `"content":"whole"`)
}

func TestAFormIsReadByTheStandardLibrary(t *testing.T) {
	u := startUpload(t, func(ctx context.Context, r *Request) error {
		form, err := multipart.NewReader(r.Body(ctx), "b").ReadForm(1 << 20)
		if err != nil {
			return err
		}
		defer form.RemoveAll()
		file, err := form.File["f"][0].Open()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return err
		}
		return r.Respond(ctx, 200, nil, append(content, form.Value["a"][0]...))
	})
	first := "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--b\r\nContent-Disposi"
	second := "tion: form-data; name=\"f\"; filename=\"x\"\r\n\r\ntwo \r\n--b--\r\n"
	u.piece(0, first, true)
	u.piece(len(first), second, false)
	u.hears("UNLISTEN "+bodyChannel, "")
	u.hears("SEND http.response.k!1", `"content":"two one"`)
}

func TestAServerThatSendsNothingIsNotWaitedForForever(t *testing.T) {
	u := startUpload(t, func(ctx context.Context, r *Request) error {
		body := r.Body(ctx)
		body.patience = time.Millisecond
		_, err := io.ReadAll(body)
		if !errors.Is(err, ErrBody) {
			t.Error(err)
		}
		return err
	})
	u.hears("CLOSE "+bodyChannel, "")
	u.hears("UNLISTEN "+bodyChannel, "")
	u.hears("SEND http.response.k!1", `"status":500`)
}
