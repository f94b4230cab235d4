package mdns

import (
	"net"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// speaker sends to all on the network.
type speaker struct {
	four       *ipv4.PacketConn
	six        *ipv6.PacketConn // nil: this machine has no IPv6
	interfaces []net.Interface
}

// The groups of multicast DNS.
var (
	group4 = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}
	group6 = &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: 5353}
)

// say sends a packet on every interface. Multicast may get lost, so nobody can count on it, and an error changes nothing.
func (s speaker) say(packet []byte) {
	for _, i := range s.interfaces {
		if s.four.SetMulticastInterface(&i) == nil {
			_, _ = s.four.WriteTo(packet, nil, group4)
		}
		if s.six != nil && s.six.SetMulticastInterface(&i) == nil {
			_, _ = s.six.WriteTo(packet, nil, group6)
		}
	}
}

// goodbye is a packet that says that a service is no more (RFC 6762, 10.1): its record holds for no time any longer. Without it
// others believe in the service for two minutes.
func goodbye(s Service) ([]byte, error) {
	service, err := dnsmessage.NewName(s.Type + Suffix + ".")
	if err != nil {
		return nil, err
	}
	instance, err := dnsmessage.NewName(s.Name + "." + s.Type + Suffix + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header: dnsmessage.Header{Response: true, Authoritative: true},
		Answers: []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: service, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET, TTL: 0},
			Body:   &dnsmessage.PTRResource{PTR: instance},
		}},
	}
	return m.Pack()
}
