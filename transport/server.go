package transport

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"

	"tandem/pipeline"
	"tandem/transport/auth"
	"tandem/transport/wire"
	"tandem/transport/wire/wireconnect"
)

// Node is what a server serves. Its methods are called by many goroutines at once.
type Node interface {
	Describe(context.Context) (Description, error)
	Calibrate(context.Context) (Calibration, error)
	Survey(context.Context) (Survey, error)
	Open(context.Context, Opening) (Opened, error)
	Push(context.Context, Pushing) (Pushed, error)
	Close(context.Context, Closing) (pipeline.Report, error)
	// Answers tells what becomes of the frames of a run, or of any where that is empty, until the context ends or tell fails.
	// again: the newest of before come first.
	Answers(ctx context.Context, run string, again bool, tell func(Told) error) error
	// Supply takes chunks of a network that the node lacks, and says which it wants next.
	Supply(context.Context, Supplying) (Supplied, error)
	// Fetch gives chunks of the node's network; without any, its manifest.
	Fetch(ctx context.Context, digest string, chunks []int) (Fetched, error)
}

// Description is what a node is.
type Description struct {
	Role    string
	Name    string // of the process; unique
	Version string
	Model   string // empty: it has none yet, or is end
	Digest  string
	Layers  int     // of the whole network
	Inputs  []Input // what frames bring that enter it
	Device  string  // the machine that it runs on
	Load    float64 // how much of its processors is wanted; 1: all
}

// Opening asks a node to take part in a run.
type Opening struct {
	Run     pipeline.Run
	From    string          // the caller; unique for each process
	Caller  pipeline.NodeID // the caller as reports call it: a process that is called the same stands for it
	Path    []string        // the processes by which the opening has come, the caller last
	Address string          // what the caller calls this node
	Layer   int             // the first layer that the caller leaves to this node
	Again   bool            // the run has begun before: a node that does not know it was started again
}

// Opened is the answer.
type Opened struct {
	Run     pipeline.Run // with what was left open filled in
	Inputs  []Input      // what frames bring that the node takes; none: any
	Address string       // what the node is called in reports: another neighbour may know it by another address
	Life    string       // of the node in the run
	End     string       // the end process that the node's results reach
	// EndAddress is by which the node calls end; empty: it is end.
	EndAddress string
}

// Input is a tensor that frames bring.
type Input = pipeline.Tensor

// Pushing brings frames.
type Pushing struct {
	Run    string
	From   string
	Kept   bool // the caller keeps what is refused, and delivers at least once: the node deduplicates by frame id
	Frames []pipeline.Frame
	Wire   string            // the run's wire format, for what is sent; a server need not be told
	Status []pipeline.Status // of the caller and of the nodes above it
	Losses []pipeline.Loss   // of frames that will have no answer, there
	Recut  pipeline.Recut    // the newest, where there was one
}

// Pushed is the answer: one feedback for each frame, and what is known of the run so far, if anything is.
type Pushed struct {
	Feedback []pipeline.Feedback // of the life that answers
	Live     *pipeline.Live
	Life     string
	Left     bool // the node was stopped, and this life of it has nothing of the run any more: what it had taken is handed on
	// Nodes are, in the last answer of a life, its ledger, and those that it has of others: the nodes below, to which it has
	// told them, may be stopped, too.
	Nodes []pipeline.Entry
	Recut pipeline.Recutting // where the call had a recut
}

// Closing says that one neighbour sends no more.
type Closing struct {
	Run   string
	From  string
	Nodes []pipeline.Entry // the ledgers of all nodes above
	Notes []string         // what was out of the ordinary above
	Reason
}

// Reason is why a neighbour closes a run. Only where it is over is there a report for certain.
type Reason = wire.Reason

// The reasons.
const (
	Over        = wire.Reason_OVER        // the client has closed it
	Stopped     = wire.Reason_STOPPED     // the neighbour is being stopped
	Interrupted = wire.Reason_INTERRUPTED // those above are silent, or can not go on now; they may take the run up again
)

