package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
)

// notAdmitted says in words why a node and this one don't get through to each other; empty: it is not for want of
// credentials.
func notAdmitted(err error) string {
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
