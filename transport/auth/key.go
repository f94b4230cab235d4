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

// The paths that are open to whoever comes without a key: probes have none.
var openPaths = map[string]bool{"/healthz": true, "/readyz": true}

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

// Admit lets a handler serve those requests that show the key, if one is asked for, before their bodies are read, of which
// each may have so many bytes.
func (g *Gate) Admit(next http.Handler, maxBody int) http.Handler {
	next = g.boundBodies(next, maxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		with, c := g.creds.now(), connOf(r.Context())
		if c != nil && c.with != with { // the peer shall show what is asked for now
			w.Header().Set("Connection", "close")
		}
		secret := secretOf(r)
		asked := len(with.secrets) > 0 && !openPaths[r.URL.Path]
		if !asked || with.accepts(secret) {
			if asked && c != nil {
				g.prove(c)
			}
			next.ServeHTTP(w, r)
			return
		}
		why, text := NoKey, "this node wants a key: start its neighbour with --key and the same file, or send Authorization: Bearer KEY"
		if secret != "" {
			why, text = WrongKey, "the key is not this node's: give every node the same --key"
		}
		g.refuse(r.RemoteAddr, why, text)
		conn, until := http.NewResponseController(w), time.Now().Add(refusalTime)
		_ = conn.SetReadDeadline(until) // the server's connections can
		_ = conn.SetWriteDeadline(until)
		w.Header().Set("WWW-Authenticate", `Basic realm="tandem: any user, the key as password", charset="UTF-8"`)
		w.Header().Set("Connection", "close")
		_ = connect.NewErrorWriter().Write(w, r, refusal(text)) // the peer may be gone
	})
}

// refusal is what a peer reads that is not let in.
func refusal(why string) *connect.Error {
	return connect.NewError(connect.CodeUnauthenticated, fmt.Errorf("%w: %s", pipeline.ErrNotAdmitted, why))
}
