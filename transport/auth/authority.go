package auth

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"time"
)

// How long certificates are valid. They begin a while ago, for devices whose clock is behind; what a browser accepts from
// a server is 825 days.
const (
	authorityYears = 10
	nodeYears      = 2
	begunAgo       = 30 * 24 * time.Hour
)

// Authority is a CA for a handful of devices: whoever has a certificate of it is let in.
type Authority struct {
	certificate *x509.Certificate
	key         any
}

// NewAuthority makes a CA, and returns it with its certificate and key as PEM.
func NewAuthority(now time.Time) (a *Authority, certificate, key []byte, err error) {
	certificate, key, err = new(Authority).sign(&x509.Certificate{
		Subject:   pkix.Name{CommonName: "tandem CA of " + now.Format(time.DateOnly)},
		NotBefore: now.Add(-begunAgo), NotAfter: now.AddDate(authorityYears, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	a, err = ParseAuthority(certificate, key)
	return a, certificate, key, err
}

// ParseAuthority reads a CA that was made before.
func ParseAuthority(certificate, key []byte) (*Authority, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	if !pair.Leaf.IsCA {
		return nil, fmt.Errorf("it is a certificate, and no CA")
	}
	return &Authority{pair.Leaf, pair.PrivateKey}, nil
}

// Expires is when the CA does, and with it all that it has signed.
func (a *Authority) Expires() time.Time { return a.certificate.NotAfter }

// Issue makes a certificate for a device, which is both client and server, with all names and addresses by which others
// call it.
func (a *Authority) Issue(names []string, now time.Time) (certificate, key []byte, expires time.Time, err error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: names[0]},
		NotBefore: now.Add(-begunAgo), NotAfter: earlier(now.AddDate(nodeYears, 0, 0), a.Expires()),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	certificate, key, err = a.sign(template)
	return certificate, key, template.NotAfter, err
}

// NamesIn are the names and addresses in a certificate, as Issue takes them.
func NamesIn(certificate []byte) ([]string, error) {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return nil, errors.New("it is no PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names, nil
}

// sign makes a key and signs the certificate for it; with its own key where the authority has none yet.
func (a *Authority) sign(template *x509.Certificate) (certificate, key []byte, err error) {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // browsers know no Ed25519
	if err != nil {
		return nil, nil, err
	}
	if a.certificate == nil {
		a.certificate, a.key = template, own
	}
	der, unsigned := x509.CreateCertificate(rand.Reader, template, a.certificate, own.Public(), a.key)
	secret, unread := x509.MarshalECPrivateKey(own)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), cmp.Or(unsigned, unread)
}
