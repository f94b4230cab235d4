//go:build slow

package monitor_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// The page works by every name that is the node's, and a page from elsewhere, or one whose name was rebound to the node,
// neither calls the node nor reads from it.
func TestPageByNameAndFromElsewhere(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	fast, end := startNodes(t)
	_, port, err := net.SplitHostPort(end)
	if err != nil {
		t.Fatal(err)
	}
	browser := startBrowser(t, "MAP *.example 127.0.0.1", "MAP *.local 127.0.0.1", "MAP "+own+" 127.0.0.1")

	for _, host := range []string{"127.0.0.1", "localhost", own, "any.local"} {
		p := openTab(t, browser, "http://"+net.JoinHostPort(host, port)+"/")
		p.until(t, live)
		p.innocent(t, "Cross-Origin-Opener-Policy") // which means something to it only over TLS, and on localhost
	}

	rebound := openTab(t, browser, "http://evil.example:"+port+"/")
	if text := rebound.text(t, "body"); !strings.Contains(text, "--host evil.example") {
		t.Errorf("a name that was rebound shows %q", text)
	}
	if answer := evaluate[string](t, rebound, fetches("/tandem.v1.Node/Push", `method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"`)); !strings.HasPrefix(answer, "403 ") {
		t.Errorf("its call is answered with %q", answer)
	}

	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<p>elsewhere") }))
	t.Cleanup(site.Close)
	_, sitePort, _ := net.SplitHostPort(site.Listener.Addr().String())
	foreign := openTab(t, browser, "http://evil.example:"+sitePort+"/")
	for _, node := range []string{end, fast} {
		before := refusedPages(t, node)
		for what, init := range map[string]string{
			"a call":    `method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"`,
			"a form":    `method: "POST", mode: "no-cors", headers: {"Content-Type": "text/plain"}, body: "{}"`,
			"to read":   ``,
			"a picture": `mode: "no-cors"`,
		} {
			answer := evaluate[string](t, foreign, fetches("http://"+node+"/status", init))
			if strings.HasPrefix(answer, "200") || strings.Contains(answer, "version") {
				t.Errorf("%s of a page from elsewhere to %s is answered with %q", what, node, answer)
			}
		}
		if refused := refusedPages(t, node) - before; refused < 4 {
			t.Errorf("%s has refused %d of 4", node, refused)
		}
	}
}

// fetches is what a page learns of an answer.
func fetches(address, init string) string {
	return fmt.Sprintf(`fetch(%q, {%s}).then(async r => r.status + " " + await r.text(), e => "" + e)`, address, init)
}

// refusedPages is how many requests of pages from elsewhere a node has refused.
func refusedPages(t *testing.T, node string) (n int) {
	t.Helper()
	r, err := http.Get("http://" + node + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, value, found := strings.Cut(string(text), `tandem_refused_peers_total{reason="foreign_origin"} `)
	if _, err := fmt.Sscan(value, &n); !found || err != nil {
		t.Fatal(found, err)
	}
	return n
}
