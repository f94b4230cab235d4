package role

import (
	"embed"
	"io/fs"
	"net/http"
)

// The page that end shows: files that are part of the binary.

//go:embed web
var web embed.FS

// pageHandler serves the page.
func pageHandler() http.Handler {
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the name is right, or nothing works
	}
	return http.FileServerFS(files)
}
