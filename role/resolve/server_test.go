package resolve

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// answering is Go's own resolver, which asks a nameserver on this machine. That says what answers makes of a question.
func answering(t testing.TB, answers func(dnsmessage.Question) []dnsmessage.ResourceBody) *net.Resolver {
	t.Helper()
	return replying(t, func(packet []byte) []byte {
		var m dnsmessage.Message
		if m.Unpack(packet) != nil || len(m.Questions) != 1 {
			return nil
		}
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		for _, body := range answers(m.Questions[0]) {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 30}, Body: body})
		}
		reply, err := m.Pack()
		if err != nil {
			t.Error(err)
		}
		return reply
	})
}

// replying asks a nameserver that makes any packet of one.
func replying(t testing.TB, reply func([]byte) []byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends when the connection is closed
		defer close(done)
		for b := make([]byte, 4096); ; {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(reply(b[:n]), from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		if !strings.HasPrefix(network, "udp") {
			return nil, net.UnknownNetworkError(network)
		}
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// A real nameserver's word holds at once, although it says that its answer may be kept for 30 s.
func TestMembersOfANameserver(t *testing.T) {
	addresses := make(chan []string, 1)
	said := []string{"10.0.0.1"}
	r := New(time.Minute)
	r.system = answering(t, func(q dnsmessage.Question) (all []dnsmessage.ResourceBody) {
		select {
		case said = <-addresses:
		default:
		}
		switch {
		case q.Type == dnsmessage.TypeSRV:
			return []dnsmessage.ResourceBody{&dnsmessage.SRVResource{Target: dnsmessage.MustNewName("slow.example."), Port: 12345}}
		case q.Type == dnsmessage.TypeA && q.Name.String() == "slow.example.":
			for _, a := range said {
				all = append(all, &dnsmessage.AResource{A: netip.MustParseAddr(a).As4()})
			}
		}
		return all
	})
	for _, step := range [][]string{{"10.0.0.1"}, {"10.0.0.1", "10.0.0.2", "10.0.0.3"}, {"10.0.0.1", "10.0.0.3"}} {
		addresses <- step
		var want []string
		for _, a := range step {
			want = append(want, a+":12345")
		}
		for _, text := range []string{"dns:slow.example.:12345", "srv:_tandem._tcp.slow.example."} {
			if got, err := r.Members(t.Context(), text); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q: %v", text, got, want, err)
			}
		}
	}
}

// Whatever a nameserver answers, there are addresses with ports, or an error.
func FuzzNameserver(f *testing.F) {
	good, err := (&dnsmessage.Message{
		Header:  dnsmessage.Header{Response: true},
		Answers: []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("slow.example."), Class: dnsmessage.ClassINET}, Body: &dnsmessage.AResource{A: [4]byte{10, 0, 0, 1}}}},
	}).Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[12:], "slow.example.:12345")
	f.Add([]byte{}, "slow.example.")
	f.Fuzz(func(t *testing.T, body []byte, text string) {
		r := New(time.Second)
		r.system = replying(t, func(question []byte) []byte { // with the question's number, so that it is looked at
			return slices.Concat(question[:2], []byte{0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0}, question[12:], body)
		})
		for _, kind := range []string{dns, srv} {
			ctx, enough := context.WithTimeout(t.Context(), 50*time.Millisecond)
			members, err := r.Members(ctx, kind+text)
			enough()
			if err == nil && len(members) == 0 {
				t.Errorf("%s%s: nobody, and no error", kind, text)
			}
			for _, m := range members {
				host, _, wrong := net.SplitHostPort(m)
				if _, no := netip.ParseAddr(host); wrong != nil || no != nil {
					t.Errorf("%s%s: %q", kind, text, m)
				}
			}
		}
	})
}
