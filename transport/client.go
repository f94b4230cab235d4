package transport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"tandem/pipeline"
	"tandem/transport/auth"
	"tandem/transport/link"
	"tandem/transport/wire"
	"tandem/transport/wire/wireconnect"
)

// Limits bound what a client waits for and what it sends.
type Limits struct {
	Dial    time.Duration // for a connection
	Call    time.Duration // for the answer to a push, or for anything to move on it meanwhile
	Window  int           // pushes in flight
	MaxBody int           // bytes of a message, either way
	Traffic *link.Traffic // counts the bytes of all connections; nil: nobody wants to know
	Uplink  *link.Uplink  // what all goes over; nil: the real link
	// ServerName is whom the node's certificate has to name; nil, or empty: the host of the address.
	ServerName func() string
	// DialContext makes a connection; nil: over TCP, and in the time for it.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client talks to one node. It may be used by several goroutines.
type Client struct {
	address string
	limits  Limits
	creds   *auth.Credentials
	http    *http.Client
	node    wireconnect.NodeClient
	path    pipeline.Path
	pushes  underWay
}

// NewClient makes a client for the node at host:port, with credentials or nil. It connects at the first call.
func NewClient(address string, l Limits, creds *auth.Credentials) *Client {
	// Two connections beyond the window, so that opening, closing and signs of life don't wait for frames.
	conns := l.Window + 2
	if l.DialContext == nil {
		l.DialContext = (&net.Dialer{Timeout: l.Dial, KeepAlive: 15 * time.Second}).DialContext
	}
	c := &Client{address: address, limits: l, creds: creds, pushes: underWay{known: newLiveness()}}
	url := "http://" + strings.Replace(address, "%", "%25", 1) // before the zone of a link-local address (RFC 6874)
	if creds.Secured() {
		url = strings.Replace(url, "http", "https", 1)
	}
	c.http = &http.Client{Transport: &http.Transport{
		DialContext:            c.dial,
		DialTLSContext:         c.dialTLS,
		MaxConnsPerHost:        conns,
		MaxIdleConnsPerHost:    conns,
		IdleConnTimeout:        time.Minute,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 16 << 10,
	}}
	c.node = wireconnect.NewNodeClient(c.http, url,
		connect.WithCodec(boundedProto{}),
		connect.WithReadMaxBytes(l.MaxBody),
		connect.WithSendMaxBytes(l.MaxBody),
		connect.WithAcceptCompression("gzip", nil, nil), // 20-byte answers are not worth it
		connect.WithInterceptors(signed{creds}),
	)
	return c
}

func (c *Client) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	conn, err := c.limits.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return nil, err
	}
	return c.watch(conn), nil
}

// watch leads a connection over this node's link, and sees how far what is sent on it has come.
func (c *Client) watch(conn net.Conn) net.Conn {
	// Bytes count when the link has carried them: those that wait for an emulated one have not moved.
	w := newWay(conn, c.limits.Uplink.Over(c.limits.Traffic.Over(conn)), c.pushes.closed)
	c.pushes.open(w)
	return bodyConn{w, w}
}

// dialTLS shakes hands with the certificates that are there now.
func (c *Client) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	name, _, _ := net.SplitHostPort(c.address) // checked with the flags
	name, _, _ = strings.Cut(name, "%")        // certificates know no zones
	if c.limits.ServerName != nil {
		name = cmp.Or(c.limits.ServerName(), name)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limits.Call)
	defer cancel()
	secured, err := c.creds.Shake(ctx, conn, name)
	if err != nil {
		return nil, err
	}
	return bodyConn{secured, conn.(bodyConn).way}, nil
}

// Address is the node's, as given.
func (c *Client) Address() string { return c.address }

// CloseIdle closes the connections that carry nothing now.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// Reach is Describe, but whoever takes the connection, lets this node in and does not answer counts as reached; it has not
// said what it is.
func (c *Client) Reach(ctx context.Context) (Description, error) {
	conn, err := c.dial(ctx, "", "")
	if err != nil {
		return Description{}, c.unreachable(err)
	}
	_ = conn.Close() // nothing was sent
	ctx, cancel := context.WithTimeout(ctx, c.limits.Dial)
	defer cancel()
	d, err := c.Describe(ctx)
	if errors.Is(err, context.DeadlineExceeded) || Answered(err) && !errors.Is(err, pipeline.ErrNotAdmitted) {
		return Description{}, nil
	}
	return d, err
}

// Open asks the node to take part in a run.
func (c *Client) Open(ctx context.Context, o Opening) (Opened, error) {
	m, err := c.node.Open(ctx, &wire.OpenRequest{
		Run: runToWire(o.Run), From: o.From, CallerRole: o.Caller.Role, CallerAddress: o.Caller.Address, Path: o.Path,
		Address: o.Address, Layer: int32(o.Layer), Again: o.Again,
	})
	if err := c.checked(m, err); err != nil {
		return Opened{}, err
	}
	opened := Opened{
		Run: runFromWire(m.GetRun()), Inputs: enters(m), Address: m.GetAddress(), Life: m.GetLife(), End: m.GetEnd(), EndAddress: m.GetEndAddress(),
	}
	if err := validRun(opened.Run); err != nil {
		return Opened{}, fmt.Errorf("%s answered with an %w", c.address, err)
	}
	if err := validInputs(opened.Inputs, c.limits.MaxBody); err != nil {
		return Opened{}, fmt.Errorf("%s: %w", c.address, err)
	}
	if asked, agreed := o.Run.Wire, cmp.Or(opened.Run.Wire, Float32); asked != "" && asked != agreed { // it knows of no formats
		return Opened{}, fmt.Errorf("%s answered with an %w %s: its wire format is %s, and %s was asked for: use the same version of tandem on every node",
			c.address, pipeline.ErrInvalidRun, opened.Run.ID, agreed, asked)
	}
	return opened, nil
}

