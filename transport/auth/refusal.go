package auth

import (
	"encoding/json"
	"fmt"
	"net"

	"connectrpc.com/connect"

	"tandem/pipeline"
)

// refusalText is an error as Connect's clients, and curl's users, read it.
type refusalText struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

var notAdmittedCode = connect.CodeUnauthenticated.String()

func newRefusal(why string) []byte {
	text, _ := json.Marshal(refusalText{notAdmittedCode, pipeline.ErrNotAdmitted.Error() + ": " + why}) // two strings
	return text
}

// writeRefusal answers a peer that speaks HTTP without TLS.
func writeRefusal(c net.Conn, why string) {
	text := newRefusal(why)
	_, _ = fmt.Fprintf(c, "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
}

// RefusalIn is why a node's answer says that the caller is not let in; empty: it does not say so.
func RefusalIn(answer []byte) string {
	var t refusalText
	if json.Unmarshal(answer, &t) != nil || t.Code != notAdmittedCode {
		return ""
	}
	return t.Message
}