// NewServer makes the HTTP server of a node, which serves what comes through the gate. What is no call goes to others,
// unless that is nil. maxBody bounds a call's size in bytes.
func NewServer(n Node, others http.Handler, maxBody int, gate *auth.Gate, errors *log.Logger) *http.Server {
	mux := http.NewServeMux()
	path, calls := wireconnect.NewNodeHandler(handler{n, min(maxToldBytes, maxBody/2)},
		connect.WithConditionalHandlerOptions(func(s connect.Spec) []connect.HandlerOption {
			return []connect.HandlerOption{connect.WithReadMaxBytes(messageBytes(s.Schema.(protoreflect.MethodDescriptor).Input(), maxBody))}
		}),
		connect.WithCodec(boundedProto{}),
		connect.WithCodec(boundedJSON{"json"}),
		connect.WithCodec(boundedJSON{"json; charset=utf-8"}),
		connect.WithCompression("gzip", nil, nil), // it costs more than it saves on answers of 20 bytes, and could unpack to anything
		connect.WithInterceptors(checked{}),
		connect.WithRecover(func(_ context.Context, s connect.Spec, _ http.Header, p any) error {
			errors.Printf("%s: %v", s.Procedure, p)
			return connect.NewError(connect.CodeInternal, fmt.Errorf("this node failed on the call; its log has the reason"))
		}),
	)
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			w = timedAnswer{w}
		}
		calls.ServeHTTP(w, r)
	})
	if others != nil {
		mux.Handle("/", others)
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           gate.Admit(mux, maxBody),
		Protocols:         &protocols,
		ConnContext:       auth.KeepConn,
		ErrorLog:          errors,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 32, MaxReceiveBufferPerConnection: 1 << 20, MaxReceiveBufferPerStream: 1 << 18,
			SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second, WriteByteTimeout: auth.WriteTime,
		},
	}
}

// handler translates between the wire's messages and a Node.
type handler struct {
	node Node
	told int // bytes of ledgers in an answer
}

func (h handler) Describe(ctx context.Context, _ *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	d, err := h.node.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return &wire.DescribeResponse{
		Role: d.Role, Name: d.Name, Version: d.Version, Model: d.Model, Digest: d.Digest, Layers: int32(d.Layers), Inputs: tensorsToWire(d.Inputs),
		Device: d.Device, Load: d.Load,
	}, nil
}

func (h handler) Open(ctx context.Context, m *wire.OpenRequest) (*wire.OpenResponse, error) {
	o := Opening{
		Run: runFromWire(m.GetRun()), From: m.GetFrom(), Caller: pipeline.NodeID{Role: m.GetCallerRole(), Address: m.GetCallerAddress()},
		Path: m.GetPath(), Address: m.GetAddress(), Layer: int(m.GetLayer()), Again: m.GetAgain(),
	}
	if err := validRun(o.Run); err != nil {
		return nil, err
	}
	opened, err := h.node.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	answer := &wire.OpenResponse{
		Run: runToWire(opened.Run), Inputs: tensorsToWire(opened.Inputs), Address: opened.Address, Life: opened.Life,
		End: opened.End, EndAddress: opened.EndAddress,
	}
	if len(opened.Inputs) > 0 {
		answer.Shape = ints[int32](opened.Inputs[0].Shape)
	}
	return answer, nil
}

func (h handler) Push(ctx context.Context, m *wire.PushRequest) (*wire.PushResponse, error) {
	frames, wrongFrame := framesFromWire(m.GetFrames(), time.Now())
	statuses, wrongStatus := statusFromWire(m.GetStatus())
	losses, wrongLoss := lossesFromWire(m.GetLosses())
	recut, wrongRecut := recutFromWire(m.GetRecut())
	if err := cmp.Or(wrongFrame, wrongStatus, wrongLoss, wrongRecut); err != nil {
		return nil, err
	}
	pushed, err := h.node.Push(ctx, Pushing{Run: m.GetRun(), From: m.GetFrom(), Kept: m.GetKept(), Frames: frames, Status: statuses, Losses: losses, Recut: recut})
	if err != nil {
		return nil, err
	}
	answer := &wire.PushResponse{Feedback: feedbackToWire(pushed.Feedback), Life: pushed.Life, Left: pushed.Left, Recut: recuttingToWire(pushed.Recut)}
	if live := new(wire.Live); pushed.Live != nil && convert(pushed.Live, live) == nil { // its figures are numbers
		answer.Live = live
	}
	answer.Nodes, err = ledgersToWire(pushed.Nodes, h.told)
	return answer, err
}

func (h handler) Close(ctx context.Context, m *wire.CloseRequest) (*wire.CloseResponse, error) {
	c := Closing{Run: m.GetRun(), From: m.GetFrom(), Notes: m.GetNotes(), Reason: m.GetReason()}
	var err error
	if c.Nodes, err = ledgersFromWire(m.GetNodes()); err != nil {
		return nil, err
	}
	report, err := h.node.Close(ctx, c)
	if err != nil || c.Reason != Over && report.Run == "" {
		return &wire.CloseResponse{}, err
	}
	answer := &wire.CloseResponse{Report: new(wire.Report)}
	return answer, convert(report, answer.Report)
}
