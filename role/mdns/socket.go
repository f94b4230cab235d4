package mdns

import (
	"net"
	"strconv"
)

// listen6 shares the port: net does so for multicast addresses.
func listen6(port int) (net.PacketConn, error) {
	return net.ListenPacket("udp6", net.JoinHostPort("ff02::fb", strconv.Itoa(port)))
}
