package supply

import (
	"context"

	"tandem/model"
	"tandem/role/options"
)

// Open opens the network that the options name: a file, one on a web server, or the default network.
func Open(ctx context.Context, o options.Options) (*model.Network, error) {
	if IsAddress(o.Model) {
		return CacheOf(o).Download(ctx, o.Model, o.Settings, o.Log)
	}
	return model.OpenOrDefault(o.Model, o.Settings, o.Seed)
}
