package auth_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/transport/auth"
)

// call is a request as a browser, or something else, makes it. Empty: it comes by the node's address.
type call struct {
	method, path, host string
	headers            []string // key, value, …
}

func (g *gated) do(t *testing.T, c call) (status int, text string) {
	t.Helper()
	body := io.Reader(http.NoBody)
	if c.method == http.MethodPost {
		body = strings.NewReader(`{"run":"r","from":"me","frames":[{"id":4,"shape":[1],"data":"AACAPw=="}]}`)
	}
	r, err := http.NewRequest(c.method, "http://"+g.address+cmp.Or(c.path, "/status"), body)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = cmp.Or(c.host, g.address)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(c.headers); i += 2 {
		r.Header.Set(c.headers[i], c.headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(all)
}

const pushPath = "/tandem.v1.Node/Push"

// Pages from elsewhere, and those whose name was rebound to the node, neither call nor read; both are counted and told why.
func TestPagesFromElsewhere(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		call
		why auth.Reason // empty: it is let in
	}{
		"read by address":           {call{"GET", "", "", nil}, ""},
		"read by IPv6":              {call{"GET", "", "[fe80::1%25eth0]:12345", nil}, ""},
		"read by localhost":         {call{"GET", "", "LocalHost:12345", nil}, ""},
		"read by its own name":      {call{"GET", "", own + ":12345", nil}, ""},
		"read by its own in .local": {call{"GET", "", own + ".local:12345", nil}, ""},
		"read by any in .local":     {call{"GET", "", "slow.local.", nil}, ""},
		"a probe by any name":       {call{"GET", "/readyz", "x", nil}, ""},
		"read by a given name":      {call{"GET", "", "Tandem.Example.org", nil}, ""},
		"read by the listen name":   {call{"GET", "", "desk:12345", nil}, ""},
		"read by a foreign name":    {call{"GET", "", "evil.example:12345", nil}, auth.UnknownHost},
		"read under a given name":   {call{"GET", "", "evil.tandem.example.org", nil}, auth.UnknownHost},
		"looked at by a rebound":    {call{"HEAD", "", "evil.example", nil}, auth.UnknownHost},
		"page by a foreign name":    {call{"GET", "/", "evil.example", nil}, auth.UnknownHost},
		"metrics by one":            {call{"GET", "/metrics", "evil.example", nil}, auth.UnknownHost},
		"events by one":             {call{"GET", "/events", "evil.example", nil}, auth.UnknownHost},
		"called by a rebound page":  {call{"POST", pushPath, "evil.example:12345", []string{"Origin", "http://evil.example:12345"}}, auth.UnknownHost},
		"and one of today":          {call{"POST", pushPath, "evil.example", []string{"Sec-Fetch-Site", "same-origin"}}, auth.UnknownHost},
		"and one of old":            {call{"POST", pushPath, "evil.example", []string{"User-Agent", "Mozilla/5.0"}}, auth.UnknownHost},
		"a form of a foreign page":  {call{"POST", pushPath, "", []string{"Origin", "http://evil.example", "Content-Type", "text/plain"}}, auth.ForeignOrigin},
		"a call of a foreign page":  {call{"POST", pushPath, "", []string{"Origin", "http://evil.example"}}, auth.ForeignOrigin},
		"of a page in a frame":      {call{"POST", pushPath, "", []string{"Origin", "null"}}, auth.ForeignOrigin},
		"of another port":           {call{"POST", pushPath, "", []string{"Origin", "http://127.0.0.1:1"}}, auth.ForeignOrigin},
		"without an origin":         {call{"POST", pushPath, "", []string{"Sec-Fetch-Site", "cross-site"}}, auth.ForeignOrigin},
		"asked whether it may":      {call{"OPTIONS", pushPath, "", []string{"Origin", "http://evil.example"}}, auth.ForeignOrigin},
		"read by a foreign page":    {call{"GET", "", "", []string{"Origin", "http://evil.example"}}, auth.ForeignOrigin},
		"read across sites":         {call{"GET", "", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}}, auth.ForeignOrigin},
		"framed":                    {call{"GET", "/", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}}, auth.ForeignOrigin},
		"a link that is followed":   {call{"GET", "/", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}}, ""},
		"the own page":              {call{"GET", "", "", []string{"Sec-Fetch-Site", "same-origin"}}, ""},
		"an address that is typed":  {call{"GET", "", "", []string{"Sec-Fetch-Site", "none"}}, ""},
		"curl":                      {call{"POST", pushPath, "", nil}, ""},
		"curl by any name":          {call{"POST", pushPath, "fast.lan:12345", []string{"User-Agent", "curl/8"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := serveGated(t, nil, "tandem.example.org", "desk:12345")
			status, text := g.do(t, test.call)
			refused, told := g.Refused(), g.told()
			if test.why == "" {
				if status == http.StatusForbidden || len(refused) > 0 {
					t.Errorf("refused: %d %s, %v", status, text, refused)
				}
				return
			}
			if status != http.StatusForbidden || test.method != "HEAD" && !strings.Contains(text, "--host") {
				t.Errorf("answered with %d %q", status, text)
			}
			if len(refused) != 1 || refused[test.why] != 1 || told.Reason != test.why || strings.Contains(told.Text, "evil.") != strings.Contains(fmt.Sprint(test.host, test.headers), "evil.") || told.Peer == "" {
				t.Errorf("refused %v, and told %+v", refused, told)
			}
			if len(g.node.frames) > 0 {
				t.Error("its frame was taken")
			}
		})
	}
}

// The name by which a neighbour dials is a name of the node from then on, for the people who know it too; there are never
// many, and no page can make one, nor whoever lacks the key.
func TestNamesThatNeighboursDial(t *testing.T) {
	g := serveGated(t, nil)
	read := func(host string) int {
		status, _ := g.do(t, call{method: "GET", host: host})
		return status
	}
	g.do(t, call{method: "POST", path: pushPath, host: "fast.lan", headers: []string{"Origin", "http://fast.lan"}})
	if status := read("fast.lan"); status != http.StatusForbidden {
		t.Errorf("after a page's call: %d", status)
	}
	if status, text := g.do(t, call{method: "POST", path: pushPath, host: "fast.lan:12345"}); status != http.StatusOK {
		t.Fatalf("a neighbour is refused: %d %s", status, text)
	}
	if status := read("fast.lan:80"); status == http.StatusForbidden {
		t.Error("the name that it has dialled is not known")
	}
	for i := range 64 {
		g.do(t, call{method: "POST", path: pushPath, host: fmt.Sprintf("fast%d.lan", i)})
	}
	if oldest, newest := read("fast.lan"), read("fast63.lan"); oldest != http.StatusForbidden || newest == http.StatusForbidden {
		t.Errorf("after many names the oldest is answered with %d, and the newest with %d", oldest, newest)
	}

	keyed := serveGated(t, load(t, newSite(t, time.Now()).key("key", secret)))
	keyed.do(t, call{method: "POST", path: pushPath, host: "fast.lan"})
	if status, _ := keyed.do(t, call{method: "GET", host: "fast.lan"}); status != http.StatusForbidden {
		t.Errorf("a name that was called without the key is known: %d", status)
	}
}
