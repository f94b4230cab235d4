package link

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// What one end sends the other receives, and both count it.
func TestTrafficIsCountedAtBothEnds(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var server, client Traffic
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})}
	go func() { _ = s.Serve(server.Listen(listener)) }() // ends with Close
	defer s.Close()

	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return client.Over(conn), err
	}}}
	body := strings.Repeat("x", 100_000)
	resp, err := c.Post("http://"+listener.Addr().String(), "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	echo, err := io.ReadAll(resp.Body)
	if err != nil || string(echo) != body {
		t.Fatalf("%d bytes came back: %v", len(echo), err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(t.Context()); err != nil { // a write is counted after the client may have read it
		t.Fatal(err)
	}
	if n := client.Bytes(); n != server.Bytes() || n < 200_000 || n > 202_000 {
		t.Errorf("the client counts %d bytes, the server %d, of 200000 and some headers", n, server.Bytes())
	}
}
