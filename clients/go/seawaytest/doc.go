// Package seawaytest lets people test handlers and consumers without sockets, and without a broker: a broker and an
// interface server in the memory of the test, on a clock that stands still until it is told to go on.
//
//	func TestHello(t *testing.T) {
//		site := seawaytest.New(t)
//		worker := seaway.NewWorker(site.Client())
//		worker.HandleHTTP("http.request", hello)
//		site.Run(worker)
//		if answer := site.Get("/moon"); answer.Text() != "hello from /moon\n" {
//			t.Error(answer)
//		}
//	}
//
// What is tested speaks to it as it would to real ones: the clients are those of package seaway, whose connections are
// pipes. Nothing here opens a port, reads a file or starts a process.
package seawaytest
