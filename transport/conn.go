package transport

import (
	"io"
	"net"
	"sync"
)

// bodyConn sends bodies through buffers that are used again. net/http hands a body to the connection's ReadFrom, and a
// TCP connection that can't splice makes a new buffer for each.
type bodyConn struct {
	net.Conn
	way *way // that it leads over
}

var _ io.ReaderFrom = bodyConn{}

var bodyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// ReadFrom sends all that r has.
func (c bodyConn) ReadFrom(r io.Reader) (int64, error) {
	buffer := bodyBuffers.Get().(*[32 << 10]byte)
	defer bodyBuffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, r, buffer[:])
}
