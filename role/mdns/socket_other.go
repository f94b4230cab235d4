//go:build !linux

package mdns

import (
	"net"
	"strconv"
)

// listen4 shares the port: net does so for multicast addresses.
func listen4(port int) (net.PacketConn, error) {
	return net.ListenPacket("udp4", net.JoinHostPort("224.0.0.251", strconv.Itoa(port)))
}