// Push sends frames and returns one feedback for each. Without frames it is a sign of life.
func (c *Client) Push(ctx context.Context, p Pushing) (Pushed, error) {
	ctx, done := c.pushes.begin(ctx, c.limits.Call, p.bytes())
	defer done()
	call := c.path.Begin(time.Now(), len(p.Frames))
	call.Bytes = p.bytes()
	// The way to the neighbour is part of a frame's age, and half the usual round trip is the best guess for it.
	m, err := c.node.Push(ctx, &wire.PushRequest{
		Run: p.Run, From: p.From, Kept: p.Kept, Frames: framesToWire(p.Frames, p.Wire, call.At.Add(c.RoundTrip()/2)),
		Status: statusToWire(p.Status, min(maxStatusBytes, c.limits.MaxBody/2)), Losses: lossesToWire(p.Losses),
		Recut: recutToWire(p.Recut),
	})
	c.path.End(time.Now(), call, err == nil)
	if err != nil && context.Cause(ctx) == errLate {
		err = context.DeadlineExceeded
	}
	if err := c.checked(m, err); err != nil {
		return Pushed{}, err
	}
	if len(m.GetFeedback()) != len(p.Frames) {
		return Pushed{}, fmt.Errorf("%s answered %d frames with %d feedbacks", c.address, len(p.Frames), len(m.GetFeedback()))
	}
	pushed := Pushed{Feedback: feedbackFromWire(m.GetFeedback(), m.GetLife()), Life: m.GetLife(), Left: m.GetLeft(), Recut: recuttingFromWire(m.GetRecut())}
	if m.GetLive() != nil {
		pushed.Live = new(pipeline.Live)
		err = convert(m.GetLive(), pushed.Live)
	}
	var wrong error
	pushed.Nodes, wrong = ledgersFromWire(m.GetNodes())
	return pushed, cmp.Or(err, wrong)
}

// checked turns a failed call's error into one of the pipeline's, and looks at the answer of one that has not failed.
func (c *Client) checked(m proto.Message, err error) error {
	if err != nil {
		return c.fromWire(err)
	}
	if err := check(m); err != nil {
		return fmt.Errorf("%s answered with an %w", c.address, err)
	}
	return nil
}

// Describe asks the node what it is. It answers also while it starts; a process that hangs takes connections, and does not.
func (c *Client) Describe(ctx context.Context) (Description, error) {
	m, err := c.node.Describe(ctx, &wire.DescribeRequest{})
	if err := c.checked(m, err); err != nil {
		return Description{}, err
	}
	d := Description{
		Role: m.GetRole(), Name: m.GetName(), Version: m.GetVersion(), Model: m.GetModel(), Digest: m.GetDigest(), Layers: int(m.GetLayers()),
		Inputs: tensorsFromWire(m.GetInputs()), Device: m.GetDevice(), Load: m.GetLoad(),
	}
	if err := validInputs(d.Inputs, c.limits.MaxBody); err != nil {
		return Description{}, fmt.Errorf("%s: %w", c.address, err)
	}
	return d, nil
}

// bytes is what the data of the frames takes on the wire.
func (p *Pushing) bytes() int {
	n := 0
	for i := range p.Frames {
		f := &p.Frames[i]
		n += valueBytes[encodingOf(f, p.Wire)] * len(f.Data)
	}
	return n
}

// Close says that this caller sends no more in the run. Where the run is over it returns the report once end has made it; a
// caller that was stopped or interrupted may get an empty one.
func (c *Client) Close(ctx context.Context, cl Closing) (pipeline.Report, error) {
	request, err := closingToWire(cl, messageBytes((*wire.CloseRequest)(nil).ProtoReflect().Descriptor(), c.limits.MaxBody))
	if err != nil {
		return pipeline.Report{}, err
	}
	m, err := c.node.Close(ctx, request)
	if err := c.checked(m, err); err != nil || cl.Reason != Over && m.GetReport() == nil {
		return pipeline.Report{}, err
	}
	var r pipeline.Report
	if err := convert(m.GetReport(), &r); err != nil {
		return r, fmt.Errorf("%s answered with no report: %w", c.address, err)
	}
	if r.Run != cl.Run {
		return pipeline.Report{}, fmt.Errorf("%s answered with a report that is none: it reports of run %q", c.address, r.Run)
	}
	return r, nil
}

// Up reports whether the node answers, or its link is only slow: no push is overdue.
func (c *Client) Up() bool { return c.pushes.up() }

// RoundTrip is the EWMA of the time between a push and its answer; 0 before the first.
func (c *Client) RoundTrip() time.Duration { return c.path.RoundTrip() }

// Pace is what the link to the node takes for a frame; 0: not yet known.
func (c *Client) Pace() time.Duration { return c.path.Pace() }

// Rate is how many bytes a second the link to the node carries, by the frames of late; 0: not yet known.
func (c *Client) Rate() float64 { return c.path.Rate() }
