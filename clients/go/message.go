package seaway

// Message is what travels: a map whose values are nil, bool, int64, float64, string, [Bytes], []any and
// map[string]any, at most 64 deep.
//
// That is what a received message holds. One that is sent may also hold the other integer and float types, []byte,
// and slices and string-keyed maps of any of these. Whole numbers stay whole: 3 and 3.0 are two values.
type Message map[string]any

// Bytes are any bytes, where a string is text.
//
// The broker gives bytes that happen to be UTF-8 to a JSON client as a string (V10), so read a field that means bytes
// with [Message.Bytes], which takes both.
type Bytes []byte

// Text is the string under the key; "" when it is absent, null or of another type.
func (m Message) Text(key string) string {
	text, _ := m[key].(string)
	return text
}

// Bytes are the bytes under the key, a string being its UTF-8; nil when the field is absent, null or of another type.
func (m Message) Bytes(key string) []byte { return asBytes(m[key]) }

// Int is the whole number under the key; 0 when it is absent, null or of another type.
func (m Message) Int(key string) int64 {
	number, _ := m[key].(int64)
	return number
}

// Bool is the truth under the key; false when it is absent, null or of another type.
func (m Message) Bool(key string) bool {
	truth, _ := m[key].(bool)
	return truth
}

func asBytes(value any) []byte {
	switch value := value.(type) {
	case string:
		return []byte(value)
	case Bytes:
		return value
	default:
		return nil
	}
}

// Header is a list of name and value, in order, as HTTP messages carry it; names may stand twice.
type Header [][2]string

// Get is the first value under the name, given in lower case; "" when there is none.
func (h Header) Get(name string) string {
	for _, field := range h {
		if field[0] == name {
			return field[1]
		}
	}
	return ""
}

// Header reads a list of [name, value] under the key; a pair of another form is passed over.
func (m Message) Header(key string) Header {
	list, _ := m[key].([]any)
	header := make(Header, 0, len(list))
	for _, item := range list {
		if pair, isList := item.([]any); isList && len(pair) == 2 {
			header = append(header, [2]string{string(asBytes(pair[0])), string(asBytes(pair[1]))})
		}
	}
	return header
}
