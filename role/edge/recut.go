package edge

import "tandem/pipeline"

// Order has the neighbour told of a recut: soon, and with each call from now on, so that one that is away now hears of it before its
// next frame. exact is as Config.Exact, behind the new cut.
func (e *Edge) Order(r pipeline.Recut, exact bool) {
	e.mu.Lock()
	if r.Epoch >= e.recut.Epoch && r.Epoch > e.now.Epoch {
		e.recut, e.exact = r, e.exact || exact
		if r.Go {
			e.layer, e.now = e.now.Moved(e.layer, r.Cuts), e.now.Recut(r)
		}
	}
	e.mu.Unlock()
	select {
	case e.telling <- struct{}{}:
	default:
	}
}

// Recutting is how far the neighbour is with the newest recut.
func (e *Edge) Recutting() pipeline.Recutting {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

// recutting reports whether a recut is under way that the neighbour is not ready for.
func (e *Edge) recutting() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.recut.Epoch > e.now.Epoch && !(e.state.Epoch == e.recut.Epoch && e.state.Ready)
}

// present is what the run is opened with again.
func (e *Edge) present() (Config, pipeline.Run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.Config
	c.Layer, c.Exact = e.layer, e.exact
	return c, e.now
}
