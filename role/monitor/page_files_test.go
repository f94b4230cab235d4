package monitor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The page's files have the headers that keep it to this node, and are not sent again while they are the same.
func TestPageHeaders(t *testing.T) {
	s := httptest.NewServer(pageHandler())
	defer s.Close()
	get := func(path, tag string) *http.Response {
		r, err := http.NewRequest(http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("If-None-Match", tag)
		r.Header.Set("Accept-Encoding", "gzip") // so that the client leaves the answer as it came
		answer, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	files, err := web.ReadDir("web")
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, f := range files {
		path := "/" + strings.Replace(f.Name(), "index.html", "", 1)
		answer := get(path, "")
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if path != "/grafana.json" { // which the page does not load
			size += len(body)
		}
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") == "" {
			t.Errorf("%s: %s, %q", path, answer.Status, answer.Header.Get("Content-Type"))
		}
		for header := range pageHeaders {
			if answer.Header.Get(header) == "" {
				t.Errorf("%s: no %s", path, header)
			}
		}
		if again := get(path, answer.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s", path, again.Status)
		}
	}
	if most := 30 << 10; size > most {
		t.Errorf("the page is %d bytes on the way: it should stay below %d", size, most)
	}
	for _, path := range []string{"/index.html", "/web/", "/nothing"} {
		if answer := get(path, ""); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}
