package monitor

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"net/http"
	"path"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"tandem/strategy"
)

// web is the page as it is sent: plain HTML, CSS and modules, without a build; and a dashboard for Grafana.
//
//go:embed web
var web embed.FS

// pageHeaders let the page do what it needs and no more: everything comes from this node, and nothing from elsewhere
// may be loaded, asked or framed around it.
var pageHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"Cache-Control":                "no-cache", // kept, but asked for again: a node that was updated has a new page
}

// pageHandler serves the page, /, and each file beside it, compressed for whoever takes it so.
func pageHandler() http.Handler {
	mux := http.NewServeMux()
	files, _ := web.ReadDir("web") // it is embedded
	for _, f := range files {
		content, _ := web.ReadFile(path.Join("web", f.Name()))
		pattern := "GET /" + f.Name()
		if f.Name() == "index.html" {
			pattern = "GET /{$}"
		}
		mux.Handle(pattern, pageFile(f.Name(), content))
	}
	mux.Handle("GET /strategies.js", pageFile("strategies.js", strategiesModule()))
	return gzhttp.GzipHandler(mux)
}

// strategiesModule tells the page what strategies there are, in the order by which they have their colours, and how each
// makes a switch where a run does not say.
func strategiesModule() []byte {
	module := []byte("export const strategies = [\n")
	for _, e := range strategy.All() {
		module = fmt.Appendf(module, "  {name: %q, load: %q},\n", e.Name, e.Loading)
	}
	return append(module, "];\n"...)
}

// pageFile serves one file. Its tag changes with what is in it.
func pageFile(name string, content []byte) http.Handler {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(content))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for header, value := range pageHeaders {
			w.Header().Set(header, value)
		}
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}
