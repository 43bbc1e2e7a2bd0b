package seaway

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestWhateverGoesIntoTheLogIsOneLine(t *testing.T) {
	for text, line := range map[string]string{
		"plain, kanäle → 🚢":       "plain, kanäle → 🚢",
		"a\nb\r\nc\td":            `a\nb\r\nc\td`,
		"\x00\x1b[31mred\x7f":     `\x00\x1b[31mred\x7f`,
		"\u0085\u2028\u2029":      `\u0085\u2028\u2029`,
		"\u202egnp.exe":           `\u202egnp.exe`,
		"\xff is no UTF-8\xc3":    `\xff is no UTF-8\xc3`,
		`C:\new 'it' "quoted"`:    `C:\new 'it' "quoted"`,
		strings.Repeat("a", 5000): strings.Repeat("a", mostLogLine) + "…",
		// Cut between letters.
		"a" + strings.Repeat("ä", 2048): "a" + strings.Repeat("ä", 2047) + "…",
	} {
		if got := oneLine(text); got != line {
			t.Errorf("%.40q: %.80q", text, got)
		}
	}
}

func TestNoRequestForgesALineOfTheLog(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error { return errors.New("at " + r.Text("path")) })
	w.connection.push("http.request", `{"reply_channel":"http.response.k!1","method":"GET\r","path":"/a\n2026 error: forged\u001b[2J"}`)
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	want := `GET /a\n2026 error: forged\x1b[2J on http.request failed: at /a\n2026 error: forged\x1b[2J`
	if w.logger.count("forged") != 1 || !w.logger.contains(strings.Replace(want, "GET ", `GET\r `, 1)) {
		t.Errorf("%q", w.logger.all())
	}
}

func TestALongPathLeavesRoomForTheReason(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error { return errors.New("the reason") })
	w.connection.push("http.request", `{"path":"/`+strings.Repeat("a", 8000)+`"}`)
	w.connection.expect("READY 1")
	if !w.logger.contains("the reason") {
		t.Errorf("%q", w.logger.all())
	}
}
