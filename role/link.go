package role

import (
	"errors"

	"tandem/transport"
	"tandem/transport/link"
)

// Link is the shape of an emulated link.
type Link = link.Shape

// ParseLink reads off, a preset's name, or a shape.
func ParseLink(s string) (Link, error) { return link.Parse(s) }

// ParseWire reads the name of a wire format.
func ParseWire(s string) (string, error) {
	if s == "" { // which leaves the format open on the wire, and here is a slip
		return "", errors.New("it is empty: use float32, float16 or int8")
	}
	return s, transport.CheckWire(s)
}

// newUplink makes the link that all goes over which this node sends. Each role has chances of its own.
func newUplink(cfg Config) *link.Uplink {
	return link.NewUplink(cfg.Link, cfg.Seed<<8|uint64(rank(string(cfg.Role))))
}
