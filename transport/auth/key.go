package auth

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"tandem/pipeline"
)

// refusalTime is how long a refused peer may take to send the rest of its request, and to fetch why it was refused.
const refusalTime = 5 * time.Second

// The paths that are open to whoever comes without a key, and by any name: probes have no key, and are told any name.
var openPaths = map[string]bool{"/healthz": true, "/readyz": true, "/v2/health/live": true, "/v2/health/ready": true}

// Sign shows the key.
func (c *Credentials) Sign(h http.Header) {
	if bearer := c.now().bearer; bearer != "" {
		h.Set("Authorization", "Bearer "+bearer)
	}
}

// secretOf is the key that a request shows: as a bearer token, or as the password of any user, which is what browsers
// ask a person for.
func secretOf(r *http.Request) string {
	if _, password, basic := r.BasicAuth(); basic {
		return password
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// Admit lets a handler serve those requests that show the key, if one is asked for, and are not those of a page from
// elsewhere, before their bodies are read, of which each may have so many bytes.
func (g *Gate) Admit(next http.Handler, maxBody int) http.Handler {
	next = g.boundBodies(next, maxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		with, c := g.creds.now(), connOf(r.Context())
		if c != nil && c.with != with { // the peer shall show what is asked for now
			w.Header().Set("Connection", "close")
		}
		if why, text := g.strange(r); why != "" {
			g.turnAway(w, r, connect.CodePermissionDenied, why, text)
			return
		}
		secret := secretOf(r)
		asked := len(with.secrets) > 0 && !openPaths[r.URL.Path]
		if !asked || with.accepts(secret) {
			if asked && c != nil {
				g.prove(c)
			}
			if byProgram(r) {
				g.hosts.learn(nameOf(r.Host))
			}
			next.ServeHTTP(w, r)
			return
		}
		why, text := NoKey, "this node wants a key: start its neighbour with --key and the same file, or send Authorization: Bearer KEY"
		if secret != "" {
			why, text = WrongKey, "the key is not this node's: give every node the same --key"
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="tandem: any user, the key as password", charset="UTF-8"`)
		g.turnAway(w, r, connect.CodeUnauthenticated, why, text)
	})
}

// turnAway answers a request that is refused, and closes its connection: the rest of it is not waited for.
func (g *Gate) turnAway(w http.ResponseWriter, r *http.Request, code connect.Code, why Reason, text string) {
	g.refuse(r.RemoteAddr, why, text)
	conn, until := http.NewResponseController(w), time.Now().Add(refusalTime)
	_ = conn.SetReadDeadline(until) // the server's connections can
	_ = conn.SetWriteDeadline(until)
	w.Header().Set("Connection", "close")
	_ = connect.NewErrorWriter().Write(w, r, refusal(code, text)) // the peer may be gone
}

// refusal is what a peer reads that is not let in.
func refusal(code connect.Code, why string) *connect.Error {
	return connect.NewError(code, fmt.Errorf("%w: %s", pipeline.ErrNotAdmitted, why))
}
