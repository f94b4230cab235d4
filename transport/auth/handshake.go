package auth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// Shake shakes hands with the node of that name, over a connection to it, with the certificates that are there now.
func (c *Credentials) Shake(ctx context.Context, conn net.Conn, name string) (net.Conn, error) {
	config := c.now().client.Clone()
	config.ServerName = name
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &refusalConn{Conn: secured}, nil
}

// refusalConn remembers that the node that was dialled has refused this one. In TLS 1.3 a client learns of that only when
// it reads, and meanwhile writes its request; then the fault that net/http reports is the write's.
type refusalConn struct {
	net.Conn
	refusal atomic.Pointer[net.OpError]
}

func (c *refusalConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		c.refusal.Store(alert)
	}
	return n, err
}

func (c *refusalConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if alert := c.refusal.Load(); err != nil && alert != nil {
		return n, alert
	}
	return n, err
}

// Why says in words why the node that is dialled and this one don't get through to each other; empty: it is not for want of
// credentials.
func Why(err error) string {
	var plaintext tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unverified *tls.CertificateVerificationError
	var remote *net.OpError
	switch {
	case errors.As(err, &plaintext):
		return "it speaks no TLS: start it with --tls-cert, --tls-key and --tls-ca, or leave them out here"
	case errors.As(err, &unknown):
		return "its certificate is not from the CA of --tls-ca: make it one with tandem cert, where this one's was made"
	case errors.As(err, &name):
		return fmt.Sprintf("its certificate is not for that name (%v): make it one with tandem cert %s, or call it by a name that is in there", name, name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return validity("its certificate", invalid.Cert)
	case errors.As(err, &unverified):
		return fmt.Sprintf("its certificate is refused here: %v", unverified.Err)
	case errors.As(err, &remote) && remote.Op == "remote error":
		return fmt.Sprintf("it refuses the certificate of this side (%v): see its log, and make a new one with tandem cert, where its own was made", remote.Err)
	default:
		return ""
	}
}

// faultOf says why the handshake with a peer that has come has failed. Who has only looked whether somebody listens is not
// refused, nor is again whose connection this node has closed meanwhile.
func faultOf(err error) (Reason, string) {
	var plaintext tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var remote *net.OpError
	switch {
	case err == io.EOF, errors.Is(err, net.ErrClosed):
		return "", ""
	case errors.As(err, &plaintext):
		return NoTLS, "it speaks no TLS, and this node nothing else: start it with --tls-cert, --tls-key and --tls-ca, or say https://"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return BadHandshake, "it did not finish the handshake in time"
	case errors.As(err, &unknown):
		return OtherAuthority, "its certificate is not from this node's CA: make it one with tandem cert, where this node's was made"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return Expired, validity("its certificate", invalid.Cert)
	case err.Error() == "tls: client didn't provide a certificate": // crypto/tls has no other name for it
		return NoCertificate, "it has no certificate: make it one with tandem cert, and start it with --tls-cert, --tls-key and --tls-ca"
	case errors.As(err, &remote) && remote.Op == "remote error":
		return BadHandshake, fmt.Sprintf("it does not accept this node (%v): its log, or its user, knows why", remote.Err)
	default:
		return BadHandshake, err.Error()
	}
}

func validity(what string, c *x509.Certificate) string {
	now := time.Now()
	if now.Before(c.NotBefore) {
		return fmt.Sprintf("%s is valid from %s on, and here it is %s: set the clock", what, c.NotBefore.Format(time.DateOnly), now.Format(time.DateTime))
	}
	return fmt.Sprintf("%s was valid until %s, and here it is %s: make a new one with tandem cert, or set the clock",
		what, c.NotAfter.Format(time.DateOnly), now.Format(time.DateTime))
}
