package auth_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport"
	"tandem/transport/auth"
)

// One peer can take most of the connections, and not all of them; they are free again when it has closed them.
func TestConnectionsAreBounded(t *testing.T) {
	g := servePatiently(t, nil, time.Minute) // whatever the machine is busy with
	var open []net.Conn
	for range auth.Share(auth.MaxConns) + 20 {
		c, err := net.Dial("tcp", g.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	eventually(t, func() bool { return g.Refused()[auth.TooManyConnections] == 20 })
	if told := g.told(); !strings.Contains(told.Text, "192 connections") || !strings.HasPrefix(told.Peer, "127.0.0.1:") {
		t.Errorf("%+v", told)
	}
	if p := g.Enters(net.IPv4(10, 0, 0, 1)); !p {
		t.Error("another peer gets no connection")
	}
	for _, c := range open {
		c.Close()
	}
	eventually(t, func() bool { return push(t.Context(), g.client(nil), 1) == nil })
}

// Peers that show nothing take all connections, and who has what the node asks for comes in nevertheless, and stays.
func TestUnprovenConnectionsKeepNobodyOut(t *testing.T) {
	s := newSite(t, time.Now())
	for name, files := range map[string]auth.Files{"key": s.key("key", secret), "certificate": s.issue("node", time.Now(), "127.0.0.1")} {
		t.Run(name, func(t *testing.T) {
			creds := load(t, files)
			g := servePatiently(t, creds, time.Minute) // whatever the machine is busy with
			early := g.client(creds)
			if err := push(t.Context(), early, 0); err != nil {
				t.Fatal(err)
			}
			var open []net.Conn
			for i := range auth.MaxConns {
				d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%2))}}
				c, err := d.Dial("tcp", g.address)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				open = append(open, c)
				if files.Secret != "" { // it does what it may
					text := make([]byte, len("HTTP/1.1 200"))
					_, sent := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
					if _, err := io.ReadFull(c, text); err != nil || sent != nil {
						t.Fatal(sent, err)
					}
				}
			}
			eventually(t, func() bool { return g.Refused()[auth.TooManyConnections] == 1 })
			if told := g.told(); told.Peer != open[0].LocalAddr().String() || !strings.Contains(told.Text, "neither key nor certificate") {
				t.Errorf("%+v, want %v, which came first", told, open[0].LocalAddr())
			}
			for id, c := range []*transport.Client{early, g.client(creds), g.client(creds)} {
				if err := push(t.Context(), c, uint64(id)); err != nil {
					t.Error(err)
				}
			}
			if n := g.Refused()[auth.TooManyConnections]; n != 3 { // one for each new client: the early one has kept its connection
				t.Errorf("%d connections were closed", n)
			}
			if err := push(t.Context(), early, 3); err != nil {
				t.Error(err)
			}
			if r := g.Refused(); len(r) != 1 { // and no handshakes that have failed
				t.Errorf("refused: %v", r)
			}
		})
	}
}

// A peer's connections that show nothing make room for its others.
func TestUnprovenConnectionsOfOnePeer(t *testing.T) {
	creds := load(t, newSite(t, time.Now()).key("key", secret))
	g := serveGated(t, creds)
	for range auth.Share(auth.MaxConns) {
		c, err := net.Dial("tcp", g.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for id := range uint64(5) {
		if err := push(t.Context(), g.client(creds), id); err != nil {
			t.Error(err)
		}
	}
}

// Who sends too much at once is told so, and what it has sent is forgotten.
func TestTooMuchAtOnceIsRefused(t *testing.T) {
	g := serveGated(t, nil)
	release := make(chan struct{})
	g.node.wait = func() { <-release }
	c := transport.NewClient(g.address, transport.Limits{Dial: time.Minute, Call: time.Minute, Window: 20, MaxBody: 1 << 20}, nil)
	big := pipeline.Frame{Shapes: [][]int{{1 << 17}}, Data: make([]float32, 1<<17), Label: pipeline.NoLabel, Since: time.Now()} // half of what a message may have
	answers := make(chan error)
	const pushes = 20
	for range pushes {
		go func() {
			_, err := c.Push(t.Context(), transport.Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{big}})
			answers <- err
		}()
	}
	most := auth.Share(auth.BodiesAtOnce) * 2
	for range pushes - most {
		if refused := <-answers; !errors.Is(refused, pipeline.ErrBusy) || !strings.Contains(refused.Error(), "--max-body") {
			t.Errorf("error %v", refused)
		}
	}
	close(release)
	for range most {
		<-answers
	}
	eventually(t, func() bool { return push(t.Context(), c, 1) == nil })
	if g.Refused()[auth.TooManyBytes] == 0 {
		t.Errorf("refused: %v", g.Refused())
	}
}

// What is left of a body that was too long is no request.
func TestRestOfABodyIsNoRequest(t *testing.T) {
	g := serveGated(t, nil)
	for _, encoding := range []string{"application/proto", "application/json", "application/grpc", "text/plain"} {
		c, err := net.Dial("tcp", g.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		body := strings.Repeat("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 60_000)
		go fmt.Fprintf(c, "POST /tandem.v1.Node/Push HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", encoding, len(body), body)
		if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(c)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the server does not close the connection", encoding)
		}
		if n := strings.Count(string(text), "HTTP/1.1 "); n != 1 {
			t.Errorf("%s: %d answers: %q", encoding, n, text)
		}
	}
}
