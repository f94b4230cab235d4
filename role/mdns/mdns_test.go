package mdns

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestIs(t *testing.T) {
	for host, want := range map[string]bool{
		"slow.local": true, "SLOW.Local": true, "slow.local.": true, "a.b.local": true,
		"slow": false, "local": false, "slow.localhost": false, "slow.local.example": false, "192.168.1.7": false, "": false,
	} {
		if Is(host) != want {
			t.Errorf("%q is for multicast DNS: %v", host, !want)
		}
	}
}

// A goodbye is the record of the announcement, which holds no longer.
func TestGoodbye(t *testing.T) {
	packet, err := goodbye(Service{Name: "slow-3f9a2c", Type: "_tandem._tcp", Port: 12345})
	if err != nil {
		t.Fatal(err)
	}
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil {
		t.Fatal(err)
	}
	if !m.Response || len(m.Questions) != 0 || len(m.Answers) != 1 {
		t.Fatalf("%+v", m)
	}
	a := m.Answers[0]
	ptr, is := a.Body.(*dnsmessage.PTRResource)
	if !is || a.Header.TTL != 0 || a.Header.Name.String() != "_tandem._tcp.local." || ptr.PTR.String() != "slow-3f9a2c._tandem._tcp.local." {
		t.Errorf("%+v", a)
	}
}

// Whatever a service is called, a goodbye is a packet or an error.
func FuzzGoodbye(f *testing.F) {
	f.Add("slow-3f9a2c", "_tandem._tcp")
	f.Fuzz(func(t *testing.T, name, service string) {
		packet, err := goodbye(Service{Name: name, Type: service})
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(packet); err != nil {
			t.Errorf("%q: %v", packet, err)
		}
	})
}
