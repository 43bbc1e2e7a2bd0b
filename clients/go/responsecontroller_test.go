//go:build go1.20

package seaway

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

// wrapped is a writer as middleware has it, which http.ResponseController sees through.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestAResponseControllerHasAllButTheConnection(t *testing.T) {
	w := writing(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(wrapped{w})
		if _, _, err := control.Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Error(err)
		}
		later := time.Now().Add(time.Hour)
		for _, err := range []error{control.SetReadDeadline(later), control.SetWriteDeadline(later), control.Flush()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	if answer := w.answered(2)[0]; answer.Int("status") != 200 || !answer.Bool("more_content") {
		t.Error(answer)
	}
}
