package transport

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// acknowledged asks the kernel (tcp(7), TCP_INFO). It reports false of what is no TCP connection, or none any more.
func acknowledged(c syscall.Conn) (a acknowledgement, ok bool) {
	if c == nil {
		return a, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return a, false
	}
	err = raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if ok = err == nil; ok {
			a = acknowledgement{
				bytes:   info.Bytes_acked,
				pending: info.Unacked > 0 || info.Notsent_bytes > 0,
				ago:     time.Duration(info.Last_ack_recv) * time.Millisecond,
				repair:  time.Duration(info.Rto>>info.Backoff+info.Rtt) * time.Microsecond, // each retransmission doubles the timeout
			}
		}
	})
	return a, ok && err == nil
}
