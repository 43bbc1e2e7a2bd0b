package seaway

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

type valueVector struct {
	head
	MessagePack *long `json:"msgpack"`
	JSON        *long
	JSONHex     *long `json:"json_hex"`
	Direction   string
	Refused     string
}

func TestValueVectors(t *testing.T) {
	for _, vector := range loadVectors(t, "values.json", func(v valueVector) head { return v.head }) {
		if vector.JSON == nil && vector.JSONHex == nil {
			// Refused MessagePack: this client speaks JSON alone.
			continue
		}
		t.Run(vector.ID, func(t *testing.T) { checkValue(t, vector) })
	}
}

func checkValue(t *testing.T, vector valueVector) {
	body := either(t, vector.JSON, vector.JSONHex)
	message, err := DecodeMessage(body)
	if vector.Refused != "" {
		if !errors.Is(err, ErrPayload) {
			t.Errorf("%s: %v %v", vector.Why, message, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", vector.Why, err)
	}
	expected, _ := msgpackValue(either(t, nil, vector.MessagePack))
	if !sameValue(map[string]any(message), expected) {
		t.Errorf("%s\n got %.500v\nwant %.500v", vector.Why, message, expected)
	}
	written, err := EncodeMessage(message)
	if err != nil {
		t.Fatalf("%s: %v", vector.Why, err)
	}
	if again, err := DecodeMessage(written); err != nil || !reflect.DeepEqual(again, message) {
		t.Errorf("%s: %.500s reads back as %.500v, %v", vector.Why, written, again, err)
	}
	// Keys may stand in another order; all else is as the broker would write it.
	if vector.Direction == "both" && !bytes.Equal(sortedBytes(written), sortedBytes(body)) {
		t.Errorf("%s\n got %.500s\nwant %.500s", vector.Why, written, body)
	}
}

// sameValue compares, with bytes that are UTF-8 and the string in their place being the same (V10).
func sameValue(value, expected any) bool {
	switch expected := expected.(type) {
	case map[string]any:
		fields, isMap := value.(map[string]any)
		if !isMap || len(fields) != len(expected) {
			return false
		}
		for key := range expected {
			if !sameValue(fields[key], expected[key]) {
				return false
			}
		}
		return true
	case []any:
		list, isList := value.([]any)
		if !isList || len(list) != len(expected) {
			return false
		}
		for index := range expected {
			if !sameValue(list[index], expected[index]) {
				return false
			}
		}
		return true
	case Bytes:
		return bytes.Equal(asBytes(value), expected) && asBytes(value) != nil
	case float64:
		double, isDouble := value.(float64)
		return isDouble && math.Float64bits(double) == math.Float64bits(expected)
	default:
		return value == expected
	}
}

func sortedBytes(text []byte) []byte {
	var counts [256]int
	for _, b := range text {
		counts[b]++
	}
	var sorted []byte
	for b, count := range counts {
		sorted = append(sorted, bytes.Repeat([]byte{byte(b)}, count)...)
	}
	return sorted
}

func TestGoTypesTakeTheirFormOnTheWire(t *testing.T) {
	type name string
	message := Message{
		"int8": int8(-1), "uint": uint64(math.MaxInt64), "float32": float32(1.5), "whole": 3.0, "big": 1e300,
		"slice": []byte{0xff}, "text": name("x"), "strings": []string{"a"}, "map": map[name]int{"b": 1},
		"nested": Message{"c": []Message{{"d": nil}}}, "list": []any{true},
	}
	body, err := EncodeMessage(message)
	expected := `{"big":1e+300,"float32":1.5,"int8":-1,"list":[true],"map":{"b":1},"nested":{"c":[{"d":null}]},` +
		`"slice":{"$bytes":"/w=="},"strings":["a"],"text":"x","uint":9223372036854775807,"whole":3.0}`
	if err != nil || string(body) != expected {
		t.Errorf("%v\n got %s\nwant %s", err, body, expected)
	}
}

func TestWhatHasNoFormIsRefused(t *testing.T) {
	loop := Message{}
	loop["again"] = loop
	values := []any{
		math.NaN(), math.Inf(-1), float32(math.Inf(1)), uint64(math.MaxInt64) + 1, "\xff", make(chan int), struct{}{},
		map[int]int{}, loop, complex(1, 1), new(int), map[string]any{"\xff": 1},
	}
	for _, value := range values {
		if body, err := EncodeMessage(Message{"a": value}); !errors.Is(err, ErrPayload) {
			t.Errorf("%T: %s %v", value, body, err)
		}
	}
}

func TestFieldsAreReadAsWhatTheyMean(t *testing.T) {
	message, err := DecodeMessage([]byte(
		`{"t":"é","b":{"$bytes":"/w=="},"i":3,"d":3.0,"y":true,"h":[["a","1"],["b",{"$bytes":"/w=="}],["c"],"d"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if message.Text("t") != "é" || string(message.Bytes("t")) != "é" || string(message.Bytes("b")) != "\xff" {
		t.Error("text and bytes")
	}
	if message.Int("i") != 3 || message.Int("d") != 0 || !message.Bool("y") || message.Text("none") != "" {
		t.Error("numbers and truths")
	}
	header := message.Header("h")
	if len(header) != 2 || header.Get("b") != "\xff" || header.Get("c") != "" || len(message.Header("t")) != 0 {
		t.Errorf("%v", header)
	}
}

func TestLineEndsNeverStandInABody(t *testing.T) {
	body, err := EncodeMessage(Message{"a\n": "b\r\nc\u2028"})
	if err != nil || strings.ContainsAny(string(body), "\r\n") {
		t.Errorf("%q %v", body, err)
	}
}

func TestBytesTakeTheirShorterForm(t *testing.T) {
	for _, content := range []string{"", "text", "\x00", "tabs\tand\nlines", strings.Repeat("text", 10) + "\x00"} {
		if field, isText := asField([]byte(content)).(string); !isText || field != content {
			t.Errorf("%q is no text", content)
		}
	}
	for _, content := range []string{"\xff", strings.Repeat("\x00", 100), strings.Repeat("a\x01b", 100)} {
		if field, isBytes := asField([]byte(content)).(Bytes); !isBytes || string(field) != content {
			t.Errorf("%q is text", content)
		}
	}
}
