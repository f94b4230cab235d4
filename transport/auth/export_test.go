package auth

import (
	"crypto/tls"
	"crypto/x509"
	"net"
)

// What the tests of a whole node look into.
const (
	BegunAgo     = begunAgo
	MaxConns     = maxConns
	BodiesAtOnce = bodiesAtOnce
	RefusalTime  = refusalTime
)

var Share = share

func (a *Authority) Parts() (certificate *x509.Certificate, key any) { return a.certificate, a.key }

func (c *Credentials) ClientConfig() *tls.Config { return c.now().client.Clone() }

// Unchecked are credentials as a hostile client might have them.
func Unchecked(client *tls.Config) *Credentials {
	c := new(Credentials)
	c.current.Store(&loaded{client: client, server: &tls.Config{}})
	return c
}

// Enters reports whether a peer gets a connection.
func (g *Gate) Enters(ip net.IP) bool { return g.connect(addrOf(&net.TCPAddr{IP: ip})) != nil }
