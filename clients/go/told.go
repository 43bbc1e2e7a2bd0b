package seaway

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// workerName is who this process is in answers: "HOST:PID", at most 64 bytes of visible ASCII.
var workerName = processName()

func processName() string {
	host, _ := os.Hostname()
	host = strings.Map(func(char rune) rune {
		if char < '!' || char > '~' {
			return -1
		}
		return char
	}, host)
	if len(host) > 48 {
		host = host[:48]
	}
	if host == "" {
		host = "worker"
	}
	return host + ":" + strconv.Itoa(os.Getpid())
}

// tell has the first message of an answer say who has made it, and for how long the worker had the request (I83).
func (r *Request) tell(first Message) Message {
	if r.begun.IsZero() || r.RequestID() == "" {
		return first
	}
	first["worker"], first["took"] = workerName, time.Since(r.begun).Microseconds()
	return first
}
