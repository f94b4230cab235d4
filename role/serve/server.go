package serve

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"tandem/pipeline"
	"tandem/transport/auth"
)

// Server answers the requests of programs.
type Server struct {
	Config
	http  *http.Server
	slots chan struct{} // holds one for each request that is being answered
}

// Config is what a server needs.
type Config struct {
	Line    *Line
	Version string       // of the program
	Ready   func() error // why a request could not be answered now; nil: it could
	Gate    *auth.Gate   // that all come through
	MaxBody int          // bytes of a request
	Errors  *log.Logger
}

// maxRequests is how many are answered at once.
const maxRequests = 1024

// MaxConns is how many connections programs may have, of which one machine may have three quarters: there is room for requests
// that are too many and are told so, and for connections that programs keep.
const MaxConns = 4 * maxRequests

// NewServer makes a server. Serve starts it, and Stop ends it.
func NewServer(c Config) *Server {
	s := &Server{Config: c, slots: make(chan struct{}, maxRequests)}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.http = &http.Server{
		Handler:           linger(c.Gate.Admit(s.handler(), c.MaxBody)),
		Protocols:         &protocols,
		ConnContext:       auth.KeepConn,
		ErrorLog:          c.Errors,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 128, MaxReceiveBufferPerConnection: 1 << 20, MaxReceiveBufferPerStream: 1 << 18,
			SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second, WriteByteTimeout: auth.WriteTime,
		},
	}
	return s
}

// Serve answers what comes on a listener until Stop; then the error is nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(s.Gate.Listen(l)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Stop takes no more requests, and waits for those that are being answered; each has its time.
func (s *Server) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.Line.Timeout+auth.WriteTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) { // somebody does not fetch an answer
		err = s.http.Close()
	}
	return err
}

// ModelName is what the network of a file is called: the file's name without what says that it is one.
func ModelName(file string) string { return strings.TrimSuffix(file, ".onnx") }

func (s *Server) model() string { return ModelName(s.Line.Run.Model) }

func (s *Server) handler() http.Handler {
	mux, measured := http.NewServeMux(), newMetrics()
	mux.Handle("GET /metrics", measured.handler())
	for _, path := range []string{"GET /v2", "GET /v2/{$}"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, serverMetadata{"tandem", s.Version, []string{"binary_tensor_data"}})
		})
	}
	mux.HandleFunc("GET /v2/health/live", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]bool{"live": true})
	})
	mux.HandleFunc("GET /v2/health/ready", func(w http.ResponseWriter, _ *http.Request) { s.answerReady(w, map[string]any{"ready": true}) })
	for _, path := range []string{"/v2/models/{name}", "/v2/models/{name}/versions/{version}"} {
		mux.HandleFunc("GET "+path, s.ofModel(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, modelMetadata{
				s.model(), []string{version}, "tandem_onnx", metadataOf(s.Line.Inputs), metadataOf(s.Line.Run.Outputs),
			})
		}))
		mux.HandleFunc("GET "+path+"/ready", s.ofModel(func(w http.ResponseWriter, _ *http.Request) {
			s.answerReady(w, map[string]any{"name": s.model(), "ready": true})
		}))
		mux.HandleFunc("POST "+path+"/infer", s.ofModel(measured.of(s.infer)))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, fmt.Errorf("%.10s %.100s is not of the Open Inference Protocol: see GET /v2/models/%s, and POST to /v2/models/%s/infer",
			r.Method, r.URL.Path, s.model(), s.model()))
	})
	return mux
}

// ofModel answers requests that name the network which there is.
func (s *Server) ofModel(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if name := r.PathValue("name"); name != s.model() {
			writeError(w, http.StatusNotFound, fmt.Errorf("there is no model %.80q here: there is %q", name, s.model()))
			return
		}
		if v := r.PathValue("version"); v != "" && v != version {
			writeError(w, http.StatusNotFound, fmt.Errorf("model %q has no version %.80q: it has %q", s.model(), v, version))
			return
		}
		next(w, r)
	}
}

func (s *Server) answerReady(w http.ResponseWriter, message any) {
	if err := s.Ready(); err != nil {
		writeError(w, http.StatusServiceUnavailable, err)
		return
	}
	writeJSON(w, http.StatusOK, message)
}

// infer answers a request with the network's outputs, or says why there are none.
func (s *Server) infer(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		writeError(w, http.StatusTooManyRequests, goneError{pipeline.Refused, here, fmt.Sprintf("%d requests are being answered, and no more may be at once", maxRequests)})
		return
	}
	q, err := readRequest(r, s.Line.Inputs, s.Line.Run.Outputs)
	if err != nil {
		fail(w, err)
		return
	}
	answers, err := s.Line.Ask(r.Context(), q.rows)
	if err != nil {
		fail(w, err)
		return
	}
	writeResponse(w, s.model(), q, answers)
}

// fail answers a request that can't be answered otherwise.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable // the program is gone, and reads nothing
	var wrong statusError
	var gone goneError
	switch {
	case errors.As(err, &wrong):
		status = wrong.status
	case errors.As(err, &gone):
		status = gone.status()
	}
	writeError(w, status, err)
}
