package sse

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestEvents(t *testing.T) {
	long := strings.Repeat("x", 3*Piece)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := Open(w)
		for _, text := range [][]byte{Comment, Event("tick", "", []byte("1")), Event("answer", "7", []byte(long))} {
			if err := s.Send(text); err != nil {
				t.Error(err)
			}
		}
	}))
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("content type %q", kind)
	}
	got, err := io.ReadAll(answer.Body)
	if want := ":\n\nevent: tick\ndata: 1\n\nevent: answer\nid: 7\ndata: " + long + "\n\n"; err != nil || string(got) != want {
		t.Errorf("%.80q: %v", got, err)
	}
}

// A reader that has gone ends its stream with an error, and nothing is kept for it.
func TestReaderThatGoes(t *testing.T) {
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := Open(w)
		for err := s.Send(Comment); ; err = s.Send(Event("tick", "", make([]byte, Piece))) {
			if err != nil {
				ended <- err
				return
			}
		}
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: end\r\n\r\n")
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	select {
	case <-ended:
	case <-time.After(2*Patience + time.Minute):
		t.Error("the stream goes on")
	}
}
