// A worker for Seaway in Go alone: answers HTTP requests and tells a group of each.
//
//	seaway up &  go run stub.go [HOST:PORT]  &  curl localhost:8000/moon
//
// SEAWAY_TOKEN is shown to a broker that has tokens. The wire is in protocol/PROTOCOL.md, step by step in CLIENT.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
)

type message = map[string]any

var (
	logger = log.New(os.Stderr, "seaway: ", 0)
	broker = must(net.Dial("tcp", append(os.Args[1:], "127.0.0.1:7411")[0]))
	stream = bufio.NewReader(broker)
	inbox  = make(chan message, 1) // a message that came while an answer was waited for
)

func must[T any](value T, err error) T {
	if err != nil {
		logger.Fatalf("no broker, or not any more: %v", err)
	}
	return value
}

// say writes one frame: a line of words, then a body of as many bytes as the second word says, and an LF behind each.
func say(line string, body message) {
	frame := line + "\n"
	if body != nil {
		text := must(json.Marshal(body)) // bytes are counted, not characters
		frame = strings.Replace(line, " ", fmt.Sprintf(" :%d ", len(text)), 1) + "\n" + string(text) + "\n"
	}
	must(broker.Write([]byte(frame)))
}

// read reads one frame: the words of its line, and the message in its body, if it has one.
func read() (words []string, body message) {
	words = strings.Fields(must(stream.ReadString('\n')))
	if len(words) > 1 && strings.HasPrefix(words[1], ":") {
		bytes := make([]byte, must(strconv.Atoi(words[1][1:]))+1) // with the LF, which JSON passes over
		must(io.ReadFull(stream, bytes))
		must(0, json.Unmarshal(bytes, &body))
	}
	return words, body
}

// push takes what comes by itself, between answers. A verb that it does not know is of a newer broker, and passed over.
func push(words []string, body message) {
	switch words[0] {
	case "MSG":
		inbox <- body // no more of them come than were granted
	case "PING": // the broker asks whether we live
		say("PONG", nil)
	case "BYE":
		logger.Fatalf("the broker ends the connection: %s", strings.Join(words[1:], " "))
	}
}

// ask says a request and waits for its answer; answers come in the order of the requests. False when it was refused.
func ask(line string, body message) bool {
	say(line, body)
	for words, body := read(); ; words, body = read() {
		if words[0] == "OK" || words[0] == "HELLO" {
			return true
		} else if words[0] == "ERR" {
			logger.Printf("%s was refused: %s", strings.Fields(line)[0], strings.Join(words[1:], " "))
			return false
		}
		push(words, body)
	}
}

func main() {
	hello := "HELLO 1 format=json client=stub-go heartbeat=20000 token=" + os.Getenv("SEAWAY_TOKEN")
	if !ask(strings.TrimSuffix(hello, " token="), nil) || !ask("LISTEN http.request", nil) {
		os.Exit(1)
	}
	for say("READY 1", nil); ; say("READY 1", nil) { // one message may come; READY has no answer
		for len(inbox) == 0 {
			push(read())
		}
		request := <-inbox
		// The answer goes to the channel that the request names: protocol/INTERFACE.md, sections 2 and 3.
		answer := message{"status": 200, "content": fmt.Sprint("hello from go: ", request["path"], "\n")}
		ask(fmt.Sprint("SEND ", request["reply_channel"]), answer)
		// Every member of the group gets this; a browser's socket that has joined shows the text.
		ask("GSEND stubs", message{"text": fmt.Sprint("go has answered ", request["path"])})
	}
}
