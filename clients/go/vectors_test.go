package seaway

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// long is a string that a vector file may give in parts: text, or [text, times].
type long string

func (l *long) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if json.Unmarshal(data, &parts) != nil {
		return json.Unmarshal(data, (*string)(l))
	}
	var text strings.Builder
	for _, part := range parts {
		var once string
		if json.Unmarshal(part, &once) == nil {
			text.WriteString(once)
			continue
		}
		var repeated struct {
			text  string
			times int
		}
		if err := json.Unmarshal(part, &[]any{&repeated.text, &repeated.times}); err != nil {
			return err
		}
		text.WriteString(strings.Repeat(repeated.text, repeated.times))
	}
	*l = long(text.String())
	return nil
}

// either is the text, or the bytes given as hex beside it.
func either(t *testing.T, text *long, inHex *long) []byte {
	t.Helper()
	if inHex == nil {
		if text == nil {
			return nil
		}
		return []byte(*text)
	}
	decoded, err := hex.DecodeString(string(*inHex))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// head is what all vectors have.
type head struct {
	ID   string
	Why  string
	Skip map[string]string
}

// loadVectors reads a file of protocol/vectors and leaves out what it says to skip in Go.
func loadVectors[V any](t testing.TB, name string, headOf func(V) head) []V {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "protocol", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	var all, kept []V
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, vector := range all {
		if headOf(vector).Skip["go"] == "" {
			kept = append(kept, vector)
		}
	}
	if len(kept) == 0 {
		t.Fatalf("%s holds no vectors", name)
	}
	return kept
}
