package auth_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/transport"
	"tandem/transport/auth"
)

// pipes is a listener in memory, so that a test may pass through minutes.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// h2frame is a frame of HTTP/2.
func h2frame(kind, flags byte, stream uint32, payload string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// h2preface begins a connection whose peer takes nothing: the windows of its streams are 0.
var h2preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2frame(4, 0, 0, "\x00\x04\x00\x00\x00\x00") + h2frame(4, 1, 0, "")

// h2post is the head of a call, and the whole of its body if there is any.
func h2post(stream uint32, body string) string {
	text := func(s string) string { return string([]byte{byte(len(s))}) + s }
	const method, httpScheme, path, authority, other = "\x02", "\x86", "\x04", "\x01", "\x00" // HPACK's numbers for names
	head := method + text("POST") + httpScheme + path + text("/tandem.v1.Node/Push") + authority + text("x") +
		other + text("content-type") + text("application/json")
	if body == "" {
		return h2frame(1, 4, stream, head)
	}
	return h2frame(1, 4, stream, head) + h2frame(0, 1, stream, body)
}

// h2read reads until the server hangs up, and answers its pings: the peer is alive. It returns the first payload of
// some kind of frame.
func h2read(c net.Conn, kind byte) (first []byte) {
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(c, head); err != nil {
			return first
		}
		payload := make([]byte, binary.BigEndian.Uint32(head)>>8)
		if _, err := io.ReadFull(c, payload); err != nil {
			return first
		}
		if head[3] == kind && first == nil {
			first = payload
		}
		if ping, answer := byte(6), byte(1); head[3] == ping && head[4]&answer == 0 {
			_, _ = io.WriteString(c, h2frame(ping, answer, 0, string(payload))) // the server may be gone
		}
	}
}

// Who is refused, and who makes a call and takes no answer, is let go soon, however alive its connection is.
func TestWhoTakesNoAnswerIsLetGo(t *testing.T) {
	unsent := "POST /tandem.v1.Node/Push HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
	streams := h2preface
	for s := range uint32(4) {
		streams += h2post(1+2*s, "") + h2frame(0, 0, 1+2*s, strings.Repeat("x", 16<<10))
	}
	creds := load(t, newSite(t, time.Now()).key("key", secret))
	const reset = 3
	for name, test := range map[string]struct {
		creds  *auth.Credentials
		sends  string
		within time.Duration // and a little
		read   func(net.Conn) []byte
		says   string
	}{
		"refused, and sends no body":       {creds, unsent, auth.RefusalTime, func(c net.Conn) []byte { b, _ := io.ReadAll(c); return b }, "HTTP/1.1 401 "},
		"refused, and has no window":       {creds, streams, auth.RefusalTime, func(c net.Conn) []byte { return h2read(c, reset) }, ""},
		"taken, and its call gets no room": {nil, h2preface + h2post(1, `{"run":"r"}`), auth.WriteTime, func(c net.Conn) []byte { return h2read(c, reset) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate, listener := auth.NewGate(test.creds, func(auth.Refusal) {}), make(pipes)
				s := transport.NewServer(&node{}, nil, 1<<20, gate, log.New(io.Discard, "", 0))
				s.IdleTimeout = time.Second // what is over is closed
				serving := make(chan error, 1)
				go func() { serving <- s.Serve(gate.Listen(listener)) }()
				here, there := net.Pipe()
				listener <- there
				began := time.Now()
				if err := here.SetDeadline(began.Add(10 * time.Minute)); err != nil {
					t.Fatal(err)
				}
				go io.WriteString(here, test.sends)
				answer := test.read(here)
				if took := time.Since(began); took > test.within+5*time.Second || answer == nil || !bytes.HasPrefix(answer, []byte(test.says)) {
					t.Errorf("after %v: %q", took, answer)
				}
				here.Close()
				close(listener)
				<-serving // that the listener is gone
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
