package mdns

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// listen4 listens for the group's packets alone. A socket for all addresses would also get those that are sent to port 5353
// of this machine, and so take answers from avahi; net.ListenPacket makes such a one of any multicast address.
func listen4(port int) (net.PacketConn, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "mdns")
	defer file.Close() // FilePacketConn has its own
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{224, 0, 0, 251}}); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	return net.FilePacketConn(file)
}
