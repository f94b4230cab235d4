package monitor

import (
	"net"
	"os"
)

// PageAddress is what a browser is given for a node that listens on an address: where that is every address of the
// machine, its own name.
func PageAddress(listening string, encrypted bool) string {
	scheme := "http"
	if encrypted {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(listening)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			listening = net.JoinHostPort(name, port)
		}
	}
	return scheme + "://" + listening + "/"
}
